/*
 * Hours of trouble in virtual time, thousands of times: processes that are slow, crash, hang, lie
 * and ignore signals, a dependency that comes and goes, operators who restart, drain, resume and
 * resize. The world checks every decision; afterwards everything is put right, and the fleet must
 * be well again by itself, and stop when it is told to.
 *
 *     SEED=n sim [overlap] [kills]     replays one run and prints every decision
 *     SEEDS=n sim [overlap] [kills]    how many runs (2500)
 *     sim every                        kills the daemon at each thing that it does, one a run;
 *                                      SEED=n KILL=n sim every [overlap] replays one
 *     sim mutants                      breaks one rule at a time, and must notice each
 *     SOAK=s sim [overlap] [kills]     new seeds for s seconds, and how fast time passed
 *
 * With `overlap` lives overlap: spares, rollouts that fail and go back, operators who change their
 * minds. With `kills` the daemon is killed now and then, between any two of the things that it
 * does, also while it takes over, and another instance goes on from what it had saved.
 */
#include "lib/world.h"
#include "lib/world_sabotage.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct sim {
    uint64_t seed;
    bool shown;
    bool overlap;
    bool kills;
    uint64_t kill_at; /* else: once, at this thing that the daemon does */
    unsigned turns;
    unsigned sabotage;
    const char *violated;
    jmp_buf caught; /* how a run ends whose rule is broken on purpose */
    struct world world;
};

static struct sim the_sim;

static void on_log(void *arg, const char *line)
{
    const struct sim *s = arg;
    if (s->shown)
        printf("%s\n", line);
}

static void on_broken(void *arg, const char *what)
{
    struct sim *s = arg;
    s->violated = what;
    if (s->world.sabotage)
        longjmp(s->caught, 1);
    if (s->kill_at)
        fprintf(stderr, "KILL=%" PRIu64 ", ", s->kill_at);
    fprintf(stderr,
        "seed %" PRIu64 " at %" PRIu64 " us: violated: %s; replay with SEED=%" PRIu64 "\n", s->seed,
        s->world.now, what, s->seed);
    exit(1);
}

static void __attribute__((format(printf, 2, 3))) note(const struct sim *s, const char *fmt, ...)
{
    if (!s->shown)
        return;
    va_list ap;
    va_start(ap, fmt);
    printf("   * ");
    vprintf(fmt, ap);
    printf("\n");
    va_end(ap);
}

static bool one_in(struct world *w, unsigned n)
{
    return world_random(w, n) == 0;
}

static usec_t up_to(struct world *w, usec_t max)
{
    return world_random(w, max + 1);
}

static struct behaviour random_behaviour(struct world *w)
{
    static const enum probe_outcome outcomes[] = {
        PROBE_PASS, PROBE_PASS, PROBE_FAIL, PROBE_HUNG, PROBE_DEPENDENCY, PROBE_PROVIDER};
    struct behaviour b = {.exec_takes = up_to(w, 10 * USEC_PER_MSEC),
        .ready_after = up_to(w, 3 * USEC_PER_SEC),
        .health = PROBE_PASS,
        .probe_takes = up_to(w, 50 * USEC_PER_MSEC),
        .crash_after = USEC_INFINITY,
        .crash = {.known = !one_in(w, 4), .oom = one_in(w, 8), .code = (int)world_random(w, 3)},
        .stop_takes = up_to(w, 2 * USEC_PER_SEC)};
    b.exec_fails = one_in(w, 8);
    b.zombie = one_in(w, 3);
    b.ignores_stop = one_in(w, 6);
    b.ignores_abort = one_in(w, 3);
    if (one_in(w, 12))
        b.exec_takes = up_to(w, 2 * USEC_PER_MIN);
    if (one_in(w, 6))
        b.ready_after = one_in(w, 2) ? USEC_INFINITY : up_to(w, USEC_PER_MIN);
    if (one_in(w, 5))
        b.health = outcomes[world_random(w, 6)];
    if (one_in(w, 4))
        b.crash_after = up_to(w, 40 * USEC_PER_SEC);
    if (w->fleet_conf.overlap)
        b.callers_stay = one_in(w, 8) ? USEC_INFINITY : up_to(w, 20 * USEC_PER_SEC);
    if (one_in(w, 5))
        b.tree_takes = up_to(w, 20 * USEC_PER_SEC);
    return b;
}

