/*
 * Any text as the state that another instance left behind: what is taken for one is written again
 * as it was read, and the machines go on from it for as long as they have deadlines.
 */
#include "fuzz.h"

#include "core/saved/saved_field.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 200 };

static const struct fleet_conf base = {
    .worker = {.start_timeout = 30,
        .drain_timeout = 60,
        .stop_timeout = 10,
        .abort_timeout = 2,
        .kill_timeout = 5},
    .restart = {.delay = 1, .multiplier = 2, .max_delay = 30, .stable_after = 30, .loop_after = 5},
    .prober = {.interval = 5, .start_interval = 1, .fast_interval = 1, .rise = 2, .fall = 3},
    .rollout = {.bake = 30, .keep_warm = 60},
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_round_trip(const struct saved *s)
{
    struct strbuf text = STRBUF_INIT;
    static struct saved again;
    saved_write(s, &text);
    check(!text.failed);
    check(saved_read(strbuf_text(&text), text.len, &again, NULL) == 0);
    check(saved_equal(&saved_document, s, &again));
    saved_fini(&again);
    strbuf_fini(&text);
}

/* After the events the clock runs; what is asked for never comes about. */
static void go_on(struct fleet_conf conf, const struct saved *s, usec_t now, unsigned n_workers)
{
    static struct fleet fleet;
    static struct fleet_update update;
    const struct fleet_event events[] = {
        {.type = FLEET_EV_RESUMED, .now = now},
        {.type = FLEET_EV_RESUMED, .now = now},
        {.type = FLEET_EV_RESIZE, .now = now, .n_workers = n_workers},
        {.type = FLEET_EV_STOP, .now = now},
    };
    fleet = s->fleet;
    for (unsigned i = 0; i < STEPS; i++) {
        struct fleet_event ev = {.type = FLEET_EV_TICK, .now = now};
        if (i < 3 || i == STEPS / 2)
            ev = events[i < 3 ? i : 3];
        ev.now = now;
        fleet_step(&conf, &fleet, &ev, &update);
        check(fleet_deadline(&fleet) > now);
        check(fleet.n_slots <= LIMIT_WORKERS && fleet_serving(&fleet) <= fleet.n_slots);
        if (i >= 3 && fleet_deadline(&fleet) != USEC_INFINITY)
            now = fleet_deadline(&fleet);
    }
}

static bool overlaps(const struct fleet *f)
{
    bool paused = f->rollout.state != ROLLOUT_IDLE;
    for (unsigned i = 0; i < f->n_slots; i++)
        paused = paused || f->slots[i].worker.state == WORKER_STANDBY ||
                 f->slots[i].worker.state == WORKER_DRAINING;
    return paused;
}

static void go_on_draining(struct drain d, usec_t now)
{
    static const struct drain_conf conf = {.linger = 2,
        .timeout = 300,
        .count_interval = 1,
        .stale_after = 10,
        .first_count = 2,
        .wait_connections = true,
        .wait_tasks = true,
        .wait_sessions = true};
    for (unsigned i = 0; i < STEPS && now != USEC_INFINITY; i++) {
        struct drain_event ev = {.type = i == 0 ? DRAIN_EV_TAKEN_OVER : DRAIN_EV_TICK, .now = now};
        d = drain_step(&conf, d, ev).next;
        check(drain_deadline(d) > now);
        now = drain_deadline(d);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct saved s;
    struct err e = {0};
    if (saved_read((const char *)data, size, &s, &e) < 0) {
        check(e.code < 0 && e.msg[0]);
        return 0;
    }
    check_round_trip(&s);
    for (unsigned turn = 0; turn < 4; turn++) {
        struct fleet_conf conf = base;
        conf.overlap = turn >= 2;
        conf.standby = turn == 3;
        usec_t now = turn % 2 ? s.saved_at : usec_add(s.saved_at / 2, 1000);
        if (now > INT64_MAX)
            now = INT64_MAX;
        if (conf.overlap ? s.fleet.restart.state == FLEET_RESTART_IDLE : !overlaps(&s.fleet))
            go_on(conf, &s, now, turn);
        go_on_draining(s.drain, now);
    }
    saved_fini(&s);
    return 0;
}
