/* The shell of core/incidents/incident. */
#include "daemon/incidents/incidents_parts.h"

#include "core/incidents/incident.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE USEC_PER_MIN
#define QUIET (10 * USEC_PER_MIN)

static void rearm(struct incidents *i)
{
    usec_t next = USEC_INFINITY;
    for (unsigned n = 0; n < i->n_live; n++) {
        usec_t at = incident_deadline(i->live[n]->machine);
        next = at < next ? at : next;
    }
    if (next == USEC_INFINITY)
        timer_disarm(i->due);
    else
        timer_arm(i->due, next);
}

static void drop_live(struct incidents *i, const struct incident_record *r)
{
    unsigned n = 0;
    while (i->live[n] != r)
        n++;
    memmove(&i->live[n], &i->live[n + 1], (--i->n_live - n) * sizeof *i->live);
}

static void open(struct incidents *i, struct incident_record *r)
{
    unsigned again = 0;
    char id[INCIDENT_ID_MAX];
    usec_t now = loop_wall_now();
    do
        incident_record_name(r->condition, now, again++, id);
    while (incidents_find(i, id));
    memcpy(r->id, id, sizeof r->id);
    r->opened_wall = now;
    i->total[r->condition]++;
    if (i->spec.on_opened)
        i->spec.on_opened(r, i->spec.arg);
    incident_record_add(r, INCIDENT_ENTRY_OPENED, r->opened_wall, strbuf_text(&r->summary));
    incidents_tell(i, r, NOTICE_OPENED);
}

/* What an event said already need not be said twice. */
static void add_again(struct incident_record *r, const char *words)
{
    const struct incident_entry *last = r->n_timeline ? &r->timeline[r->n_timeline - 1] : NULL;
    if (!last || strcmp(last->text, words) != 0)
        incident_record_add(r, INCIDENT_ENTRY_AGAIN, loop_wall_now(), words);
}

static void resolve(struct incidents *i, struct incident_record *r)
{
    r->resolved_wall = loop_wall_now();
    if (r->ceased_wall == 0)
        r->ceased_wall = r->resolved_wall;
    incident_record_add(r, INCIDENT_ENTRY_RESOLVED, r->resolved_wall, "it is over");
    incidents_tell(i, r, NOTICE_RESOLVED);
    drop_live(i, r);
    if (i->n_past == LIMIT_INCIDENTS)
        incidents_prune(i);
    i->past[i->n_past++] = r;
    incidents_save(i, r);
    incidents_prune(i);
}

static void perform(
    struct incidents *i, struct incident_record *r, enum incident_action action, const char *words)
{
    switch (action) {
    case INCIDENT_DO_OPEN:
        open(i, r);
        return;
    case INCIDENT_DO_UPDATE:
        add_again(r, words);
        incidents_tell(i, r, NOTICE_UPDATED);
        return;
    case INCIDENT_DO_AGAIN:
        add_again(r, words);
        return;
    case INCIDENT_DO_CEASED:
        r->ceased_wall = loop_wall_now();
        incident_record_add(r, INCIDENT_ENTRY_CEASED, r->ceased_wall, words);
        return;
    case INCIDENT_DO_ACKNOWLEDGE:
        r->acknowledged_wall = loop_wall_now();
        incident_record_add(r, INCIDENT_ENTRY_ACKNOWLEDGED, r->acknowledged_wall, words);
        incidents_tell(i, r, NOTICE_ACKNOWLEDGED);
        return;
    case INCIDENT_DO_RESOLVE:
        resolve(i, r);
        return;
    case INCIDENT_DO_FORGET:
        drop_live(i, r);
        incident_record_free(r);
        return;
    }
}

/* When it ceased, as far as its state says so and nobody knows it better; when it passes. */
static void note_times(struct incident_record *r, usec_t now)
{
    usec_t wall = loop_wall_now();
    r->until_wall = 0;
    if (r->machine.state == INCIDENT_PASSING) {
        usec_t ceased = usec_sub(wall, usec_sub(now, r->machine.changed_at));
        r->ceased_wall = ceased > r->ceased_wall ? ceased : r->ceased_wall;
        r->until_wall = usec_add(wall, usec_sub(r->machine.until, now));
    } else if (r->machine.state == INCIDENT_OPEN) {
        r->ceased_wall = 0;
    }
}

