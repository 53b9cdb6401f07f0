/* When to probe a worker, and what the results in a row mean. */
#include "core/fleet/prober.h"

/* The only writer of `state`. */
static void enter(struct prober *p, enum prober_state state)
{
    p->state = state;
    p->passes = 0;
    if (state != PROBER_SUSPECT && state != PROBER_FAILED) {
        p->failures = 0;
        p->worst = PROBE_PASS;
    }
}

unsigned probe_outcome_severity(enum probe_outcome outcome)
{
    switch (outcome) {
    case PROBE_PASS:
        return 0;
    case PROBE_PROVIDER:
        return 1;
    case PROBE_DEPENDENCY:
        return 2;
    case PROBE_FAIL:
        return 3;
    case PROBE_HUNG:
        return 4;
    }
    return 0;
}

static usec_t interval(const struct prober_conf *conf, enum prober_state state)
{
    switch (state) {
    case PROBER_IDLE:
        break;
    case PROBER_PROVING:
        return conf->start_interval;
    case PROBER_HEALTHY:
        return conf->interval;
    case PROBER_SUSPECT:
    case PROBER_FAILED:
        return conf->fast_interval;
    }
    return USEC_INFINITY;
}

static enum prober_verdict given_up(enum probe_outcome worst)
{
    switch (worst) {
    case PROBE_PASS:
    case PROBE_PROVIDER: /* excused once it is verified */
        break;
    case PROBE_FAIL:
        return PROBER_VERDICT_UNHEALTHY;
    case PROBE_HUNG:
        return PROBER_VERDICT_HUNG;
    case PROBE_DEPENDENCY:
        return PROBER_VERDICT_ZOMBIE;
    }
    return PROBER_VERDICT_NONE;
}

/* A result that speaks for the worker; `degraded` if it lacks what nobody has now. */
static enum prober_verdict passed(struct prober *p, const struct prober_conf *conf, bool degraded)
{
    bool was_degraded = p->degraded;
    p->degraded = degraded;
    p->passes++;
    switch (p->state) {
    case PROBER_IDLE:
        break;
    case PROBER_PROVING:
        p->failures = 0;
        p->worst = PROBE_PASS;
        if (p->passes >= conf->rise) {
            enter(p, PROBER_HEALTHY);
            return PROBER_VERDICT_VERIFIED;
        }
        break;
    case PROBER_HEALTHY:
        p->passes = 0;
        if (degraded == was_degraded)
            return PROBER_VERDICT_NONE;
        return degraded ? PROBER_VERDICT_DEGRADED : PROBER_VERDICT_RECOVERED;
    case PROBER_FAILED:
        if (p->passes < conf->rise)
            break;
        enter(p, PROBER_HEALTHY);
        return degraded ? PROBER_VERDICT_DEGRADED : PROBER_VERDICT_RECOVERED;
    case PROBER_SUSPECT:
        enter(p, PROBER_HEALTHY);
        return degraded ? PROBER_VERDICT_DEGRADED : PROBER_VERDICT_RECOVERED;
    }
    return PROBER_VERDICT_NONE;
}

static enum prober_verdict failed(
    struct prober *p, const struct prober_conf *conf, enum probe_outcome outcome)
{
    bool worse = probe_outcome_severity(outcome) > probe_outcome_severity(p->worst);
    p->passes = 0;
    if (p->failures < conf->fall)
        p->failures++;
    if (worse)
        p->worst = outcome;
    switch (p->state) {
    case PROBER_IDLE:
    case PROBER_PROVING:
        break;
    case PROBER_HEALTHY:
    case PROBER_SUSPECT:
        if (p->failures >= conf->fall) {
            enter(p, PROBER_FAILED);
            return given_up(p->worst);
        }
        if (p->state == PROBER_HEALTHY) {
            enter(p, PROBER_SUSPECT);
            return PROBER_VERDICT_SUSPECT;
        }
        break;
    case PROBER_FAILED:
        return worse ? given_up(p->worst) : PROBER_VERDICT_NONE;
    }
    return PROBER_VERDICT_NONE;
}

bool prober_may_be_dependency(enum probe_outcome outcome)
{
    return outcome == PROBE_DEPENDENCY || outcome == PROBE_HUNG;
}