static void random_conf(struct world *w)
{
    w->n_workers = 1 + (unsigned)world_random(w, 4);
    w->fleet_conf.prober.rise = 1 + (unsigned)world_random(w, 3);
    w->fleet_conf.prober.fall = 1 + (unsigned)world_random(w, 4);
    w->fleet_conf.prober.interval = USEC_PER_SEC + up_to(w, 10 * USEC_PER_SEC);
    w->fleet_conf.prober.start_interval = 200 * USEC_PER_MSEC;
    w->fleet_conf.worker.start_timeout = 5 * USEC_PER_SEC + up_to(w, 20 * USEC_PER_SEC);
    w->fleet_conf.restart.loop_after = 2 + (unsigned)world_random(w, 4);
    w->drain_conf.linger = up_to(w, 5 * USEC_PER_SEC);
    w->drain_conf.timeout = up_to(w, 2 * USEC_PER_MIN);
}

static void random_overlap(struct world *w)
{
    w->fleet_conf.overlap = true;
    w->fleet_conf.standby = (unsigned)world_random(w, 3);
    w->fleet_conf.worker.drain_timeout = up_to(w, USEC_PER_MIN);
    w->fleet_conf.rollout.bake = one_in(w, 4) ? 0 : up_to(w, 20 * USEC_PER_SEC);
    w->fleet_conf.rollout.keep_warm = one_in(w, 4) ? 0 : up_to(w, 40 * USEC_PER_SEC);
    w->fleet_conf.rollout.hold = one_in(w, 2);
    w->meddles = one_in(w, 2);
    w->fleet_conf.rollout.canary = 1 + (unsigned)world_random(w, 3);
    w->fleet_conf.rollout.max_surge.n = 1 + (unsigned)world_random(w, 3);
    if (one_in(w, 4))
        w->fleet_conf.rollout.max_surge = (struct rollout_share){.n = 25, .percent = true};
}

static void resize(struct sim *s, unsigned n)
{
    s->world.n_workers = n;
    note(s, "resize %u", n);
    world_fleet(&s->world, (struct fleet_event){.type = FLEET_EV_RESIZE, .n_workers = n});
}

static void redis(struct sim *s, enum dependency dependency)
{
    static const char *const names[] = {"unknown", "up", "down"};
    note(s, "redis %s", names[dependency]);
    world_dependency(&s->world, dependency);
}

static void provider(struct sim *s, bool down)
{
    note(s, "provider %s", down ? "down" : "up");
    world_provider(&s->world, down);
}

static void steer(struct sim *s, enum fleet_event_type type)
{
    note(s, "%s", type == FLEET_EV_PROMOTE ? "promote" : "cancel");
    world_fleet(
        &s->world, (struct fleet_event){.type = type, .operation = s->world.operations + 1});
}

static void scale(struct sim *s, unsigned n)
{
    struct world *w = &s->world;
    note(s, "scale %u", n);
    world_fleet(w, (struct fleet_event){
                       .type = FLEET_EV_SCALE, .n_workers = n, .operation = w->operations + 1});
}

/* A switch, or remedies that did not help. */
static void keep(struct sim *s, bool hung, bool zombies)
{
    note(s, "keep%s%s", hung ? " hung" : "", zombies ? " zombies" : "");
    world_fleet(&s->world,
        (struct fleet_event){.type = FLEET_EV_KEEP, .keeps_hung = hung, .keeps_zombies = zombies});
}

