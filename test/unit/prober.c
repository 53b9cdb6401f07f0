/* core/fleet/prober: what a script of events leads to. */
#include "core/fleet/prober.h"

#include "base/strbuf.h"
#include "cmocka_all.h"

#include <string.h>

static const struct prober_conf conf = {
    .interval = 50, .start_interval = 10, .fast_interval = 20, .rise = 2, .fall = 3};

/*
 * A script: letters are events, and every verdict is written as it comes.
 *   S start, X stop, t TICK at the deadline, > time passes by 1
 *   P pass, F fail, H hung, D dependency: the answer to the probe in flight
 *   N, O, W: provider; of those who serve nobody has it, one had it before all this, one has it now
 *   u, d, k: the dependency is up, down, not known; z: we stalled; r: it says that it is ready
 *   q: another one complains of a provider
 */
static void run(struct prober *p, usec_t *now, const char *script, struct strbuf *out)
{
    strbuf_reset(out);
    for (const char *s = script; *s; s++) {
        struct prober_event ev = {.now = *now, .seq = p->seq};
        switch (*s) {
        case 'S':
            ev.type = PROBER_EV_START;
            break;
        case 'X':
            ev.type = PROBER_EV_STOP;
            break;
        case 't':
            ev.type = PROBER_EV_TICK;
            assert_true(prober_deadline(*p) != USEC_INFINITY);
            ev.now = *now = prober_deadline(*p) > *now ? prober_deadline(*p) : *now;
            break;
        case '>':
            ev.type = PROBER_EV_TICK;
            ev.now = ++*now;
            break;
        case 'P':
        case 'F':
        case 'H':
        case 'D':
            ev.type = PROBER_EV_RESULT;
            ev.outcome = *s == 'P'   ? PROBE_PASS
                         : *s == 'F' ? PROBE_FAIL
                         : *s == 'H' ? PROBE_HUNG
                                     : PROBE_DEPENDENCY;
            break;
        case 'N':
        case 'O':
        case 'W':
            ev.type = PROBER_EV_RESULT;
            ev.outcome = PROBE_PROVIDER;
            ev.witness = *s == 'N' ? 0 : *s == 'O' ? 1 : *now;
            break;
        case 'q':
            ev.type = PROBER_EV_DOUBTED;
            break;
        case 'u':
        case 'd':
        case 'k':
            ev.type = PROBER_EV_DEPENDENCY;
            ev.dependency = *s == 'u'   ? DEPENDENCY_UP
                            : *s == 'd' ? DEPENDENCY_DOWN
                                        : DEPENDENCY_UNKNOWN;
            break;
        case 'r':
            ev.type = PROBER_EV_HASTEN;
            break;
        case 'z':
            ev.type = PROBER_EV_STALLED;
            break;
        }
        struct prober_update u = prober_step(&conf, *p, ev);
        if (u.verdict != PROBER_VERDICT_NONE)
            strbuf_addf(out, "%s%s", out->len ? " " : "", prober_verdict_name(u.verdict));
        *p = u.next;
    }
}