static usec_t patiently(const struct incidents *i, usec_t span)
{
    return (usec_t)((double)span * i->spec.config->incidents.patience);
}

void incidents_step(struct incidents *i, struct incident_record *r, const struct incident_event *ev,
    const char *words)
{
    const struct incident_conf conf = {.hold = patiently(i, condition_hold(r->condition)),
        .clear = patiently(i, condition_clear(r->condition)),
        .settle = patiently(i, SETTLE),
        .quiet = patiently(i, QUIET)};
    struct incident_update u = incident_step(&conf, r->machine, *ev);
    bool gone = false;
    r->machine = u.next;
    note_times(r, ev->now);
    for (unsigned n = 0; n < u.n_actions; n++) {
        gone = gone || u.actions[n] == INCIDENT_DO_FORGET || u.actions[n] == INCIDENT_DO_RESOLVE;
        perform(i, r, u.actions[n], words);
    }
    if (!gone && u.n_actions > 0)
        incidents_save(i, r);
    rearm(i);
}

static struct incident_record *find_live(
    const struct incidents *i, enum condition c, const char *subject)
{
    for (unsigned n = 0; n < i->n_live; n++) {
        struct incident_record *r = i->live[n];
        if (r->condition == c && strncmp(r->subject, subject, INCIDENT_SUBJECT_MAX - 1) == 0)
            return r;
    }
    return NULL;
}

static struct incident_record *begin(struct incidents *i, enum condition c, const char *subject)
{
    bool full = i->n_live == LIMIT_INCIDENTS_LIVE;
    struct incident_record *r = full ? NULL : incident_record_new(c, subject, loop_wall_now());
    if (!r && !i->overflow_told)
        log_printf(LOG_LEVEL_WARNING, "opening the incident \"%s\": %s", condition_name(c),
            full ? "too many are open" : "out of memory");
    i->overflow_told = !r;
    if (!r)
        return NULL;
    i->live[i->n_live++] = r;
    if (i->spec.on_began)
        i->spec.on_began(r, i->spec.arg);
    return r;
}

static void say(struct incidents *i, enum incident_event_type type, enum condition c,
    const char *subject, const char *words)
{
    const struct incident_event ev = {.type = type, .now = loop_now()};
    struct incident_record *r = find_live(i, c, subject);
    if (!r && type != INCIDENT_EV_CLEAR)
        r = begin(i, c, subject);
    if (!r)
        return;
    /* Of what stands as it stood, the first words say most. */
    bool stands = type == INCIDENT_EV_RAISE && r->machine.state == INCIDENT_OPEN;
    if (type != INCIDENT_EV_CLEAR && !stands)
        incident_record_set(&r->summary, words, INCIDENT_TEXT_MAX);
    incidents_step(i, r, &ev, words);
}

void incidents_raise(struct incidents *i, enum condition c, const char *subject, const char *words)
{
    say(i, INCIDENT_EV_RAISE, c, subject, words);
}

void incidents_clear(struct incidents *i, enum condition c, const char *subject, const char *words)
{
    say(i, INCIDENT_EV_CLEAR, c, subject, words);
}

void incidents_note(struct incidents *i, enum condition c, const char *subject, const char *words)
{
    say(i, INCIDENT_EV_NOTE, c, subject, words);
}

void incidents_add(struct incidents *i, enum condition c, const char *subject, const char *words)
{
    struct incident_record *r = find_live(i, c, subject);
    if (!r || !incident_is_open(r->machine))
        return;
    incident_record_set(&r->summary, words, INCIDENT_TEXT_MAX);
    add_again(r, words);
    incidents_save(i, r);
}

const struct incident_record *incidents_current(
    const struct incidents *i, enum condition c, const char *subject)
{
    const struct incident_record *r = find_live(i, c, subject);
    return r && incident_is_open(r->machine) ? r : NULL;
}

static struct incident_record *find_by_id(struct incidents *i, const char *id)
{
    for (unsigned n = 0; n < i->n_live; n++) {
        if (strcmp(i->live[n]->id, id) == 0)
            return i->live[n];
    }
    for (unsigned n = 0; n < i->n_past; n++) {
        if (strcmp(i->past[n]->id, id) == 0)
            return i->past[n];
    }
    return NULL;
}