static bool counts(const struct prober *p, enum probe_outcome outcome)
{
    return p->seq > p->void_to &&
           (!prober_may_be_dependency(outcome) || p->seq > p->void_dependency_to);
}

static bool is_excused(const struct prober *p, const struct prober_event *ev)
{
    switch (ev->outcome) {
    case PROBE_DEPENDENCY:
        return p->dependency != DEPENDENCY_UP;
    case PROBE_PROVIDER:
        return p->state != PROBER_PROVING || ev->witness == 0;
    case PROBE_HUNG:
        return p->state != PROBER_PROVING && p->dependency == DEPENDENCY_DOWN;
    case PROBE_PASS:
    case PROBE_FAIL:
        break;
    }
    return false;
}

/* A provider fails one that is being proven, but not one that serves. */
static void doubt(struct prober *p, const struct prober_event *ev)
{
    switch (p->doubt) {
    case PROBER_DOUBT_NONE:
        p->doubt = PROBER_DOUBT_SUSPECTED;
        p->doubted_at = ev->now;
        break;
    case PROBER_DOUBT_SUSPECTED:
        if (ev->witness >= p->doubted_at)
            p->doubt = PROBER_DOUBT_WITNESSED;
        break;
    case PROBER_DOUBT_WITNESSED:
        p->doubt = PROBER_DOUBT_OWN_FAULT;
        break;
    case PROBER_DOUBT_OWN_FAULT:
        break;
    }
}

static void forget_doubt(struct prober *p)
{
    p->doubt = PROBER_DOUBT_NONE;
    p->doubted_at = 0;
}

static enum prober_verdict on_result(
    struct prober *p, const struct prober_conf *conf, struct prober_event ev)
{
    enum prober_verdict verdict = PROBER_VERDICT_NONE;
    if (!p->in_flight || ev.seq != p->seq)
        return verdict; /* of an earlier life or probe */
    bool hastened = p->hastened;
    p->in_flight = false;
    p->hastened = false;
    p->next_at = ev.now;
    if (!counts(p, ev.outcome))
        return verdict;
    bool excused = is_excused(p, &ev);
    p->lacks_provider = excused && ev.outcome == PROBE_PROVIDER;
    if (ev.outcome == PROBE_PASS)
        p->passed_at = p->began_at;
    if (ev.outcome == PROBE_PROVIDER && !excused)
        doubt(p, &ev);
    else
        forget_doubt(p);
    if (ev.outcome == PROBE_PASS || excused)
        verdict = passed(p, conf, excused);
    else
        verdict = failed(p, conf, ev.outcome);
    usec_t next_at = usec_add(p->began_at, interval(conf, p->state));
    bool wait = next_at > ev.now && !(hastened && p->state == PROBER_PROVING);
    p->next_at = wait ? next_at : ev.now;
    return verdict;
}

static void on_back(struct prober *p, usec_t now)
{
    p->void_dependency_to = p->seq;
    if (!p->degraded || p->lacks_provider)
        return;
    p->passes = 0; /* they proved less than is asked for now */
    if (p->state != PROBER_IDLE && !p->in_flight)
        p->next_at = now;
}

/* What it was blamed for may be the outage's doing. */
static enum prober_verdict on_gone(struct prober *p)
{
    bool silent = p->worst == PROBE_HUNG && p->dependency == DEPENDENCY_DOWN;
    bool blamed = p->state == PROBER_SUSPECT || p->state == PROBER_FAILED;
    if (blamed && (silent || p->worst == PROBE_DEPENDENCY)) {
        enter(p, PROBER_HEALTHY);
        p->degraded = true;
        return PROBER_VERDICT_DEGRADED;
    }
    if (p->state == PROBER_SUSPECT) {
        p->failures = 0; /* some of them may have been the first sign of the outage */
        p->worst = PROBE_PASS;
    }
    return PROBER_VERDICT_NONE;
}

static enum prober_verdict on_dependency(struct prober *p, struct prober_event ev)
{
    enum dependency before = p->dependency;
    p->dependency = ev.dependency;
    if (before != DEPENDENCY_UP && ev.dependency == DEPENDENCY_UP)
        on_back(p, ev.now);
    else if (before == DEPENDENCY_UP && ev.dependency != DEPENDENCY_UP)
        return on_gone(p);
    else if (before == DEPENDENCY_UNKNOWN && ev.dependency == DEPENDENCY_DOWN)
        return on_gone(p);
    return PROBER_VERDICT_NONE;
}

