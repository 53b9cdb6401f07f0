/*
 * Every reachable state of the prober, with a referee beside it that keeps its own account of the
 * results: what a verdict must rest on is said here in other words than in the code.
 */
#include "core/fleet/prober.h"

#include "explore.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1000, OLDEST = NOW - 6, SEQ = 10 };

static const struct prober_conf conf = {
    .interval = 3, .start_interval = 2, .fast_interval = 1, .rise = 2, .fall = 2};

struct referee {
    unsigned passes;   /* in a row that count, at most `rise` */
    unsigned failures; /* the same, at most `fall` */
    bool in_flight;
    bool void_all;        /* the probe in flight straddles a stall */
    bool void_dependency; /* it began before the dependency came back */
    bool verified;
    unsigned complaints; /* in a row that count against it: of a provider that others have */
};

struct node {
    struct prober prober;
    struct referee referee;
};

enum { PROBED, IDLE };

static usec_t clip(usec_t at, usec_t now)
{
    if (at == USEC_INFINITY)
        return at;
    usec_t shifted = at + NOW - now;
    return shifted < OLDEST || at == 0 ? OLDEST : shifted;
}

static struct prober canonical(struct prober p, usec_t now)
{
    struct prober c;
    memset(&c, 0, sizeof c);
    c.state = p.state;
    c.dependency = p.dependency;
    c.in_flight = p.in_flight;
    c.degraded = p.degraded;
    c.lacks_provider = p.lacks_provider;
    c.doubt = p.doubt;
    c.doubted_at = p.doubt == PROBER_DOUBT_NONE ? 0 : clip(p.doubted_at, now);
    c.seq = SEQ;
    c.passes = p.passes;
    c.failures = p.failures;
    c.worst = p.worst;
    c.began_at = p.in_flight ? clip(p.began_at, now) : OLDEST;
    c.void_to = p.in_flight && p.void_to == p.seq ? SEQ : SEQ - 1;
    c.void_dependency_to = p.in_flight && p.void_dependency_to == p.seq ? SEQ : SEQ - 1;
    c.next_at = clip(p.next_at, now);
    return c;
}

static bool excused(const struct prober *p, enum probe_outcome outcome, usec_t witness)
{
    if (outcome == PROBE_PROVIDER)
        return p->state != PROBER_PROVING || witness == 0;
    if (outcome == PROBE_HUNG)
        return p->state != PROBER_PROVING && p->dependency == DEPENDENCY_DOWN;
    return outcome == PROBE_DEPENDENCY && p->dependency != DEPENDENCY_UP;
}

static void check_verdict(struct explore *x, const struct node *before, const struct node *after,
    enum prober_verdict verdict)
{
    const struct referee *r = &after->referee;
    switch (verdict) {
    case PROBER_VERDICT_NONE:
        break;
    case PROBER_VERDICT_VERIFIED:
        EXPLORE_CHECK(x, r->passes >= conf.rise && !before->referee.verified);
        break;
    case PROBER_VERDICT_SUSPECT:
        EXPLORE_CHECK(x, r->verified && r->failures >= 1);
        break;
    case PROBER_VERDICT_RECOVERED:
    case PROBER_VERDICT_DEGRADED:
        EXPLORE_CHECK(x, r->verified && r->failures == 0);
        break;
    case PROBER_VERDICT_ZOMBIE:
        EXPLORE_CHECK(x, after->prober.dependency == DEPENDENCY_UP);
        EXPLORE_CHECK(x, r->verified && r->failures >= conf.fall);
        break;
    case PROBER_VERDICT_HUNG:
        EXPLORE_CHECK(x, after->prober.dependency != DEPENDENCY_DOWN);
        EXPLORE_CHECK(x, r->verified && r->failures >= conf.fall);
        break;
    case PROBER_VERDICT_UNHEALTHY:
        EXPLORE_CHECK(x, r->verified && r->failures >= conf.fall);
        break;
    }
}

