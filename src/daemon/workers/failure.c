/* Why a life is not good enough. */
#include "daemon/workers/failure.h"

#include "daemon/workers/slot.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the last lines: what an event can hold, and what a person reads. */
enum { EVENT_LINES_MAX = 32 * 1024, SHOWN_LINES = 10, SHOWN_LINE_MAX = 200 };

void failure_clear(struct failure *f)
{
    strbuf_fini(&f->what);
    strbuf_fini(&f->body);
    strbuf_fini(&f->lines);
    *f = (struct failure){0};
}

/* Of who is gone the end says more than what a probe found before. */
static bool ended_by_itself(enum worker_cause cause)
{
    return cause == WORKER_CAUSE_CRASH || cause == WORKER_CAUSE_OOM || cause == WORKER_CAUSE_BOOT;
}

/* In place the next life has begun by now, and what is told brings how this one ended. */
static void take_exit(
    struct failure *f, const struct fleet_action *told, const struct fleet_slot *state)
{
    bool ended = ended_by_itself(f->cause) && state->life == f->life && !state->worker.alive;
    if (told->exit.known)
        exit_status_text(told->exit, f->exit);
    else if (ended)
        exit_status_text(state->worker.exit, f->exit);
}

/* Who was not verified in time ended because we told it to: what was wrong with it comes first. */
static void explain(struct failure *f, bool in_place, const struct slot *slot, const char *why)
{
    const char *reason = slot ? slot_probe_reason(slot) : "";
    if (why[0])
        strbuf_adds(&f->what, why);
    else if (!slot)
        strbuf_adds(&f->what, "out of memory");
    else if (f->cause == WORKER_CAUSE_SPAWN)
        strbuf_adds(&f->what, slot_spawn_error(slot));
    else if (f->exit[0] && in_place && reason[0])
        strbuf_addf(&f->what, "%s; it ended with %s", reason, f->exit);
    else if (f->exit[0])
        strbuf_addf(&f->what, "it ended with %s%s%s", f->exit, reason[0] ? ", after " : "", reason);
    else
        strbuf_adds(&f->what, reason[0] ? reason : "it ended before it was verified");
}

void failure_take(struct failure *f, const struct fleet_action *told,
    const struct fleet_slot *state, const struct slot *slot, const char *why)
{
    failure_clear(f);
    f->cause = told->cause;
    f->worker = told->slot + 1;
    f->life = slot ? slot_life(slot) : told->life;
    f->generation = slot ? slot_generation(slot) : 0;
    strbuf_addf(
        &f->what, "the new worker %u failed (%s): ", f->worker, worker_cause_name(f->cause));
    if (f->cause != WORKER_CAUSE_SPAWN)
        take_exit(f, told, state);
    explain(f, told->exit.known, slot, why);
    if (!slot || f->cause == WORKER_CAUSE_SPAWN)
        return;
    if (slot_probe_reason(slot)[0])
        strbuf_adds(&f->body, slot_probe_body(slot));
    slot_last_lines(slot, &f->lines);
}

void failure_note(struct failure *f, enum worker_cause cause, const char *what)
{
    failure_clear(f);
    f->cause = cause;
    strbuf_adds(&f->what, what);
}

/* Where the last SHOWN_LINES lines begin. */
static const char *shown_lines(const struct failure *f)
{
    const char *text = strbuf_text(&f->lines);
    size_t at = f->lines.len;
    for (unsigned n = 0; at > 0; at--) {
        if (text[at - 1] == '\n' && n++ == SHOWN_LINES)
            break;
    }
    return text + at;
}

/* Bytes of the line that are shown: whole characters. */
static size_t shown_length(const char *line)
{
    size_t len = strcspn(line, "\n");
    if (len <= SHOWN_LINE_MAX)
        return len;
    len = SHOWN_LINE_MAX;
    while (len > 0 && ((unsigned char)line[len] & 0xC0) == 0x80)
        len--;
    return len;
}

void failure_write_evidence(const struct failure *f, struct strbuf *out)
{
    if (f->body.len > 0)
        strbuf_addf(out, "it answered: %s\n", strbuf_text(&f->body));
    if (f->lines.len > 0)
        strbuf_adds(out, "its last lines:\n");
    for (const char *line = shown_lines(f); *line; line += *line == '\n') {
        size_t len = shown_length(line);
        strbuf_addf(out, "  %.*s%s\n", (int)len, line, line[len] == '\n' ? "" : "…");
        line += strcspn(line, "\n");
    }
}

void failure_add_fields(const struct failure *f, struct event *ev)
{
    if (f->what.len == 0)
        return;
    event_field(ev, "VOXKEEPER_CAUSE", "%s", worker_cause_name(f->cause));
    event_field(ev, "VOXKEEPER_REASON", "%s", strbuf_text(&f->what));
    if (f->worker == 0)
        return;
    event_field(ev, "VOXKEEPER_WORKER", "%u", f->worker);
    event_field(ev, "VOXKEEPER_LIFE", "%llu", (unsigned long long)f->life);
    if (f->exit[0])
        event_field(ev, "VOXKEEPER_EXIT", "%s", f->exit);
    if (f->body.len > 0)
        event_field(ev, "VOXKEEPER_PROBE_BODY", "%s", strbuf_text(&f->body));
    if (f->lines.len > 0)
        event_field_bytes(ev, "VOXKEEPER_LAST_OUTPUT", strbuf_text(&f->lines),
            f->lines.len < EVENT_LINES_MAX ? f->lines.len : EVENT_LINES_MAX);
}

static void add_lines(const struct failure *f, struct cJSON *list)
{
    for (const char *line = shown_lines(f); *line; line += *line == '\n') {
        struct strbuf text = STRBUF_INIT;
        size_t len = shown_length(line);
        strbuf_addf(&text, "%.*s%s", (int)len, line, line[len] == '\n' ? "" : "…");
        cJSON_AddItemToArray(list, cJSON_CreateString(strbuf_text(&text)));
        strbuf_fini(&text);
        line += strcspn(line, "\n");
    }
}

struct cJSON *failure_json(const struct failure *f, bool whole)
{
    if (f->what.len == 0)
        return cJSON_CreateNull();
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "message", strbuf_text(&f->what));
    cJSON_AddStringToObject(o, "cause", worker_cause_name(f->cause));
    if (f->worker == 0)
        return o;
    cJSON_AddNumberToObject(o, "worker", f->worker);
    cJSON_AddNumberToObject(o, "life", (double)f->life);
    cJSON_AddNumberToObject(o, "generation", (double)f->generation);
    if (f->exit[0])
        cJSON_AddStringToObject(o, "exit", f->exit);
    else
        cJSON_AddNullToObject(o, "exit");
    cJSON_AddStringToObject(o, "probe_body", strbuf_text(&f->body));
    if (whole)
        add_lines(f, cJSON_AddArrayToObject(o, "last_output"));
    else
        cJSON_AddNullToObject(o, "last_output");
    return o;
}
