/* See incident_evidence.h. */
#include "daemon/incidents/incident_evidence.h"

#include "base/num.h"
#include "daemon/daemon.h"
#include "daemon/history/history.h"
#include "daemon/incidents/incidents.h"
#include "daemon/workers/callers.h"
#include "daemon/workers/drainer.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEFORE (10 * USEC_PER_MIN)
enum { BEFORE_MAX = 15, NAMES_JSON_MAX = 64 * 1024 };

struct incident_evidence {
    struct daemon *daemon;
    struct log_tap tap;
    uint64_t heard; /* number of the latest event; 0: none yet */
    /* The latest that was told of each, whole. */
    struct strbuf output;
    struct strbuf names; /* JSON */
};

static void keep(struct strbuf *out, const struct log_field *field, size_t max)
{
    size_t skip = field->len > max ? field->len - max : 0;
    const char *text = field->value;
    while (skip > 0 && skip < field->len && text[skip - 1] != '\n')
        skip++;
    strbuf_reset(out);
    strbuf_add(out, text + skip, field->len - skip);
}

static void on_record(const struct log_record *record, void *arg)
{
    struct incident_evidence *e = arg;
    for (size_t i = 0; i < record->n_fields; i++) {
        const struct log_field *field = &record->fields[i];
        if (strcmp(field->name, "VOXKEEPER_LAST_OUTPUT") == 0)
            keep(&e->output, field, INCIDENT_OUTPUT_MAX);
        else if (strcmp(field->name, "VOXKEEPER_CALLER_NAMES") == 0)
            keep(&e->names, field, NAMES_JSON_MAX);
    }
}

struct incident_evidence *incident_evidence_new(struct daemon *d)
{
    struct incident_evidence *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->daemon = d;
    e->tap = (struct log_tap){.see = on_record, .arg = e};
    log_add_tap(&e->tap);
    return e;
}

void incident_evidence_free(struct incident_evidence *e)
{
    if (!e)
        return;
    log_remove_tap(&e->tap);
    strbuf_fini(&e->output);
    strbuf_fini(&e->names);
    free(e);
}

/* Those that say what others say as well, or that come all the time. */
static bool is_telling(enum event_id id)
{
    return id != EVENT_INCIDENT_OPENED && id != EVENT_INCIDENT_UPDATED &&
           id != EVENT_INCIDENT_ACKNOWLEDGED && id != EVENT_INCIDENT_RESOLVED &&
           id != EVENT_INCIDENT_EXAMINED && id != EVENT_DRAIN_PROGRESS && id != EVENT_SWEEP_DONE &&
           id != EVENT_SWEEP_ELSEWHERE;
}

static void add_event(struct incident_record *r, const struct happening *h)
{
    const char *text = h->message ? h->message : event_name(h->id);
    incident_record_add(r, INCIDENT_ENTRY_EVENT, h->wall, text);
}

static void add_names(struct incident_names *names, const struct cJSON *list)
{
    const struct cJSON *name;
    cJSON_ArrayForEach(name, list)
    {
        if (cJSON_IsString(name))
            incident_names_add(names, name->valuestring);
    }
}

/* What the history has of the names may be cut; what was told is whole. */
static struct cJSON *names_of(const struct incident_evidence *e, const struct happening *h)
{
    const char *text = happening_field(h, "VOXKEEPER_CALLER_NAMES");
    struct cJSON *names = text ? cJSON_Parse(text) : NULL;
    bool told = text && strncmp(strbuf_text(&e->names), text, strlen(text)) == 0;
    return names || !told ? names : cJSON_Parse(strbuf_text(&e->names));
}

static void add_cut(
    const struct incident_evidence *e, struct incident_record *r, const struct happening *h)
{
    const char *callers = happening_field(h, "VOXKEEPER_CALLERS");
    uint64_t n = 0;
    if (callers && num_parse_u64(callers, 0, UINT32_MAX, &n) == 0)
        r->cut += n;
    struct cJSON *names = names_of(e, h);
    add_names(&r->sessions, cJSON_GetObjectItemCaseSensitive(names, "sessions"));
    add_names(&r->tasks, cJSON_GetObjectItemCaseSensitive(names, "tasks"));
    cJSON_Delete(names);
}

/* What a worker said last before it ended has nothing to do with these. */
static bool is_elsewhere(enum condition c)
{
    static const enum condition conditions[] = {CONDITION_SWEEP_HELD, CONDITION_SWEEP_FAILED,
        CONDITION_BACKUP_FAILED, CONDITION_CREDENTIAL_OLD, CONDITION_CREDENTIAL_LOW,
        CONDITION_DISK_LOW, CONDITION_ALERTS_FAIL};
    for (size_t n = 0; n < sizeof conditions / sizeof *conditions; n++) {
        if (conditions[n] == c)
            return true;
    }
    return false;
}

static void add_output(
    const struct incident_evidence *e, struct incident_record *r, const struct happening *h)
{
    const char *last = happening_field(h, "VOXKEEPER_LAST_OUTPUT");
    const char *line = happening_field(h, "VOXKEEPER_LINE"); /* that a log watch has found */
    const char *worker = happening_field(h, "VOXKEEPER_WORKER");
    char who[INCIDENT_SUBJECT_MAX];
    if (is_elsewhere(r->condition) || ((!last || !last[0]) && (!line || r->output.len > 0)))
        return;
    const char *whole = e->output.len > 0 ? strbuf_text(&e->output) : last;
    snprintf(who, sizeof who, "worker %s", worker ? worker : "?");
    incident_record_set(&r->output_who, who, INCIDENT_SUBJECT_MAX);
    incident_record_set(&r->output, last && last[0] ? whole : line, INCIDENT_OUTPUT_MAX);
}

