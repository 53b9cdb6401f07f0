/* core/sweep/sweep_policy: what a sweep makes of each error. */
#include "core/sweep/sweep_policy.h"

#include "cmocka_all.h"

#include <string.h>

static void each_error_has_its_reaction(void **state)
{
    (void)state;
    static const struct {
        enum redis_error error;
        const char *text;
        enum sweep_reaction key;
        enum sweep_reaction scan;
    } rows[] = {
        {REDIS_E_OTHER, "ERR odd", SWEEP_REACT_SKIP_KEY, SWEEP_REACT_END},
        {REDIS_E_WRONGTYPE, "", SWEEP_REACT_SKIP_KEY, SWEEP_REACT_END},
        {REDIS_E_MOVED, "", SWEEP_REACT_SKIP_KEY, SWEEP_REACT_END},
        {REDIS_E_LOST, "", SWEEP_REACT_RECONNECT, SWEEP_REACT_RECONNECT},
        {REDIS_E_LOADING, "", SWEEP_REACT_RECONNECT, SWEEP_REACT_RECONNECT},
        {REDIS_E_BUSY, "", SWEEP_REACT_WAIT, SWEEP_REACT_WAIT},
        {REDIS_E_OOM, "", SWEEP_REACT_STOP_REMOVING, SWEEP_REACT_END},
        {REDIS_E_MISCONF, "", SWEEP_REACT_STOP_REMOVING, SWEEP_REACT_END},
        {REDIS_E_READONLY, "", SWEEP_REACT_END, SWEEP_REACT_END},
        {REDIS_E_NOAUTH, "", SWEEP_REACT_END, SWEEP_REACT_END},
        {REDIS_E_NOPERM, "NOPERM this user has no permissions to access one of the keys",
            SWEEP_REACT_SKIP_KEYSPACE, SWEEP_REACT_END},
        {REDIS_E_NOPERM, "ERR The user executing the script can't access at least one of the keys",
            SWEEP_REACT_SKIP_KEYSPACE, SWEEP_REACT_END},
        {REDIS_E_NOPERM, "NOPERM this user has no permissions to run the 'dump' command",
            SWEEP_REACT_END, SWEEP_REACT_END},
        {REDIS_E_CLUSTERDOWN, "", SWEEP_REACT_END, SWEEP_REACT_END},
        {REDIS_E_NOSCRIPT, "", SWEEP_REACT_END, SWEEP_REACT_END},
        {REDIS_E_CLIENTS, "", SWEEP_REACT_RECONNECT, SWEEP_REACT_RECONNECT},
        {REDIS_E_PROTOCOL, "", SWEEP_REACT_END, SWEEP_REACT_END},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum sweep_reaction key = sweep_react_key(rows[i].error, rows[i].text);
        enum sweep_reaction scan = sweep_react_scan(rows[i].error);
        if (key != rows[i].key || scan != rows[i].scan)
            fail_msg("%s: %s, %s", redis_error_name(rows[i].error), sweep_reaction_name(key),
                sweep_reaction_name(scan));
    }
}

/* An imperative without an end, and another one for each that is another matter. */
static void each_error_has_its_advice(void **state)
{
    (void)state;
    assert_string_equal(sweep_policy_advice(REDIS_E_NONE), "");
    for (unsigned e = REDIS_E_OTHER; e <= REDIS_E_PROTOCOL; e++) {
        const char *advice = sweep_policy_advice((enum redis_error)e);
        assert_true(strlen(advice) > 20);
        assert_int_not_equal(advice[strlen(advice) - 1], '.');
        for (unsigned other = REDIS_E_LOST; other < e; other++) {
            const char *its = sweep_policy_advice((enum redis_error)other);
            if (e != REDIS_E_WRONGTYPE && strcmp(advice, its) == 0)
                fail_msg("%s", advice);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_error_has_its_reaction),
        cmocka_unit_test(each_error_has_its_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