static void on_stalled(struct prober *p)
{
    p->void_to = p->seq;
    p->passes = 0;
    forget_doubt(p);
    if (p->state == PROBER_FAILED)
        return; /* a verdict that was reached before stands until passes take it back */
    p->failures = 0;
    p->worst = PROBE_PASS;
}

static void on_resumed(struct prober *p, usec_t now)
{
    on_stalled(p);
    if (p->state == PROBER_IDLE)
        return;
    p->in_flight = false;
    p->hastened = false;
    p->next_at = now;
}

static void on_start(struct prober *p, usec_t now)
{
    enter(p, PROBER_PROVING);
    p->in_flight = false;
    p->hastened = false;
    p->degraded = false;
    p->lacks_provider = false;
    p->passed_at = 0;
    forget_doubt(p);
    p->void_to = p->seq;
    p->next_at = now;
}

static void on_stop(struct prober *p)
{
    enter(p, PROBER_IDLE);
    p->in_flight = false;
    p->hastened = false;
    p->degraded = false;
    p->lacks_provider = false;
    p->passed_at = 0;
    forget_doubt(p);
    p->next_at = USEC_INFINITY;
}

/* One that is not well is asked as often anyhow. */
static void on_doubted(struct prober *p, const struct prober_conf *conf, usec_t now)
{
    usec_t soon = usec_add(p->began_at, conf->fast_interval);
    if (p->state != PROBER_HEALTHY || p->in_flight || p->next_at <= soon)
        return;
    p->next_at = soon > now ? soon : now;
}

/* Its own word proves nothing, but it says when to look. */
static void on_hasten(struct prober *p, usec_t now)
{
    if (p->state != PROBER_PROVING)
        return;
    p->hastened = p->in_flight;
    if (!p->in_flight)
        p->next_at = now;
}

struct prober prober_initial(void)
{
    return (struct prober){.state = PROBER_IDLE, .next_at = USEC_INFINITY};
}

struct prober_update prober_step(
    const struct prober_conf *conf, struct prober p, struct prober_event ev)
{
    struct prober_update u = {.next = p};
    switch (ev.type) {
    case PROBER_EV_START:
        on_start(&u.next, ev.now);
        break;
    case PROBER_EV_STOP:
        on_stop(&u.next);
        break;
    case PROBER_EV_RESULT:
        u.verdict = on_result(&u.next, conf, ev);
        break;
    case PROBER_EV_DEPENDENCY:
        u.verdict = on_dependency(&u.next, ev);
        break;
    case PROBER_EV_DOUBTED:
        on_doubted(&u.next, conf, ev.now);
        break;
    case PROBER_EV_HASTEN:
        on_hasten(&u.next, ev.now);
        break;
    case PROBER_EV_RESUMED:
        on_resumed(&u.next, ev.now);
        break;
    case PROBER_EV_STALLED:
        on_stalled(&u.next);
        break;
    case PROBER_EV_TICK:
        if (ev.now >= u.next.next_at) {
            u.next.seq++;
            u.next.in_flight = true;
            u.next.began_at = ev.now;
            u.next.next_at = USEC_INFINITY;
            u.probe = true;
        }
        break;
    }
    return u;
}

usec_t prober_deadline(struct prober p)
{
    return p.next_at;
}

const char *prober_state_name(enum prober_state state)
{
    static const char *const names[] = {
#define X(symbol, name) [PROBER_##symbol] = name,
        PROBER_STATES(X)
#undef X
    };
    return names[state];
}

const char *prober_verdict_name(enum prober_verdict verdict)
{
    static const char *const names[] = {
#define X(symbol, name) [PROBER_VERDICT_##symbol] = name,
        PROBER_VERDICTS(X)
#undef X
    };
    return names[verdict];
}

const char *probe_outcome_name(enum probe_outcome outcome)
{
    static const char *const names[] = {
#define X(symbol, name) [PROBE_##symbol] = name,
        PROBE_OUTCOMES(X)
#undef X
    };
    return names[outcome];
}