static void verdicts_follow_from_results(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        const char *verdicts;
        enum prober_state state;
    } rows[] = {
        {"StPtP", "verified", PROBER_HEALTHY},
        {"StPtFtP", "", PROBER_PROVING},     /* in a row */
        {"StFtFtFtFtF", "", PROBER_PROVING}, /* the start timeout gives up, not we */
        {"StPtPtFtFtF", "verified suspect unhealthy", PROBER_FAILED},
        {"StPtPtFtP", "verified suspect recovered", PROBER_HEALTHY},
        {"StPtPtHtHtH", "verified suspect hung", PROBER_FAILED},
        {"StPtPtFtHtF", "verified suspect hung", PROBER_FAILED}, /* the worst of them */
        {"StPtPtFtFtPtFtF", "verified suspect recovered suspect", PROBER_SUSPECT},
        /* the dependency is up for us: the worker lost it */
        {"uStPtPtDtDtD", "verified suspect zombie", PROBER_FAILED},
        {"uStPtPtDtFtD", "verified suspect unhealthy", PROBER_FAILED},
        {"uStDtDtDtD", "", PROBER_PROVING},
        /* it is down or unknown: nobody has it */
        {"dStDtD", "verified", PROBER_HEALTHY},
        {"StDtP", "verified", PROBER_HEALTHY},
        {"dStPtPtDtDtDtDtD", "verified degraded", PROBER_HEALTHY},
        {"kStPtPtDtDtDtDtD", "verified degraded", PROBER_HEALTHY},
        {"dStPtPtDtDtP", "verified degraded recovered", PROBER_HEALTHY},
        {"dStPtPtDtFtFtF", "verified degraded suspect unhealthy", PROBER_FAILED},
        /* it comes back: what was asked before counts no more, and what is proven is less */
        {"dStPtPtDtuDtDtD", "verified degraded suspect", PROBER_SUSPECT},
        {"dStPtPtDtuDtDtDtD", "verified degraded suspect zombie", PROBER_FAILED},
        {"dStDutPtP", "verified", PROBER_HEALTHY},
        {"dStDutPt", "", PROBER_PROVING},
        /* it goes: nothing is held against the worker that can be blamed on that */
        {"uStPtPtDtDd", "verified suspect degraded", PROBER_HEALTHY},
        {"uStPtPtFtDtdFt", "verified suspect", PROBER_SUSPECT},
        {"uStPtPtDtDtDd", "verified suspect zombie degraded", PROBER_HEALTHY},
        {"uStPtPtFtFtFd", "verified suspect unhealthy", PROBER_FAILED},
        /* silence while it is down, or that began before that was known: nobody's fault */
        {"uStPtPdtHtHtHtH", "verified degraded", PROBER_HEALTHY},
        {"uStPtPtHtHd", "verified suspect degraded", PROBER_HEALTHY},
        {"uStPtPtHtHtHd", "verified suspect hung degraded", PROBER_HEALTHY},
        {"uStPtPtHtHtHk", "verified suspect hung", PROBER_FAILED},
        {"uStPtPdtHtuHtHtH", "verified degraded suspect", PROBER_SUSPECT},
        {"uStPtPdtHtuHtHtHtH", "verified degraded suspect hung", PROBER_FAILED},
        {"dStHtHtH", "", PROBER_PROVING}, /* what does not answer is not proven */
        {"dStDtHtD", "", PROBER_PROVING},
        {"kStPtPtHtHtH", "verified suspect hung", PROBER_FAILED},
        {"kStPtPtHtHtHd", "verified suspect hung degraded", PROBER_HEALTHY},
        /* failed, and probed on until its turn comes */
        {"StPtPtFtFtFtPtP", "verified suspect unhealthy recovered", PROBER_HEALTHY},
        {"StPtPtFtFtFtPtFtP", "verified suspect unhealthy", PROBER_FAILED},
        {"StPtPtFtFtFtHtH", "verified suspect unhealthy hung", PROBER_FAILED},
        {"uStPtPtDtDtDtFtH", "verified suspect zombie unhealthy hung", PROBER_FAILED},
        {"dStPtPtFtFtFtDtD", "verified suspect unhealthy degraded", PROBER_HEALTHY},
        /* a provider fails: nobody's fault once it is verified, whatever others say */
        {"StPtPtNtWtWtWtW", "verified degraded", PROBER_HEALTHY},
        {"uStPtPtWtPtOtP", "verified degraded recovered degraded recovered", PROBER_HEALTHY},
        {"StPtPtFtW", "verified suspect degraded", PROBER_HEALTHY},
        {"StPtPtWtFtFtF", "verified degraded suspect unhealthy", PROBER_FAILED},
        {"StPtPtFtFtFtWtW", "verified suspect unhealthy degraded", PROBER_HEALTHY},
        /* being proven: excused only if nobody has it who serves */
        {"StNtN", "verified", PROBER_HEALTHY},
        {"StNtP", "verified", PROBER_HEALTHY},
        {"StOtOtOtWtWtWtW", "", PROBER_PROVING},
        {"StPtOtP", "", PROBER_PROVING},
        {"StOtWtNtN", "verified", PROBER_HEALTHY},
        /* a return of the dependency does not doubt what lacked only a provider */
        {"dStNutN", "verified", PROBER_HEALTHY},
        /* our own stall: what straddles it does not count, what came before it neither */
        {"StPtzPtP", "", PROBER_PROVING},
        {"StPtzPtPtP", "verified", PROBER_HEALTHY},
        {"StPtPtzHtHtH", "verified suspect", PROBER_SUSPECT},
        {"StPtPtHtHztHtHt", "verified suspect", PROBER_SUSPECT},
        {"StPtPtFtFtFtzPtP", "verified suspect unhealthy", PROBER_FAILED},
        /* a stop and a new life */
        {"StPtPtFX", "verified suspect", PROBER_IDLE},
        {"StPtPtFXStFtFtFtPtP", "verified suspect verified", PROBER_HEALTHY},
        {"StXP", "", PROBER_IDLE},
        {"z", "", PROBER_IDLE},
    };
    struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct prober p = prober_initial();
        usec_t now = 1000;
        run(&p, &now, rows[i].script, &out);
        if (strcmp(strbuf_text(&out), rows[i].verdicts) != 0 || p.state != rows[i].state)
            fail_msg(
                "%s: \"%s\", %s", rows[i].script, strbuf_text(&out), prober_state_name(p.state));
    }
    strbuf_fini(&out);
}