static void check_state(struct explore *x, const struct node *n)
{
    const struct prober *p = &n->prober;
    bool idle = p->state == PROBER_IDLE;
    EXPLORE_CHECK(x, !idle || (!p->in_flight && p->next_at == USEC_INFINITY));
    EXPLORE_CHECK(x, idle || p->in_flight != (p->next_at != USEC_INFINITY));
    EXPLORE_CHECK(x, p->in_flight == n->referee.in_flight);
    EXPLORE_CHECK(x, !n->referee.verified || p->state != PROBER_PROVING);
    EXPLORE_CHECK(x, p->state != PROBER_FAILED || p->worst != PROBE_PASS);
    EXPLORE_CHECK(x, p->state != PROBER_HEALTHY || p->failures == 0);
    EXPLORE_CHECK(x, p->state != PROBER_FAILED || p->worst != PROBE_PROVIDER);
    EXPLORE_CHECK(x, (p->doubt == PROBER_DOUBT_NONE) == (n->referee.complaints == 0));
    EXPLORE_CHECK(x, p->doubt == PROBER_DOUBT_NONE || p->state == PROBER_PROVING);
    EXPLORE_CHECK(x, p->doubt != PROBER_DOUBT_OWN_FAULT || n->referee.complaints >= 3);
    EXPLORE_CHECK(x, !p->lacks_provider || p->degraded || p->state == PROBER_IDLE);
}

static void step(struct explore *x, const struct node *from, struct referee referee,
    struct prober_event ev, const char *label)
{
    struct node to;
    memset(&to, 0, sizeof to);
    explore_try(x, label);
    if (ev.now == 0)
        ev.now = NOW;
    struct prober_update u = prober_step(&conf, from->prober, ev);
    if (u.probe) {
        EXPLORE_CHECK(x, !referee.in_flight && u.next.seq == SEQ + 1);
        referee.in_flight = true;
        referee.void_all = false;
        referee.void_dependency = false;
    }
    if (u.verdict == PROBER_VERDICT_VERIFIED)
        referee.verified = true;
    if (u.next.state == PROBER_HEALTHY || u.next.state == PROBER_IDLE)
        referee.failures = 0;
    to.prober = canonical(u.next, ev.now);
    memcpy(&to.referee, &referee, sizeof referee);
    check_verdict(x, from, &to, u.verdict);
    check_state(x, &to);
    explore_edge(x, &to, false);
}

static void try_result(struct explore *x, const struct node *n, enum probe_outcome outcome,
    usec_t witness, const char *label)
{
    struct referee r = n->referee;
    bool counts = !r.void_all &&
                  !((outcome == PROBE_DEPENDENCY || outcome == PROBE_HUNG) && r.void_dependency);
    bool good = outcome == PROBE_PASS || excused(&n->prober, outcome, witness);
    r.in_flight = false;
    if (counts && good) {
        r.passes += r.passes < conf.rise;
        /* A failed worker is believed only after Rise passes, any other after one. */
        if (n->prober.state != PROBER_FAILED || r.passes >= conf.rise)
            r.failures = 0;
    } else if (counts) {
        r.passes = 0;
        r.failures += r.failures < conf.fall;
    }
    if (counts && !good && outcome == PROBE_PROVIDER)
        r.complaints += r.complaints < 3;
    else if (counts)
        r.complaints = 0;
    struct prober_event ev = {
        .type = PROBER_EV_RESULT, .seq = SEQ, .outcome = outcome, .witness = witness};
    step(x, n, r, ev, label);
    /* What does not count changes nothing but that a probe is due at once. */
    struct prober_update u = prober_step(&conf, n->prober,
        (struct prober_event){
            .type = PROBER_EV_RESULT, .now = NOW, .seq = SEQ, .outcome = outcome});
    if (!counts) {
        struct prober expected = n->prober;
        expected.in_flight = false;
        expected.next_at = NOW;
        EXPLORE_CHECK(x, u.verdict == PROBER_VERDICT_NONE);
        EXPLORE_CHECK(x, memcmp(&u.next, &expected, sizeof expected) == 0);
    }
}

