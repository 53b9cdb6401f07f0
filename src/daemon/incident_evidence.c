/* See incident_evidence.h. */
#include "daemon/incident_evidence.h"

#include "base/num.h"
#include "daemon/callers.h"
#include "daemon/daemon.h"
#include "daemon/drainer.h"
#include "daemon/history.h"
#include "daemon/incidents.h"
#include "io/loop.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define BEFORE (10 * USEC_PER_MIN)
enum { BEFORE_MAX = 15 };

/* Those that say what others say as well, or that come all the time. */
static bool is_telling(enum event_id id)
{
    return id != EVENT_INCIDENT_OPENED && id != EVENT_INCIDENT_UPDATED &&
           id != EVENT_INCIDENT_ACKNOWLEDGED && id != EVENT_INCIDENT_RESOLVED &&
           id != EVENT_DRAIN_PROGRESS && id != EVENT_SWEEP_DONE && id != EVENT_SWEEP_ELSEWHERE;
}

/* "worker-crashed: worker 1 ended ..." */
static void add_event(struct incident_record *r, const struct happening *h)
{
    struct strbuf text = STRBUF_INIT;
    strbuf_addf(&text, "%s", h->message ? h->message : event_name(h->id));
    incident_record_add(r, INCIDENT_ENTRY_EVENT, h->wall, strbuf_text(&text));
    strbuf_fini(&text);
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

static void add_cut(struct incident_record *r, const struct happening *h)
{
    const char *callers = happening_field(h, "VOXKEEPER_CALLERS");
    const char *text = happening_field(h, "VOXKEEPER_CALLER_NAMES");
    uint64_t n = 0;
    if (callers && num_parse_u64(callers, 0, UINT32_MAX, &n) == 0)
        r->cut += n;
    struct cJSON *names = text ? cJSON_Parse(text) : NULL;
    add_names(&r->sessions, cJSON_GetObjectItemCaseSensitive(names, "sessions"));
    add_names(&r->tasks, cJSON_GetObjectItemCaseSensitive(names, "tasks"));
    cJSON_Delete(names);
}

static void add_output(struct incident_record *r, const struct happening *h)
{
    const char *lines = happening_field(h, "VOXKEEPER_LAST_OUTPUT");
    const char *worker = happening_field(h, "VOXKEEPER_WORKER");
    char who[INCIDENT_SUBJECT_MAX];
    if (!lines || !lines[0])
        return;
    snprintf(who, sizeof who, "worker %s", worker ? worker : "?");
    incident_record_set(&r->output_who, who, INCIDENT_SUBJECT_MAX);
    incident_record_set(&r->output, lines, INCIDENT_OUTPUT_MAX);
}

static void add_evidence(struct incident_record *r, const struct happening *h)
{
    if (h->id == EVENT_CALLERS_CUT)
        add_cut(r, h);
    add_output(r, h);
}

static void count_callers(const struct daemon *d, struct incident_record *r)
{
    struct callers callers = drainer_state(d->drainer)->callers;
    callers_connections(d->config, &callers);
    r->callers.known = callers.connections.known;
    r->callers.connections = callers.connections.n;
    r->callers.tasks = callers.tasks.known ? callers.tasks.n : 0;
    r->callers.sessions = callers.sessions.known ? callers.sessions.n : 0;
}

static bool led_to_it(const struct happening *h, usec_t since)
{
    return h->wall >= since && is_telling(h->id) && event_level(h->id) <= LOG_LEVEL_NOTICE;
}

/* What was told since it began to hold is in the timeline already; this is what came before. */
static void add_before(const struct daemon *d, struct incident_record *r)
{
    usec_t since = usec_sub(r->began_wall, BEFORE);
    const struct happening *h;
    unsigned n = 0;
    for (uint64_t seq = 0; (h = history_after(d->history, seq)) != NULL; seq = h->seq)
        n += led_to_it(h, since);
    for (uint64_t seq = 0; (h = history_after(d->history, seq)) != NULL; seq = h->seq) {
        if (!led_to_it(h, since))
            continue;
        if (n-- <= BEFORE_MAX)
            add_event(r, h);
        add_evidence(r, h);
    }
}

void incident_evidence_begin(const struct daemon *d, struct incident_record *record)
{
    count_callers(d, record);
    if (record->n_timeline == 0)
        add_before(d, record);
}

static void hear(struct incident_record *r, void *arg)
{
    const struct happening *h = arg;
    add_event(r, h);
    add_evidence(r, h);
}

void incident_evidence_happened(struct incidents *i, const struct happening *happening)
{
    if (is_telling(happening->id))
        incidents_each(i, hear, (void *)happening);
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
