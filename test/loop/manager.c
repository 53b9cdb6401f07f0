/* Asking the service manager where there is none, and finding the unit that we are in. */
#include "io/manager.h"

#include "loop/cgroup_base.h"

static void nobody_answers(void **state)
{
    (void)state;
    struct err e = {0};
    char *job = NULL;
    assert_int_equal(
        setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/voxkeeper-test-bus", 1), 0);
    assert_true(manager_job_type("vk.service", &job, &e) < 0);
    assert_null(job);
    assert_non_null(strstr(e.msg, "\"vk.service\""));
}

static void look_for_unit(void)
{
    struct err e = {0};
    struct own_unit unit;
    char path[160];
    snprintf(path, sizeof path, "%s/vk.service/cgroup.procs", base);
    write_text(path, "0");
    assert_int_equal(manager_own_unit(&unit, &e), 0);
    assert_string_equal(unit.name, "vk.service");
    assert_non_null(strstr(unit.cgroup, strrchr(base, '/')));
}

static void in_a_unit(void **state)
{
    (void)state;
    char path[160];
    snprintf(path, sizeof path, "%s/vk.service", base);
    if (base[0] != '\0')
        assert_int_equal(mkdir(path, 0755), 0);
    inside(look_for_unit);
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test_setup_teardown(in_a_unit, make_base, remove_base),
    };
    return cmocka_run_group_tests_name("manager", tests, NULL, NULL);
}