static void operator_acts(struct sim *s)
{
    struct world *w = &s->world;
    switch (world_random(w, s->overlap ? 13 : 10)) {
    case 0:
    case 1:
    case 2:
        note(s, "restart %" PRIu64, w->operations + 1);
        world_fleet(
            w, (struct fleet_event){.type = FLEET_EV_RESTART, .operation = w->operations + 1});
        break;
    case 3:
        note(s, "drain");
        world_drain(w, (struct drain_event){.type = DRAIN_EV_BEGIN});
        break;
    case 4:
        note(s, "resume");
        world_drain(w, (struct drain_event){.type = DRAIN_EV_RESUME});
        break;
    case 5:
        note(s, "hurry");
        world_drain(w, (struct drain_event){.type = DRAIN_EV_HURRY});
        break;
    case 6:
        if (w->drain.state == DRAIN_OPEN)
            resize(s, (unsigned)world_random(w, 5));
        break;
    case 7:
        if (w->drain.state == DRAIN_STOPPING) {
            note(s, "kill");
            world_fleet(w, (struct fleet_event){.type = FLEET_EV_KILL});
        }
        break;
    case 8:
        scale(s, 1 + (unsigned)world_random(w, 4));
        break;
    case 9:
        keep(s, one_in(w, 2), one_in(w, 2));
        break;
    case 10:
        steer(s, FLEET_EV_CANCEL);
        break;
    case 11:
    case 12:
        steer(s, FLEET_EV_PROMOTE);
        break;
    }
}

/* Most of those who say that they end by themselves do so, some time, somehow. */
static void worker_speaks(struct sim *s, unsigned slot)
{
    struct world *w = &s->world;
    static const struct notify_wish wishes[] = {
        {.ready = true},
        {.alive = true, .sets_interval = true, .interval = 5 * USEC_PER_SEC},
        {.alive = true},
        {.sets_interval = true},
        {.trigger = true},
        {.extend = 10 * USEC_PER_SEC},
        {.stopping = true},
        {.stopping = true},
    };
    unsigned which = (unsigned)world_random(w, sizeof wishes / sizeof *wishes);
    if (!world_notify(w, slot, wishes[which]))
        return;
    note(s, "%u  says number %u", slot, which);
    if (wishes[which].stopping && !one_in(w, 4)) {
        world_run(w, w->now + up_to(w, 10 * USEC_PER_SEC));
        world_crash(w, slot, (struct exit_status){.known = true, .code = one_in(w, 3)});
    }
}

static void nature_acts(struct sim *s)
{
    struct world *w = &s->world;
    unsigned slot = (unsigned)world_random(w, s->overlap ? 7 : 4);
    struct world_slot *victim = &w->slots[slot];
    switch (world_random(w, s->overlap ? 11 : 10)) {
    case 0:
    case 1:
        note(s, "%u  lives go differently from now on", slot);
        victim->next = random_behaviour(w);
        break;
    case 2:
        if (world_crash(w, slot, (struct exit_status){.known = true, .code = 1}))
            note(s, "%u  crash", slot);
        break;
    case 3:
    case 4:
        victim->now.health = (enum probe_outcome)world_random(w, 5);
        note(s, "%u  answers %s", slot, probe_outcome_name(victim->now.health));
        break;
    case 5:
        redis(s, w->dependency == DEPENDENCY_UP ? DEPENDENCY_DOWN : DEPENDENCY_UP);
        break;
    case 6:
        if (one_in(w, 4))
            w->now += up_to(w, USEC_PER_MIN); /* nothing of ours ran meanwhile */
        note(s, "stalled");
        world_fleet(w, (struct fleet_event){.type = FLEET_EV_STALLED});
        break;
    case 7:
        w->callers.connections.n = world_random(w, 3);
        w->callers.tasks.n = world_random(w, 2);
        w->callers.tasks.known = w->callers.sessions.known = !one_in(w, 3);
        victim->callers = (unsigned)world_random(w, 4);
        note(s, "callers %" PRIu64 " %" PRIu64 ", %u of %u", w->callers.connections.n,
            w->callers.tasks.n, victim->callers, slot);
        break;
    case 8:
        worker_speaks(s, slot);
        break;
    case 9:
        provider(s, !w->provider_down);
        break;
    case 10:
        note(s, "%u  errors", slot);
        world_fleet(
            w, (struct fleet_event){.type = FLEET_EV_ERRORS, .slot = slot, .life = victim->life});
        break;
    }
}

static void expect(struct sim *s, bool holds, const char *what)
{
    if (!holds)
        on_broken(s, what);
}

static void revive(struct sim *s)
{
    struct world *w = &s->world;
    note(s, "another daemon is started");
    if (s->overlap && one_in(w, 8))
        w->fleet_conf.standby = (unsigned)world_random(w, 3);
    if (one_in(w, 8))
        w->n_workers = (unsigned)world_random(w, 5);
    world_resume(w);
}

