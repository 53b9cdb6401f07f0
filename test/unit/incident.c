/* core/incidents/incident: every (state, event) cell, and when people are told. */
#include "core/incidents/incident.h"

#include "base/strbuf.h"
#include "cmocka_all.h"

#include <string.h>

enum { NOW = 1000 };

static const struct incident_conf conf = {.hold = 10, .clear = 30, .settle = 60, .quiet = 100};
static const struct incident_conf at_once = {.settle = 60};

static struct strbuf actions = STRBUF_INIT;

/* Steps and returns the actions as text. */
static const char *step_by(
    const struct incident_conf *by, struct incident *i, struct incident_event ev)
{
    struct incident_update u = incident_step(by, *i, ev);
    strbuf_reset(&actions);
    for (unsigned n = 0; n < u.n_actions; n++)
        strbuf_addf(&actions, "%s%s", n ? " " : "", incident_action_name(u.actions[n]));
    *i = u.next;
    return strbuf_text(&actions);
}

static const char *at(struct incident *i, usec_t now, enum incident_event_type type)
{
    return step_by(&conf, i, (struct incident_event){.type = type, .now = now, .left = 5});
}

/* One that came to this state by the shortest way, at NOW - 20 or just before. */
static struct incident in_state(enum incident_state state)
{
    struct incident i = incident_initial();
    switch (state) {
    case INCIDENT_QUIET:
        break;
    case INCIDENT_HOLDING:
        at(&i, NOW - 5, INCIDENT_EV_RAISE);
        break;
    case INCIDENT_OPEN:
        at(&i, NOW - 20, INCIDENT_EV_RAISE);
        at(&i, NOW - 10, INCIDENT_EV_TICK);
        break;
    case INCIDENT_PASSING:
        at(&i, NOW - 20, INCIDENT_EV_NOTE);
        break;
    case INCIDENT_CLEARING:
        i = in_state(INCIDENT_OPEN);
        at(&i, NOW - 5, INCIDENT_EV_CLEAR);
        break;
    case INCIDENT_RESOLVED:
        i = in_state(INCIDENT_PASSING);
        at(&i, NOW - 5, INCIDENT_EV_CLEAR);
        break;
    }
    assert_int_equal(i.state, state);
    return i;
}

