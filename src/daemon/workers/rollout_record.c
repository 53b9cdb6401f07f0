/* What is remembered of a rollout. */
#include "daemon/workers/rollout_record.h"

#include "daemon/daemon.h"
#include "daemon/verbs/operation.h"
#include "daemon/workers/supervisor.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define RELOAD "reload"

void rollout_record_clear(struct rollout_record *r)
{
    strbuf_fini(&r->author);
    strbuf_fini(&r->reason);
    strbuf_fini(&r->command);
    failure_clear(&r->failure);
    *r = (struct rollout_record){0};
}

/* What lives of the generation call their release; kept once known, since lives go. */
static void read_release(const struct supervisor *s, uint64_t generation, char out[RELEASE_MAX])
{
    const struct fleet *fleet = supervisor_fleet(s);
    for (unsigned i = 0; i < fleet->n_slots; i++) {
        const struct slot *slot = supervisor_slot(s, i);
        if (slot && slot_generation(slot) == generation && slot_release(slot)[0])
            snprintf(out, RELEASE_MAX, "%s", slot_release(slot));
    }
}

void rollout_record_begin(struct rollout_record *r, uint64_t from, uint64_t to,
    const struct operation *op, const struct supervisor *s)
{
    rollout_record_clear(r);
    r->operation = op ? operation_id(op) : 0;
    r->kind = op ? operation_kind(op) : "restart";
    strbuf_adds(&r->author, op ? operation_author(op) : "");
    strbuf_adds(&r->reason, op ? operation_reason(op) : "");
    r->from = from;
    r->to = to;
    r->began_at = r->since = loop_now();
    read_release(s, from, r->release_from);
}

void rollout_record_save(const struct rollout_record *r, struct saved_rollout *out)
{
    *out = (struct saved_rollout){
        .operation = r->operation,
        .running = r->to > 0 && !r->verdict,
        .reload = r->kind && strcmp(r->kind, RELOAD) == 0,
        .from = r->from,
        .to = r->to,
        .began_at = r->began_at,
        .since = r->since,
    };
    snprintf(out->author, sizeof out->author, "%s", strbuf_text(&r->author));
    snprintf(out->reason, sizeof out->reason, "%s", strbuf_text(&r->reason));
    snprintf(out->release_from, sizeof out->release_from, "%s", r->release_from);
    snprintf(out->release_to, sizeof out->release_to, "%s", r->release_to);
    memcpy(out->phases, r->phases, sizeof out->phases);
}

void rollout_record_restore(
    struct rollout_record *r, const struct saved_rollout *saved, enum rollout_state state)
{
    rollout_record_clear(r);
    r->operation = saved->operation;
    r->kind = saved->reload ? RELOAD : "restart";
    strbuf_adds(&r->author, saved->author);
    strbuf_adds(&r->reason, saved->reason);
    r->from = saved->from;
    r->to = saved->to;
    snprintf(r->release_from, sizeof r->release_from, "%s", saved->release_from);
    snprintf(r->release_to, sizeof r->release_to, "%s", saved->release_to);
    r->state = state;
    r->began_at = saved->began_at;
    r->since = saved->since;
    memcpy(r->phases, saved->phases, sizeof r->phases);
}

void rollout_record_enter(
    struct rollout_record *r, enum rollout_state state, const struct supervisor *s)
{
    usec_t now = loop_now();
    if (r->to > 0)
        r->phases[r->state] = usec_add(r->phases[r->state], usec_sub(now, r->since));
    r->since = now;
    r->state = state;
    read_release(s, r->to, r->release_to);
}

void rollout_record_phases(const struct rollout_record *r, struct strbuf *out)
{
    char span[SPAN_TEXT_MAX];
    const char *separator = "";
    for (int state = ROLLOUT_CANARY; state < ROLLOUT_STATE_COUNT; state++) {
        if (r->phases[state] == 0)
            continue;
        strbuf_addf(out, "%s%s %s", separator, rollout_state_name((enum rollout_state)state),
            span_show(r->phases[state], span));
        separator = ", ";
    }
}