/* Mostly another one comes at once; sometimes nobody notices for long, or it dies again. */
static void killers_act(struct sim *s)
{
    struct world *w = &s->world;
    if (w->dead && !one_in(w, 4)) {
        if (one_in(w, 3))
            world_kill(w, 1 + world_random(w, 12));
        revive(s);
    } else if (!w->dead && one_in(w, 3)) {
        uint64_t n = 1 + world_random(w, one_in(w, 3) ? 200 : 20);
        note(s, "kill the daemon in %" PRIu64, n);
        world_kill(w, n);
    }
}

/* Everything is put right but the processes that run: those have to be found out. Nobody is ended
 * for want of a provider, so every one finds it again. */
static void heal(struct sim *s)
{
    static struct world fresh;
    struct world *w = &s->world;
    world_init(&fresh);
    world_kill(w, 0);
    if (w->dead)
        revive(s);
    note(s, "everything is put right");
    w->meddles = false;
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        w->slots[i].next = fresh.slots[i].next;
        if (w->slots[i].now.health == PROBE_PROVIDER)
            w->slots[i].now.health = PROBE_PASS;
    }
    w->callers = fresh.callers;
    redis(s, DEPENDENCY_UP);
    provider(s, false);
    keep(s, false, false);
    world_drain(w, (struct drain_event){.type = DRAIN_EV_RESUME});
    if (w->n_workers == 0)
        resize(s, 2);
    world_run(w, w->now + 20 * USEC_PER_MIN);
    for (unsigned i = 0; i < 3 && w->fleet.rollout.state == ROLLOUT_HOLD; i++) {
        steer(s, one_in(w, 2) ? FLEET_EV_CANCEL : FLEET_EV_PROMOTE);
        world_run(w, w->now + 20 * USEC_PER_MIN);
    }
    expect(s, fleet_wanted(&w->fleet) == w->n_workers, "as many wanted as were asked for");
    expect(s, fleet_serving(&w->fleet) == w->n_workers, "every wanted worker serves");
    expect(s, w->operations == w->verdicts, "every restart has its verdict");
    unsigned wanted = 0;
    for (unsigned i = 0; i < w->fleet.n_slots; i++) {
        if (s->overlap && w->fleet.slots[i].worker.state == WORKER_GONE)
            continue;
        wanted++;
        expect(s, w->fleet.slots[i].prober.state == PROBER_HEALTHY, "every worker is healthy");
        expect(s, !w->fleet.slots[i].restart.looping, "every crash loop has ended");
        expect(s, w->slots[i].active || s->overlap, "every worker takes callers");
    }
    expect(s, wanted == w->n_workers + w->fleet_conf.standby, "there are as many spares as asked");
    expect(s, w->fleet.rollout.state == ROLLOUT_IDLE, "no rollout goes on for ever");
}

static void stop(struct sim *s)
{
    struct world *w = &s->world;
    note(s, "sigterm");
    world_drain(w, (struct drain_event){.type = DRAIN_EV_BEGIN, .stop_daemon = true});
    world_run(w, w->now + 5 * USEC_PER_MIN);
    expect(s, w->exit_asked, "the daemon may end");
}

static uint64_t run(uint64_t seed, bool shown)
{
    struct world *w = &the_sim.world;
    bool overlap = the_sim.overlap;
    the_sim.seed = seed;
    the_sim.shown = shown;
    world_init(w);
    w->log = shown ? on_log : NULL;
    w->log_arg = &the_sim;
    w->broken = on_broken;
    w->sabotage = the_sim.sabotage;
    w->random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    random_conf(w);
    if (overlap)
        random_overlap(w);
    for (unsigned i = 0; i < 4; i++) {
        if (one_in(w, 2))
            w->slots[i].next = random_behaviour(w);
    }
    if (!one_in(w, 3))
        redis(&the_sim, one_in(w, 4) ? DEPENDENCY_DOWN : DEPENDENCY_UP);
    resize(&the_sim, w->n_workers);
    world_kill(w, the_sim.kill_at);
    for (unsigned i = 0; i < the_sim.turns; i++) {
        /* Mostly soon, so that things meet; sometimes late, so that things settle. */
        usec_t pause = one_in(w, 4) ? up_to(w, USEC_PER_MIN) : up_to(w, 3 * USEC_PER_SEC);
        world_run(w, w->now + pause);
        if (the_sim.kills)
            killers_act(&the_sim);
        else if (w->dead)
            world_resume(w);
        if (one_in(w, 3))
            operator_acts(&the_sim);
        else
            nature_acts(&the_sim);
    }
    heal(&the_sim);
    stop(&the_sim);
    world_fini(w);
    return w->steps;
}

