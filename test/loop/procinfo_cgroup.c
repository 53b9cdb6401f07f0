/* Reading /proc/PID/cgroup: our own, files made for it, and what cannot be read. */
#include "io/child/procinfo_cgroup.h"

#include "cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char file[32];

static int make_file(void **state)
{
    (void)state;
    snprintf(file, sizeof file, "/tmp/vk-cgroup-XXXXXX");
    int fd = mkstemp(file);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? -1 : 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file);
}

static void write_file(const char *text, size_t times)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    for (size_t i = 0; i < times; i++)
        assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void a_file_is_read_whole(void **state)
{
    (void)state;
    struct err e = {0};
    char *text = NULL;
    char place[32];
    write_file("3:cpuset:/a path that is repeated\n", 1000);
    FILE *f = fopen(file, "a");
    assert_true(fputs("0::/the:last one\n", f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(proc_cgroup_read(file, &text, &e), 0);
    assert_int_equal(strlen(text),
        1000 * strlen("3:cpuset:/a path that is repeated\n") + strlen("0::/the:last one\n"));
    free(text);
    assert_int_equal(proc_cgroup_place(file, CGROUP_V2, place, sizeof place, &e), 0);
    assert_string_equal(place, "/the:last one");
}

static void a_place_has_room_or_is_refused(void **state)
{
    (void)state;
    struct err e = {0};
    char place[8] = "before";
    write_file("4:memory:/seven.\n0::/eight..\n", 1);
    assert_int_equal(proc_cgroup_place(file, CGROUP_V2, place, sizeof place, &e), -ENAMETOOLONG);
    assert_string_equal(place, "before");
    assert_non_null(strstr(e.msg, file));
    assert_int_equal(proc_cgroup_place(file, "memory", place, sizeof place, &e), 0);
    assert_string_equal(place, "/seven.");
}

static void an_empty_file_names_none(void **state)
{
    (void)state;
    struct err e = {0};
    char *text = NULL;
    char place[8] = "before";
    assert_int_equal(proc_cgroup_read(file, &text, &e), 0);
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(proc_cgroup_place(file, CGROUP_V2, place, sizeof place, &e), -ENODATA);
    assert_string_equal(place, "before");
    assert_non_null(strstr(e.msg, file));
}

static void what_cannot_be_read_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int want;
    } cases[] = {
        {"/nonexistent/cgroup", -ENOENT}, {"/tmp", -EISDIR},
        {"/proc/self/mem", -EIO}, /* opens, and cannot be read at 0 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        char *text = NULL;
        char place[8] = "before";
        assert_int_equal(proc_cgroup_read(cases[i].path, &text, &e), cases[i].want);
        assert_null(text);
        assert_non_null(strstr(e.msg, cases[i].path));
        assert_int_equal(
            proc_cgroup_place(cases[i].path, CGROUP_V2, place, sizeof place, &e), cases[i].want);
        assert_string_equal(place, "before");
    }
}

static void we_are_somewhere(void **state)
{
    (void)state;
    struct err e = {0};
    char *text = NULL;
    char place[4096];
    assert_int_equal(proc_cgroup_read(PROC_CGROUP_OWN, &text, &e), 0);
    if (strstr(text, "0::/")) {
        assert_int_equal(proc_cgroup_place(PROC_CGROUP_OWN, CGROUP_V2, place, sizeof place, &e), 0);
        assert_true(place[0] == '/');
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_read_whole, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_place_has_room_or_is_refused, make_file, remove_file),
        cmocka_unit_test_setup_teardown(an_empty_file_names_none, make_file, remove_file),
        cmocka_unit_test(what_cannot_be_read_is_said),
        cmocka_unit_test(we_are_somewhere),
    };
    return cmocka_run_group_tests_name("procinfo_cgroup", tests, NULL, NULL);
}
