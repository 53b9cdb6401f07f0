/* The hands of one slot: process, output, probes. */
#include "daemon/workers/slot_parts.h"

#include "io/child/procinfo.h"

#include <stdio.h>
#include <stdlib.h>

struct slot *slot_new(const struct slot_spec *spec)
{
    struct slot *s = calloc(1, sizeof *s);
    if (s)
        s->spec = *spec;
    return s;
}

void slot_free(struct slot *s)
{
    if (!s)
        return;
    probe_round_free(s->probe.round);
    child_free(s->child);
    output_free(s->output);
    handover_free(s->handover);
    said_free(s->said);
    strlist_fini(&s->environment);
    strbuf_fini(&s->evidence);
    strbuf_fini(&s->probe.body);
    free(s);
}

void slot_report(struct slot *s, struct fleet_event ev)
{
    ev.slot = s->spec.index;
    ev.life = s->life;
    s->spec.on_report(&ev, s->spec.arg);
}

static void on_probe_report(const struct probe_report *found, void *arg)
{
    struct slot *s = arg;
    bool errors = found->server_error && s->probe.verified;
    uint64_t life = s->life;
    s->probe.outcome = found->outcome;
    snprintf(s->probe.reason, sizeof s->probe.reason, "%s", found->reason);
    slot_judge_handover(s);
    strbuf_reset(&s->probe.body);
    strbuf_adds(&s->probe.body, found->body);
    s->probe.took = found->took;
    probe_round_free(s->probe.round);
    s->probe.round = NULL;
    slot_report(s, (struct fleet_event){
                       .type = FLEET_EV_PROBED, .seq = s->probe.seq, .outcome = s->probe.outcome});
    /* A 5xx is an error whatever Fall= makes of it. */
    if (errors && s->life == life)
        slot_report(s, (struct fleet_event){.type = FLEET_EV_ERRORS});
}

const struct endpoint *slot_address(const struct slot *s, const struct config *config)
{
    const struct endpoint *own = s->handover ? handover_private(s->handover) : NULL;
    if (own)
        return own;
    return config->agent.n_listen > 0 ? &config->agent.listen[0] : NULL;
}

void slot_probe(struct slot *s, const struct config *config, uint64_t seq, bool verified)
{
    char instance[96];
    snprintf(instance, sizeof instance, "%s-probe-%llu", s->name, (unsigned long long)seq);
    struct probe_spec spec = {
        .config = config,
        .address = slot_address(s, config),
        .verified = verified,
        .environment = s->environment.items,
        .instance = instance,
    };
    slot_probe_stop(s);
    s->probe.seq = seq;
    s->probe.verified = verified;
    s->probe.round = probe_round_new(s->spec.loop, s->spec.http, &spec, on_probe_report, s);
    if (!s->probe.round)
        on_probe_report(
            &(struct probe_report){.outcome = PROBE_FAIL, .reason = "out of memory", .body = ""},
            s);
}

void slot_probe_stop(struct slot *s)
{
    probe_round_free(s->probe.round);
    s->probe.round = NULL;
}

void slot_signal(struct slot *s, int signum)
{
    /* -ESRCH: it ended meanwhile, and its end is on its way to us. */
    if (s->child)
        child_signal(s->child, signum);
}

void slot_kill_tree(struct slot *s)
{
    if (s->child)
        child_kill_tree(s->child);
    else /* never adopted: there is nobody to wait for */
        slot_report(s, (struct fleet_event){.type = FLEET_EV_TREE_GONE});
}

void slot_collect_evidence(struct slot *s)
{
    strbuf_reset(&s->evidence);
    procinfo_evidence(s->pid, &s->evidence);
}

void slot_hear(struct slot *s)
{
    if (s->said)
        said_hear(s->said);
}
