/* Which unit a process is part of: every shape of /proc/PID/cgroup that there is. */
#include "core/own_unit.h"

#include "cmocka_all.h"

#include <string.h>

static void the_unit_of(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *name;
        const char *cgroup;
    } cases[] = {
        {"0::/system.slice/vk.service\n", "vk.service", "/system.slice/vk.service"},
        {"0::/system.slice/vk.service/.control\n", "vk.service", "/system.slice/vk.service"},
        {"0::/system.slice/vk.service/supervisor", "vk.service", "/system.slice/vk.service"},
        {"0::/a.slice/a-b.slice/vk@x.service\n", "vk@x.service", "/a.slice/a-b.slice/vk@x.service"},
        {"0::/user.slice/user@0.service/app.slice/vk.service/x\n", "vk.service",
            "/user.slice/user@0.service/app.slice/vk.service"},
        {"0::/init.scope\n", "init.scope", "/init.scope"},
        /* Version 1, and the two hybrids. */
        {"3:memory:/x.service\n1:name=systemd:/system.slice/vk.service\n", "vk.service",
            "/system.slice/vk.service"},
        {"1:name=systemd:/s.slice/vk.service\n0::/\n", "vk.service", "/s.slice/vk.service"},
        {"1:name=systemd:/old.service\n0::/s.slice/vk.service\n", "vk.service",
            "/s.slice/vk.service"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct own_unit unit;
        memset(&unit, 'x', sizeof unit);
        assert_true(own_unit_read(cases[i].text, &unit));
        assert_string_equal(unit.name, cases[i].name);
        assert_string_equal(unit.cgroup, cases[i].cgroup);
    }
}

static void no_unit(void **state)
{
    (void)state;
    static char longest[2 * OWN_UNIT_PATH_MAX];
    static const char *const texts[] = {"", "\n", "0::/\n", "0::/user.slice\n", "0::/.service\n",
        "0::/services\n", "1:memory:/vk.service\n", "vk.service", "::", longest};
    memset(longest, 'x', sizeof longest - 1);
    memcpy(longest, "0::/", 4);
    memcpy(longest + sizeof longest - 9, ".service", 8);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct own_unit unit = {.name = "as it was"};
        assert_false(own_unit_read(texts[i], &unit));
        assert_string_equal(unit.name, "as it was");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_unit_of),
        cmocka_unit_test(no_unit),
    };
    return cmocka_run_group_tests_name("own_unit", tests, NULL, NULL);
}