void incidents_examined(struct incidents *i, const char *id, const struct doctor_report *report)
{
    struct incident_record *r = find_by_id(i, id);
    struct strbuf words = STRBUF_INIT;
    if (!r)
        return;
    incident_findings_take(&r->findings, report, condition_anchor(r->condition), loop_wall_now());
    strbuf_adds(&words, "the doctor found ");
    incident_findings_words(&r->findings, &words);
    if (incident_record_is_open(r))
        incident_record_add(r, INCIDENT_ENTRY_EVENT, loop_wall_now(), strbuf_text(&words));
    strbuf_fini(&words);
    incidents_tell_examined(i, r);
    incidents_save(i, r);
}

void incidents_each(
    struct incidents *i, void (*visit)(struct incident_record *record, void *arg), void *arg)
{
    for (unsigned n = 0; n < i->n_live; n++)
        visit(i->live[n], arg);
}

static int refuse(struct err *e, const struct incident_record *r)
{
    if (!incident_record_is_open(r))
        return err_set(e, -EALREADY, "acknowledging \"%s\": it is resolved already", r->id);
    return err_set(e, -EALREADY, "acknowledging \"%s\": %s did so already%s%s", r->id,
        strbuf_text(&r->author), r->reason.len ? ": " : "", strbuf_text(&r->reason));
}

int incidents_acknowledge(
    struct incidents *i, const char *id, const char *author, const char *reason, struct err *e)
{
    const struct incident_event ev = {.type = INCIDENT_EV_ACKNOWLEDGE, .now = loop_now()};
    const struct incident_record *found = incidents_find(i, id);
    if (!found)
        return err_set(e, -ENOENT, "acknowledging \"%.80s\": there is no such incident", id);
    if (!incident_record_is_open(found) || found->machine.acknowledged)
        return refuse(e, found);
    struct incident_record *r = find_live(i, found->condition, found->subject);
    struct strbuf words = STRBUF_INIT;
    incident_record_set(&r->author, author, INCIDENT_TEXT_MAX);
    incident_record_set(&r->reason, reason, INCIDENT_TEXT_MAX);
    strbuf_addf(&words, "%s has it in hand%s%s", author, reason[0] ? ": " : "", reason);
    incidents_step(i, r, &ev, strbuf_text(&words));
    strbuf_fini(&words);
    return 0;
}

/* Steps change the list: one at a time. */
static struct incident_record *next_due(const struct incidents *i, usec_t now)
{
    for (unsigned n = 0; n < i->n_live; n++) {
        if (incident_deadline(i->live[n]->machine) <= now)
            return i->live[n];
    }
    return NULL;
}

static void on_due(void *arg)
{
    struct incidents *i = arg;
    const struct incident_event ev = {.type = INCIDENT_EV_TICK, .now = loop_now()};
    struct incident_record *r;
    while ((r = next_due(i, ev.now)) != NULL)
        incidents_step(i, r, &ev, strbuf_text(&r->summary));
    rearm(i);
}

struct incidents *incidents_new(const struct incidents_spec *spec)
{
    struct incidents *i = calloc(1, sizeof *i);
    struct strbuf path = STRBUF_INIT;
    if (!i)
        return NULL;
    i->spec = *spec;
    i->due = timer_new(spec->loop, on_due, i);
    strbuf_addf(&path, "%s/incidents", spec->config->admin.state_directory);
    i->dir = path.failed ? NULL : doc_dir_open(spec->loop, strbuf_text(&path));
    strbuf_fini(&path);
    if (i->dir)
        incidents_load(i);
    rearm(i);
    return i;
}

void incidents_free(struct incidents *i)
{
    if (!i)
        return;
    timer_free(i->due);
    doc_dir_free(i->dir);
    for (unsigned n = 0; n < i->n_live; n++)
        incident_record_free(i->live[n]);
    for (unsigned n = 0; n < i->n_past; n++)
        incident_record_free(i->past[n]);
    free(i);
}

void incidents_configure(struct incidents *i, const struct config *config)
{
    i->spec.config = config;
    incidents_prune(i);
}