/* From the first thing on that the daemon does, until a run is over before it would have died. */
static void every(void)
{
    enum { SEEDS = 3 };
    uint64_t deaths = 0;
    for (unsigned i = 0; i < 2 * SEEDS; i++) {
        the_sim.overlap = i % 2 == 0;
        the_sim.kill_at = 0;
        do {
            the_sim.kill_at++;
            run(1 + i / 2, false);
            deaths += the_sim.world.deaths;
        } while (the_sim.world.deaths > 0);
    }
    printf("%d worlds, the daemon killed at each of %" PRIu64
           " things that it does in them, everything as it must be\n",
        2 * SEEDS, deaths);
}

/* Whether one of the seeds shows that the rule is broken; most do at once. */
static bool is_caught(const struct world_sabotage_row *row)
{
    enum { TRIES = 400 };
    for (volatile uint64_t seed = 1; seed <= TRIES; seed++) {
        const char *place = strpbrk(row->runs, "OI");
        the_sim.kills = strchr(row->runs, 'K') != NULL;
        the_sim.overlap = place[0] == 'O' && (place[1] != 'I' || seed % 2);
        if (setjmp(the_sim.caught) == 0) {
            run(seed, false);
            continue;
        }
        world_fini(&the_sim.world);
        printf("%-15s seed %" PRIu64 "%s: %s\n", row->name, seed,
            the_sim.overlap ? ", overlap" : "", the_sim.violated);
        return true;
    }
    printf("%-15s NOT NOTICED in %d seeds: %s\n", row->name, TRIES, row->what);
    return false;
}

static int mutants(void)
{
    bool all = true;
    for (unsigned i = SABOTAGE_NONE + 1; i < SABOTAGE_COUNT; i++) {
        the_sim.sabotage = i;
        all = is_caught(&world_sabotages[i]) && all;
    }
    return all ? 0 : 1;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seeds that no run had before, until the time is up. */
static void soak(double span)
{
    uint64_t seed = (uint64_t)time(NULL) << 20;
    double began = seconds();
    double shown = began;
    double hours = 0;
    for (uint64_t runs = 1; seconds() < began + span; runs++) {
        run(seed + runs, false);
        hours += (double)the_sim.world.now / (double)USEC_PER_HOUR;
        if (seconds() < shown + 10 && seconds() < began + span)
            continue;
        shown = seconds();
        printf("seeds %" PRIu64 "..%" PRIu64 ": %.0f hours, %.1f in a second\n", seed + 1,
            seed + runs, hours, hours / (shown - began));
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    const char *one = getenv("SEED");
    const char *many = getenv("SEEDS");
    const char *span = getenv("SOAK");
    for (int i = 1; i < argc; i++) {
        the_sim.overlap = the_sim.overlap || strcmp(argv[i], "overlap") == 0;
        the_sim.kills = the_sim.kills || strcmp(argv[i], "kills") == 0;
    }
    the_sim.turns = 60;
    if (argc > 1 && strcmp(argv[1], "mutants") == 0)
        return mutants();
    if (argc > 1 && strcmp(argv[1], "every") == 0) {
        const char *kill_at = getenv("KILL");
        the_sim.turns = 8;
        the_sim.kill_at = kill_at ? strtoull(kill_at, NULL, 10) : 0;
        if (!one) {
            every();
            return 0;
        }
    }
    if (one) {
        run(strtoull(one, NULL, 10), true);
        return 0;
    }
    if (span) {
        soak(strtod(span, NULL));
        return 0;
    }
    uint64_t seeds = many ? strtoull(many, NULL, 10) : 2500;
    uint64_t steps = 0;
    uint64_t deaths = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        steps += run(seed, false);
        deaths += the_sim.world.deaths;
    }
    printf("seeds 1..%" PRIu64 ": %" PRIu64 " steps, %" PRIu64
           " deaths of the daemon, everything as it must be\n",
        seeds, steps, deaths);
    return 0;
}