static const struct {
    enum incident_state state;
    enum incident_event_type event;
    enum incident_state next;
    const char *actions;
    usec_t until; /* 0: never */
} cells[] = {
    {INCIDENT_QUIET, INCIDENT_EV_RAISE, INCIDENT_HOLDING, "", NOW + 10},
    {INCIDENT_QUIET, INCIDENT_EV_NOTE, INCIDENT_PASSING, "OPEN", NOW + 30},
    {INCIDENT_QUIET, INCIDENT_EV_CLEAR, INCIDENT_QUIET, "", 0},
    {INCIDENT_QUIET, INCIDENT_EV_ACKNOWLEDGE, INCIDENT_QUIET, "", 0},
    {INCIDENT_QUIET, INCIDENT_EV_TAKEN_OVER, INCIDENT_QUIET, "", 0},
    {INCIDENT_QUIET, INCIDENT_EV_TICK, INCIDENT_QUIET, "", 0},
    {INCIDENT_HOLDING, INCIDENT_EV_RAISE, INCIDENT_HOLDING, "", NOW + 5},
    {INCIDENT_HOLDING, INCIDENT_EV_NOTE, INCIDENT_OPEN, "OPEN", 0},
    {INCIDENT_HOLDING, INCIDENT_EV_CLEAR, INCIDENT_QUIET, "FORGET", 0},
    {INCIDENT_HOLDING, INCIDENT_EV_ACKNOWLEDGE, INCIDENT_HOLDING, "", NOW + 5},
    {INCIDENT_HOLDING, INCIDENT_EV_TAKEN_OVER, INCIDENT_QUIET, "FORGET", 0},
    {INCIDENT_HOLDING, INCIDENT_EV_TICK, INCIDENT_HOLDING, "", NOW + 5},
    {INCIDENT_OPEN, INCIDENT_EV_RAISE, INCIDENT_OPEN, "", 0},
    {INCIDENT_OPEN, INCIDENT_EV_NOTE, INCIDENT_OPEN, "AGAIN", 0},
    {INCIDENT_OPEN, INCIDENT_EV_CLEAR, INCIDENT_CLEARING, "CEASED", NOW + 30},
    {INCIDENT_OPEN, INCIDENT_EV_ACKNOWLEDGE, INCIDENT_OPEN, "ACKNOWLEDGE", 0},
    {INCIDENT_OPEN, INCIDENT_EV_TAKEN_OVER, INCIDENT_CLEARING, "", NOW + 60},
    {INCIDENT_OPEN, INCIDENT_EV_TICK, INCIDENT_OPEN, "", 0},
    {INCIDENT_PASSING, INCIDENT_EV_RAISE, INCIDENT_OPEN, "AGAIN", 0},
    {INCIDENT_PASSING, INCIDENT_EV_NOTE, INCIDENT_PASSING, "AGAIN", NOW + 30},
    {INCIDENT_PASSING, INCIDENT_EV_CLEAR, INCIDENT_RESOLVED, "RESOLVE", 0},
    {INCIDENT_PASSING, INCIDENT_EV_ACKNOWLEDGE, INCIDENT_PASSING, "ACKNOWLEDGE", NOW + 10},
    {INCIDENT_PASSING, INCIDENT_EV_TAKEN_OVER, INCIDENT_PASSING, "", NOW + 5},
    {INCIDENT_PASSING, INCIDENT_EV_TICK, INCIDENT_PASSING, "", NOW + 10},
    {INCIDENT_CLEARING, INCIDENT_EV_RAISE, INCIDENT_OPEN, "AGAIN", 0},
    {INCIDENT_CLEARING, INCIDENT_EV_NOTE, INCIDENT_PASSING, "AGAIN", NOW + 30},
    {INCIDENT_CLEARING, INCIDENT_EV_CLEAR, INCIDENT_CLEARING, "", NOW + 25},
    {INCIDENT_CLEARING, INCIDENT_EV_ACKNOWLEDGE, INCIDENT_CLEARING, "ACKNOWLEDGE", NOW + 25},
    {INCIDENT_CLEARING, INCIDENT_EV_TAKEN_OVER, INCIDENT_CLEARING, "", NOW + 60},
    {INCIDENT_CLEARING, INCIDENT_EV_TICK, INCIDENT_CLEARING, "", NOW + 25},
    {INCIDENT_RESOLVED, INCIDENT_EV_RAISE, INCIDENT_RESOLVED, "", 0},
    {INCIDENT_RESOLVED, INCIDENT_EV_NOTE, INCIDENT_RESOLVED, "", 0},
    {INCIDENT_RESOLVED, INCIDENT_EV_CLEAR, INCIDENT_RESOLVED, "", 0},
    {INCIDENT_RESOLVED, INCIDENT_EV_ACKNOWLEDGE, INCIDENT_RESOLVED, "", 0},
    {INCIDENT_RESOLVED, INCIDENT_EV_TAKEN_OVER, INCIDENT_RESOLVED, "", 0},
    {INCIDENT_RESOLVED, INCIDENT_EV_TICK, INCIDENT_RESOLVED, "", 0},
};
enum { N_CELLS = sizeof cells / sizeof *cells };

static void every_cell_is_decided(void **state)
{
    (void)state;
    assert_int_equal(N_CELLS, (INCIDENT_RESOLVED + 1) * (INCIDENT_EV_TICK + 1));
    for (size_t n = 0; n < N_CELLS; n++) {
        struct incident i = in_state(cells[n].state);
        const char *did = at(&i, NOW, cells[n].event);
        usec_t until = cells[n].until ? cells[n].until : USEC_INFINITY;
        if (strcmp(did, cells[n].actions) != 0 || i.state != cells[n].next ||
            incident_deadline(i) != until)
            fail_msg("%s, %s: %s with \"%s\", until %llu", incident_state_name(cells[n].state),
                incident_event_name(cells[n].event), incident_state_name(i.state), did,
                (unsigned long long)incident_deadline(i));
    }
}

