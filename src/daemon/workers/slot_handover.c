/* A slot's worker and the public listener. */
#include "daemon/workers/slot_parts.h"

#include "io/child/procinfo.h"
#include "io/program.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_NOT_EXECUTED = 127 };

void slot_activate(struct slot *s)
{
    if (s->handover)
        handover_activate(s->handover);
}

void slot_pause(struct slot *s)
{
    if (s->handover)
        handover_pause(s->handover);
}

bool slot_is_paused(const struct slot *s)
{
    return !s->handover || !handover_state(s->handover)->active;
}

bool slot_can_pause(const struct slot *s)
{
    return s->handover && handover_has_shim(s->handover);
}

/* handover_why(), and what the program's file adds to it. */
static const char *explain(const struct slot *s, char why[HANDOVER_WHY_MAX])
{
    handover_look(s->handover);
    handover_why(s->handover, why);
    const char *resists = !handover_has_shim(s->handover) || handover_state(s->handover)->loaded
                              ? NULL
                              : program_resists_preload(s->program);
    if (resists)
        snprintf(why, HANDOVER_WHY_MAX, "the listener shim was not loaded: %s", resists);
    return why;
}

void slot_judge_handover(struct slot *s)
{
    char why[HANDOVER_WHY_MAX];
    s->probe.well = s->probe.outcome == PROBE_PASS;
    if (!s->handover)
        return;
    if (!explain(s, why)[0])
        return;
    /* Elsewhere is as good without a shim; and who was verified has proven that it listens. */
    if (s->probe.well && (s->probe.verified || !handover_has_shim(s->handover)))
        return;
    snprintf(s->probe.reason, sizeof s->probe.reason, "%s", why);
    if (s->probe.well)
        s->probe.outcome = PROBE_FAIL;
}

/* The shim speaks first thing in the program: who never got so far proves nothing. */
static bool began_to_run(const struct exit_status *exit)
{
    return exit->known && exit->code != (exit->signaled ? (int)SIGKILL : (int)EXIT_NOT_EXECUTED);
}

/* In the words of Node, and of the C library. */
static bool says_address_in_use(const struct slot *s)
{
    struct strbuf lines = STRBUF_INIT;
    slot_last_lines(s, &lines);
    bool says = strcasestr(strbuf_text(&lines), "EADDRINUSE") ||
                strcasestr(strbuf_text(&lines), "address already in use");
    strbuf_fini(&lines);
    return says;
}

bool slot_missed_handover(
    const struct slot *s, const struct exit_status *exit, char why[HANDOVER_WHY_MAX])
{
    if (!slot_can_pause(s))
        return false;
    const struct handover_state *state = handover_state(s->handover);
    if (!explain(s, why)[0])
        return false;
    if (state->refused)
        return true;
    if (!state->loaded)
        return !exit || began_to_run(exit);
    if (state->taken == 0 && says_address_in_use(s)) {
        snprintf(why, HANDOVER_WHY_MAX,
            "a child of it, or it without the C library, binds Listen= (its output says that the "
            "address is in use)");
        return true;
    }
    if (state->taken == 0 && !state->other_port && !exit && procinfo_has_children(s->pid)) {
        snprintf(why, HANDOVER_WHY_MAX,
            "a child of it binds Listen=, as it seems: it has one, and has bound nothing itself");
        return true;
    }
    return !exit && s->probe.well;
}