static void add_evidence(
    const struct incident_evidence *e, struct incident_record *r, const struct happening *h)
{
    if (h->id == EVENT_CALLERS_CUT)
        add_cut(e, r, h);
    add_output(e, r, h);
}

static void count_callers(const struct daemon *d, struct incident_record *r)
{
    r->callers = drainer_state(d->drainer)->callers;
    callers_connections(d->connections, &r->callers);
}

static bool led_to_it(const struct happening *h, usec_t since)
{
    return h->wall >= since && is_telling(h->id) && event_level(h->id) <= LOG_LEVEL_NOTICE;
}

/* What we have not heard yet, although it was told, is heard soon. */
static const struct happening *heard_after(const struct incident_evidence *e, uint64_t seq)
{
    const struct happening *h = history_after(e->daemon->history, seq);
    return h && (e->heard == 0 || h->seq <= e->heard) ? h : NULL;
}

static void add_before(const struct incident_evidence *e, struct incident_record *r)
{
    usec_t since = usec_sub(r->began_wall, BEFORE);
    const struct happening *h;
    unsigned n = 0;
    for (uint64_t seq = 0; (h = heard_after(e, seq)) != NULL; seq = h->seq)
        n += led_to_it(h, since);
    for (uint64_t seq = 0; (h = heard_after(e, seq)) != NULL; seq = h->seq) {
        if (!led_to_it(h, since))
            continue;
        if (n-- <= BEFORE_MAX)
            add_event(r, h);
        add_evidence(e, r, h);
    }
}

/* Whether it is how a worker was found; *out is the event that says so. */
static bool is_verdict(enum condition c, enum event_id *out)
{
    static const struct {
        enum condition condition;
        enum event_id event;
    } verdicts[] = {{CONDITION_WORKER_HUNG, EVENT_WORKER_HUNG},
        {CONDITION_WORKER_ZOMBIE, EVENT_WORKER_ZOMBIE},
        {CONDITION_WORKER_UNHEALTHY, EVENT_WORKER_UNHEALTHY}};
    for (size_t n = 0; n < sizeof verdicts / sizeof *verdicts; n++) {
        if (verdicts[n].condition == c) {
            *out = verdicts[n].event;
            return true;
        }
    }
    return false;
}

static bool is_of(const struct happening *h, const char *worker)
{
    const char *name = happening_field(h, "VOXKEEPER_WORKER");
    return worker && name && strcmp(name, worker) == 0;
}

/* It was so since the first probe that failed, not only since the verdict. */
static void begin_with_doubt(const struct incident_evidence *e, struct incident_record *r)
{
    const struct happening *h;
    const struct happening *verdict = NULL;
    enum event_id id;
    usec_t doubted = 0;
    if (!is_verdict(r->condition, &id))
        return;
    for (uint64_t seq = 0; (h = heard_after(e, seq)) != NULL; seq = h->seq)
        verdict = h->id == id ? h : verdict;
    const char *worker = verdict ? happening_field(verdict, "VOXKEEPER_WORKER") : NULL;
    for (uint64_t seq = 0; (h = heard_after(e, seq)) != NULL; seq = h->seq) {
        if (!is_of(h, worker))
            continue;
        if (h->id == EVENT_WORKER_SUSPECT)
            doubted = h->wall;
        else if (h->id == EVENT_WORKER_VERIFIED || h->id == EVENT_WORKER_RECOVERED)
            doubted = 0;
    }
    if (doubted > 0 && doubted < r->began_wall)
        r->began_wall = doubted;
}

/* And until another one is verified in its place, in its slot or in another, or it is well again.
 */
static void end_with_successor(
    const struct incident_evidence *e, struct incident_record *r, const struct happening *now)
{
    const struct happening *h;
    const char *worker = NULL;
    enum event_id id;
    unsigned bad = 0;
    bool ended = false;
    if (r->machine.state != INCIDENT_PASSING || !is_verdict(r->condition, &id))
        return;
    for (uint64_t seq = 0; (h = heard_after(e, seq)) != NULL && h->seq <= now->seq; seq = h->seq) {
        bool good =
            h->id == EVENT_WORKER_VERIFIED || (h->id == EVENT_WORKER_RECOVERED && is_of(h, worker));
        ended = good && bad > 0 && h->seq == now->seq;
        if (good && bad > 0)
            bad--;
        if (h->id != id)
            continue;
        bad++;
        worker = happening_field(h, "VOXKEEPER_WORKER");
    }
    if (ended && now->wall > r->ceased_wall)
        r->ceased_wall = now->wall;
}

void incident_evidence_began(struct incident_evidence *e, struct incident_record *record)
{
    begin_with_doubt(e, record);
    add_before(e, record);
}

void incident_evidence_opened(const struct incident_evidence *e, struct incident_record *record)
{
    count_callers(e->daemon, record);
}

struct hearing {
    const struct incident_evidence *evidence;
    const struct happening *happening;
};

static void hear(struct incident_record *r, void *arg)
{
    const struct hearing *hearing = arg;
    add_event(r, hearing->happening);
    add_evidence(hearing->evidence, r, hearing->happening);
    end_with_successor(hearing->evidence, r, hearing->happening);
}

void incident_evidence_happened(struct incident_evidence *e, const struct happening *happening)
{
    struct hearing hearing = {e, happening};
    e->heard = happening->seq;
    if (is_telling(happening->id))
        incidents_each(e->daemon->incidents, hear, &hearing);
}

static void add_unserved(struct incident_record *r, void *arg)
{
    const usec_t *span = arg;
    r->unserved = usec_add(r->unserved, *span);
}

void incident_evidence_unserved(struct incidents *i, usec_t span)
{
    incidents_each(i, add_unserved, &span);
}