static void deadlines_are_kept_to_the_tick(void **state)
{
    (void)state;
    struct incident i = in_state(INCIDENT_HOLDING);
    assert_string_equal(at(&i, NOW + 4, INCIDENT_EV_TICK), "");
    assert_string_equal(at(&i, NOW + 5, INCIDENT_EV_TICK), "OPEN");
    assert_int_equal(i.began_at, NOW - 5);
    i = in_state(INCIDENT_CLEARING);
    assert_string_equal(at(&i, NOW + 25, INCIDENT_EV_TICK), "RESOLVE");
    i = in_state(INCIDENT_PASSING);
    assert_string_equal(at(&i, NOW + 10, INCIDENT_EV_TICK), "RESOLVE");
    assert_int_equal(incident_deadline(i), USEC_INFINITY);
}

static void without_times_it_opens_and_ends_at_once(void **state)
{
    (void)state;
    struct incident i = incident_initial();
    const struct incident_event raise = {.type = INCIDENT_EV_RAISE, .now = NOW};
    const struct incident_event clear = {.type = INCIDENT_EV_CLEAR, .now = NOW};
    assert_string_equal(step_by(&at_once, &i, raise), "OPEN");
    assert_string_equal(step_by(&at_once, &i, clear), "CEASED RESOLVE");
    assert_int_equal(i.state, INCIDENT_RESOLVED);
}

static void what_flaps_is_one_incident_and_told_now_and_then(void **state)
{
    (void)state;
    struct incident i = in_state(INCIDENT_OPEN); /* told at NOW - 10 */
    unsigned updates = 0;
    for (usec_t now = NOW; now < NOW + 1000; now += 20) {
        assert_string_equal(at(&i, now, INCIDENT_EV_CLEAR), "CEASED");
        updates += strcmp(at(&i, now + 19, INCIDENT_EV_RAISE), "UPDATE") == 0;
    }
    assert_in_range(updates, 8, 10);
    assert_int_equal(i.times, 51);
    assert_int_equal(i.began_at, NOW - 20);
}

static void it_is_acknowledged_once(void **state)
{
    (void)state;
    struct incident i = in_state(INCIDENT_OPEN);
    assert_string_equal(at(&i, NOW, INCIDENT_EV_ACKNOWLEDGE), "ACKNOWLEDGE");
    assert_string_equal(at(&i, NOW, INCIDENT_EV_ACKNOWLEDGE), "");
    at(&i, NOW, INCIDENT_EV_TAKEN_OVER);
    assert_string_equal(at(&i, NOW, INCIDENT_EV_ACKNOWLEDGE), "");
    assert_true(i.acknowledged);
}

/* After a boot the clock begins anew. */
static void another_clock_does_no_harm(void **state)
{
    (void)state;
    struct incident i = in_state(INCIDENT_OPEN);
    at(&i, 3, INCIDENT_EV_TAKEN_OVER);
    assert_int_equal(i.began_at, 3);
    assert_int_equal(incident_deadline(i), 63);
    assert_string_equal(at(&i, 5, INCIDENT_EV_RAISE), "AGAIN");
    assert_int_equal(i.state, INCIDENT_OPEN);
    i = in_state(INCIDENT_PASSING);
    step_by(&conf, &i,
        (struct incident_event){.type = INCIDENT_EV_TAKEN_OVER, .now = 3, .left = 1000000});
    assert_int_equal(incident_deadline(i), 33); /* not longer than a new one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_decided),
        cmocka_unit_test(deadlines_are_kept_to_the_tick),
        cmocka_unit_test(without_times_it_opens_and_ends_at_once),
        cmocka_unit_test(what_flaps_is_one_incident_and_told_now_and_then),
        cmocka_unit_test(it_is_acknowledged_once),
        cmocka_unit_test(another_clock_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
