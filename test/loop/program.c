/* io/program: which programs the dynamic loader preloads nothing into. */
#include "io/program.h"

#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *static_program;
static char copy[64];

/* Of a file with these bytes. */
static const char *resists(const void *bytes, size_t len, mode_t mode)
{
    FILE *file = fopen(copy, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    assert_int_equal(chmod(copy, mode), 0);
    return program_resists_preload(copy);
}

static void a_static_program_is_known(void **state)
{
    (void)state;
    assert_string_equal(program_resists_preload(static_program), "it is a static program");
}

static void a_dynamic_one_speaks_for_itself(void **state)
{
    (void)state;
    assert_null(program_resists_preload("/proc/self/exe"));
}

static void rights_of_its_own_are_known(void **state)
{
    char bytes[4096];
    (void)state;
    FILE *self = fopen("/proc/self/exe", "re");
    size_t len = fread(bytes, 1, sizeof bytes, self);
    fclose(self);
    assert_null(resists(bytes, len, 0755));
    assert_string_equal(resists(bytes, len, 04755), "it is setuid or setgid");
    bytes[4] = bytes[4] == 1 ? 2 : 1;
    assert_string_equal(resists(bytes, len, 0755), "it is a program of another word size");
}

static void what_is_no_program_tells_nothing(void **state)
{
    (void)state;
    assert_null(resists("#!/bin/sh\n", 10, 0755));
    assert_null(resists("\177ELF", 4, 0755));
    assert_null(resists("", 0, 0755));
    assert_null(program_resists_preload("/nonexistent"));
    assert_null(program_resists_preload("/"));
    assert_null(program_resists_preload("/dev/zero"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_static_program_is_known),
        cmocka_unit_test(a_dynamic_one_speaks_for_itself),
        cmocka_unit_test(rights_of_its_own_are_known),
        cmocka_unit_test(what_is_no_program_tells_nothing),
    };
    static_program = argc > 1 ? argv[1] : "";
    snprintf(copy, sizeof copy, "/tmp/vk-program-%d", getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(copy);
    return failed;
}