static void add_span(struct cJSON *o, const char *name, usec_t until)
{
    if (until == USEC_INFINITY)
        cJSON_AddNullToObject(o, name);
    else
        cJSON_AddNumberToObject(o, name, (double)usec_sub(until, loop_now()));
}

static void add_machine(struct cJSON *o, const struct fleet *fleet)
{
    const struct rollout *r = &fleet->rollout;
    bool in_place = fleet->restart.state != FLEET_RESTART_IDLE;
    bool stands_still = r->outage && r->state != ROLLOUT_IDLE;
    cJSON_AddStringToObject(o, "state", in_place ? "in_place" : rollout_state_name(r->state));
    cJSON_AddBoolToObject(o, "outage", stands_still);
    add_span(o, "left_usec", stands_still ? USEC_INFINITY : r->until);
    add_span(o, "deadline_usec",
        in_place       ? fleet->restart.deadline
        : stands_still ? USEC_INFINITY
                       : r->deadline);
}

static void add_asker(struct cJSON *list, const struct daemon *d, uint64_t id)
{
    const struct operation *op = operation_find(d->operations, id);
    if (!op || !operation_running(op))
        return;
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "operation", (double)id);
    cJSON_AddStringToObject(o, "kind", operation_kind(op));
    cJSON_AddStringToObject(o, "author", operation_author(op));
    cJSON_AddStringToObject(o, "reason", operation_reason(op));
    cJSON_AddItemToArray(list, o);
}

static void add_askers(struct cJSON *list, const struct daemon *d, const struct fleet *fleet)
{
    if (fleet->restart.state != FLEET_RESTART_IDLE)
        add_asker(list, d, fleet->restart.operation);
    if (fleet->rollout.owed)
        add_asker(list, d, fleet->rollout.operation);
    if (fleet->rollout.steered)
        add_asker(list, d, fleet->rollout.steering);
}

static void add_phases(struct cJSON *list, const struct rollout_record *r)
{
    for (int state = ROLLOUT_CANARY; state < ROLLOUT_STATE_COUNT; state++) {
        bool present = state == (int)r->state;
        usec_t took = usec_add(r->phases[state], present ? usec_sub(loop_now(), r->since) : 0);
        if (took == 0)
            continue;
        struct cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "state", rollout_state_name((enum rollout_state)state));
        cJSON_AddNumberToObject(o, "took_usec", (double)took);
        cJSON_AddItemToArray(list, o);
    }
}

static void add_text(struct cJSON *o, const char *name, const char *text)
{
    if (text && text[0])
        cJSON_AddStringToObject(o, name, text);
    else
        cJSON_AddNullToObject(o, name);
}

static void add_record(struct cJSON *o, const struct rollout_record *r, bool whole)
{
    cJSON_AddNumberToObject(o, "operation", (double)r->operation);
    cJSON_AddStringToObject(o, "kind", r->kind);
    add_text(o, "author", strbuf_text(&r->author));
    add_text(o, "reason", strbuf_text(&r->reason));
    struct cJSON *generation = cJSON_AddObjectToObject(o, "generation");
    cJSON_AddNumberToObject(generation, "from", (double)r->from);
    cJSON_AddNumberToObject(generation, "to", (double)r->to);
    struct cJSON *release = cJSON_AddObjectToObject(o, "release");
    add_text(release, "from", r->release_from);
    add_text(release, "to", r->release_to);
    cJSON_AddNumberToObject(o, "age_usec", (double)usec_sub(loop_now(), r->began_at));
    add_phases(cJSON_AddArrayToObject(o, "phases"), r);
    add_text(o, "verdict", r->verdict);
    cJSON_AddItemToObject(o, "failure", failure_json(&r->failure, whole));
    add_text(o, "command", strbuf_text(&r->command));
}

struct cJSON *rollout_record_json(const struct daemon *d, bool whole)
{
    struct cJSON *o = cJSON_CreateObject();
    add_machine(o, supervisor_fleet(d->supervisor));
    if (d->rollout.to > 0)
        add_record(o, &d->rollout, whole);
    struct cJSON *waiting = cJSON_AddArrayToObject(o, "waiting");
    add_askers(waiting, d, supervisor_fleet(d->supervisor));
    return o;
}
