/* core/fleet/bake_signal: more errors than chance and the generation before explain. */
#include "cmocka_all.h"

#include "core/fleet/bake_signal.h"

#define S USEC_PER_SEC

static void judges(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct bake_conf conf;
        struct error_rate fresh, before;
        bool bad;
    } rows[] = {
        {"silence", {3, 10}, {0, 5 * S}, {0, 600 * S}, false},
        {"one line", {3, 10}, {1, 5 * S}, {0, 600 * S}, false},
        {"one line, where one is enough by the minimum", {3, 1}, {1, S}, {0, 3 * S}, false},
        {"one below the minimum", {3, 10}, {9, 5 * S}, {0, 600 * S}, false},
        {"the minimum, and it was quiet before", {3, 10}, {10, 5 * S}, {0, 600 * S}, true},
        {"as noisy as ever", {3, 10}, {50, 5 * S}, {6000, 600 * S}, false},
        {"three times as noisy is allowed", {3, 10}, {150, 5 * S}, {6000, 600 * S}, false},
        {"a little more may be chance", {3, 10}, {180, 5 * S}, {6000, 600 * S}, false},
        {"four times is not", {3, 10}, {200, 5 * S}, {6000, 600 * S}, true},
        {"a life that was watched for a moment", {3, 10}, {10, 5 * S}, {0, 2 * S}, false},
        {"the same, but far too many", {3, 10}, {100, 5 * S}, {0, 2 * S}, true},
        {"errors do not count", {0, 1}, {5000, 5 * S}, {0, 600 * S}, false},
        {"nothing to compare with", {3, 10}, {5000, 5 * S}, {0, 0}, false},
        {"no time has passed", {3, 10}, {5000, 0}, {0, 600 * S}, false},
        {"less than before is asked for", {0.5, 10}, {60, 60 * S}, {600, 600 * S}, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (bake_signal_is_bad(&rows[i].conf, rows[i].fresh, rows[i].before) != rows[i].bad)
            fail_msg("%s: not %s", rows[i].what, rows[i].bad ? "bad" : "fine");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