static void a_fault_is_found_out_in_three_answers(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        enum prober_doubt doubt;
        bool lacks;
    } rows[] = {
        {"StN", PROBER_DOUBT_NONE, true},
        {"StO", PROBER_DOUBT_SUSPECTED, false},
        {"StW", PROBER_DOUBT_SUSPECTED, false}, /* that may have been before the outage, too */
        {"StOtOtOtO", PROBER_DOUBT_SUSPECTED, false},
        {"StOtW", PROBER_DOUBT_WITNESSED, false},
        {"StOtWtO", PROBER_DOUBT_OWN_FAULT, false},
        {"StOtWtWtW", PROBER_DOUBT_OWN_FAULT, false},
        /* anything else that it says ends the doubt, and so does an outage for everybody */
        {"StOtWtF", PROBER_DOUBT_NONE, false},
        {"StOtWtOtP", PROBER_DOUBT_NONE, false},
        {"StOtWtOtN", PROBER_DOUBT_NONE, true},
        {"StOtWtHtO", PROBER_DOUBT_SUSPECTED, false},
        {"StOtWz", PROBER_DOUBT_NONE, false},
        {"StOtWtOX", PROBER_DOUBT_NONE, false},
        {"StOtWtOSt", PROBER_DOUBT_NONE, false},
        {"StNX", PROBER_DOUBT_NONE, false},
        {"StPtPtW", PROBER_DOUBT_NONE, true},
        {"dStPtPtWtD", PROBER_DOUBT_NONE, false},
        {"StPtPtWtF", PROBER_DOUBT_NONE, false},
    };
    struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct prober p = prober_initial();
        usec_t now = 1000;
        run(&p, &now, rows[i].script, &out);
        if (p.doubt != rows[i].doubt || p.lacks_provider != rows[i].lacks)
            fail_msg("%s: %d, %d", rows[i].script, (int)p.doubt, (int)p.lacks_provider);
    }
    strbuf_fini(&out);
}

static void a_complaint_hastens_who_is_well(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        usec_t due; /* from the last event on */
    } rows[] = {
        {"StPtPtP", 50},
        {"StPtPtPq", 20},
        {"StPtPtP>>>>>q", 15},
        {"StPtPtP>>>>>>>>>>>>>>>>>>>>>>>>>q", 0}, /* not more often than that */
        {"StPtPtFq", 20},
        {"StPq", 10},
    };
    struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct prober p = prober_initial();
        usec_t now = 1000;
        run(&p, &now, rows[i].script, &out);
        if (prober_deadline(p) != now + rows[i].due)
            fail_msg(
                "%s: due in %llu", rows[i].script, (unsigned long long)(prober_deadline(p) - now));
    }
    struct prober p = prober_initial();
    usec_t now = 1000;
    run(&p, &now, "StPtPtq", &out); /* it is being asked */
    assert_true(prober_deadline(p) == USEC_INFINITY);
    run(&p, &now, "P", &out);
    assert_int_equal(p.passed_at, p.began_at);
    run(&p, &now, "tW", &out);
    assert_int_equal(p.passed_at, p.began_at - 50);
    run(&p, &now, "X", &out);
    assert_int_equal(p.passed_at, 0);
    strbuf_fini(&out);
}