static void try_dependency(
    struct explore *x, const struct node *n, enum dependency dependency, const char *label)
{
    struct referee r = n->referee;
    bool was_up = n->prober.dependency == DEPENDENCY_UP;
    bool is_up = dependency == DEPENDENCY_UP;
    if (is_up && !was_up) {
        r.void_dependency = r.in_flight;
        if (n->prober.degraded && !n->prober.lacks_provider)
            r.passes = 0;
    }
    bool known_to_be_down =
        n->prober.dependency == DEPENDENCY_UNKNOWN && dependency == DEPENDENCY_DOWN;
    if (((was_up && !is_up) || known_to_be_down) && n->prober.state == PROBER_SUSPECT)
        r.failures = 0;
    step(x, n, r, (struct prober_event){.type = PROBER_EV_DEPENDENCY, .dependency = dependency},
        label);
}

static void try_stall(struct explore *x, const struct node *n)
{
    struct referee r = n->referee;
    r.void_all = r.in_flight;
    r.passes = 0;
    r.complaints = 0;
    if (n->prober.state != PROBER_FAILED)
        r.failures = 0;
    step(x, n, r, (struct prober_event){.type = PROBER_EV_STALLED}, "STALLED");
}

static void expand(struct explore *x, const void *state)
{
    struct node n;
    memcpy(&n, state, sizeof n);
    bool idle = n.prober.state == PROBER_IDLE;
    explore_mark(x, idle ? IDLE : PROBED);
    step(x, &n, (struct referee){0}, (struct prober_event){.type = PROBER_EV_START}, "START");
    step(x, &n, (struct referee){0}, (struct prober_event){.type = PROBER_EV_STOP}, "STOP");
    if (n.prober.in_flight) {
        try_result(x, &n, PROBE_PASS, 0, "pass");
        try_result(x, &n, PROBE_FAIL, 0, "fail");
        try_result(x, &n, PROBE_HUNG, NOW, "hung");
        try_result(x, &n, PROBE_DEPENDENCY, NOW, "dependency");
        try_result(x, &n, PROBE_PROVIDER, 0, "provider");
        try_result(x, &n, PROBE_PROVIDER, OLDEST - 1, "provider, others had it");
        try_result(x, &n, PROBE_PROVIDER, NOW, "provider, others have it");
    }
    struct prober_update stale = prober_step(&conf, n.prober,
        (struct prober_event){.type = PROBER_EV_RESULT, .now = NOW, .seq = SEQ - 1});
    EXPLORE_CHECK(x, memcmp(&stale.next, &n.prober, sizeof n.prober) == 0);
    EXPLORE_CHECK(x, !stale.probe && stale.verdict == PROBER_VERDICT_NONE);
    try_dependency(x, &n, DEPENDENCY_UP, "dependency up");
    try_dependency(x, &n, DEPENDENCY_DOWN, "dependency down");
    try_dependency(x, &n, DEPENDENCY_UNKNOWN, "dependency unknown");
    try_stall(x, &n);
    step(x, &n, n.referee, (struct prober_event){.type = PROBER_EV_DOUBTED}, "DOUBTED");
    struct prober_event tick = {.type = PROBER_EV_TICK};
    step(x, &n, n.referee, tick, "TICK");
    tick.now = NOW + 1;
    step(x, &n, n.referee, tick, "TICK, later");
    if (prober_deadline(n.prober) != USEC_INFINITY && prober_deadline(n.prober) > NOW) {
        tick.now = prober_deadline(n.prober);
        step(x, &n, n.referee, tick, "TICK, due");
    }
}

int main(void)
{
    struct node initial;
    memset(&initial, 0, sizeof initial);
    initial.prober = canonical(prober_initial(), NOW);
    struct explore *x = explore_new(sizeof initial, 2000000);
    explore_run(x, &initial, expand);
    printf("prober: %zu states, %zu steps\n", explore_states(x), explore_steps(x));
    explore_free(x);
    return 0;
}