static void intervals_follow_the_state(void **state)
{
    (void)state;
    struct strbuf out = STRBUF_INIT;
    struct prober p = prober_initial();
    usec_t now = 1000;
    assert_int_equal(prober_deadline(p), USEC_INFINITY);
    run(&p, &now, "S", &out);
    assert_int_equal(prober_deadline(p), 1000); /* the first at once */
    run(&p, &now, "t", &out);
    assert_int_equal(prober_deadline(p), USEC_INFINITY); /* one at a time */
    run(&p, &now, ">>>P", &out);
    assert_int_equal(prober_deadline(p), 1010); /* after it began */
    run(&p, &now, "tP", &out);
    assert_int_equal(prober_deadline(p), 1010 + 50);
    run(&p, &now, "tF", &out);
    assert_int_equal(prober_deadline(p), 1060 + 20);
    run(&p, &now, "t", &out);
    now += 35;
    run(&p, &now, "F", &out);
    assert_int_equal(prober_deadline(p), 1115); /* a slow answer: at once */
    run(&p, &now, "tF", &out);
    assert_int_equal(prober_deadline(p), 1115 + 20); /* failed */
    run(&p, &now, "X", &out);
    assert_int_equal(prober_deadline(p), USEC_INFINITY);
    strbuf_fini(&out);
}

static void what_is_discarded_is_asked_again_at_once(void **state)
{
    (void)state;
    struct strbuf out = STRBUF_INIT;
    struct prober p = prober_initial();
    usec_t now = 1000;
    run(&p, &now, "StPtPt>>zH", &out);
    assert_int_equal(prober_deadline(p), now);
    assert_int_equal(p.state, PROBER_HEALTHY);
    /* The dependency's return is looked into at once, but only by those who lacked it. */
    run(&p, &now, "tP", &out);
    usec_t planned = prober_deadline(p);
    run(&p, &now, ">u", &out);
    assert_int_equal(prober_deadline(p), planned);
    run(&p, &now, "dtD>>u", &out);
    assert_int_equal(prober_deadline(p), now);
    strbuf_fini(&out);
}

static void answers_to_other_probes_are_ignored(void **state)
{
    (void)state;
    struct strbuf out = STRBUF_INIT;
    struct prober p = prober_initial();
    usec_t now = 1000;
    run(&p, &now, "StPt", &out);
    struct prober_event stale = {
        .type = PROBER_EV_RESULT, .now = now, .seq = p.seq - 1, .outcome = PROBE_PASS};
    struct prober_update u = prober_step(&conf, p, stale);
    assert_memory_equal(&u.next, &p, sizeof p);
    assert_int_equal(u.verdict, PROBER_VERDICT_NONE);
    /* Numbers go on over lives, so that an answer meant for the last one is known. */
    uint64_t seq = p.seq;
    run(&p, &now, "XSt", &out);
    assert_int_equal(p.seq, seq + 1);
    strbuf_fini(&out);
}

static void ready_makes_the_next_startup_probe_due(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        usec_t due; /* from the last event on */
    } rows[] = {
        {"StF", 10},
        {"StFr", 0},
        {"StrF", 0},    /* it said so while we looked: what we saw may be from before */
        {"StrFtF", 10}, /* once */
        {"StPr", 0},
        {"StPtP", 50},
        {"StPtPr", 50}, /* proven: no reason to hurry */
        {"StPtPtFr", 20},
        {"StrXStF", 10},
    };
    struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct prober p = prober_initial();
        usec_t now = 1000;
        run(&p, &now, rows[i].script, &out);
        if (prober_deadline(p) != now + rows[i].due)
            fail_msg(
                "%s: due in %llu", rows[i].script, (unsigned long long)(prober_deadline(p) - now));
    }
    struct prober idle = prober_initial();
    usec_t now = 1000;
    run(&idle, &now, "r", &out);
    assert_true(prober_deadline(idle) == USEC_INFINITY);
    strbuf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_follow_from_results),
        cmocka_unit_test(ready_makes_the_next_startup_probe_due),
        cmocka_unit_test(a_fault_is_found_out_in_three_answers),
        cmocka_unit_test(a_complaint_hastens_who_is_well),
        cmocka_unit_test(intervals_follow_the_state),
        cmocka_unit_test(what_is_discarded_is_asked_again_at_once),
        cmocka_unit_test(answers_to_other_probes_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
