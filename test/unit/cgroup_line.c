/* Finding our place in every shape of /proc/PID/cgroup that there is. */
#include "core/cgroup_line.h"

#include "cmocka_all.h"

#include <string.h>

#define V1                                                                                         \
    "12:cpu,cpuacct:/c\n5:net_cls,net_prio:/n\n4:memory:/m/x\n3:devices:/d\n"                      \
    "1:name=systemd:/system.slice/vk.service\n"

static void the_place_in_a_hierarchy(void **state)
{
    (void)state;
    static const struct {
        const char *text, *controller;
        const char *path; /* NULL: none */
    } cases[] = {
        /* Version 2 alone. */
        {"0::/system.slice/vk.service\n", CGROUP_V2, "/system.slice/vk.service"},
        {"0::/\n", CGROUP_V2, "/"},
        {"0::/unended", CGROUP_V2, "/unended"},
        {"0::/x\n", "memory", NULL},
        {"0::/x\n", CGROUP_V1_MANAGER, NULL},
        /* Outside of our namespace, and one that was removed. */
        {"0::/../other\n", CGROUP_V2, "/../other"},
        {"0::/gone (deleted)\n", CGROUP_V2, "/gone (deleted)"},
        /* Version 1 alone: the whole name counts, wherever it stands in the list. */
        {V1, CGROUP_V2, NULL},
        {V1, "cpu", "/c"},
        {V1, "cpuacct", "/c"},
        {V1, "net_prio", "/n"},
        {V1, "memory", "/m/x"},
        {V1, "mem", NULL},
        {V1, "memory:", NULL},
        {V1, "cpuset", NULL},
        {V1, CGROUP_V1_MANAGER, "/system.slice/vk.service"},
        /* Both. */
        {V1 "0::/v2\n", CGROUP_V2, "/v2"},
        {"0::/v2\n" V1, CGROUP_V1_MANAGER, "/system.slice/vk.service"},
        {"0::/v2\n" V1, "memory", "/m/x"},
        /* Colons, blanks and what looks like a line are part of a path. */
        {"0::/a:b/c::d\n", CGROUP_V2, "/a:b/c::d"},
        {"4:memory:/0::/x\n0::/y\n", CGROUP_V2, "/y"},
        {"4:devices:/x:memory:/y\n", "memory", NULL},
        {"0::/two words/and  more \n", CGROUP_V2, "/two words/and  more "},
        /* The first one counts. */
        {"0::/a\n0::/b\n", CGROUP_V2, "/a"},
        /* No such file. */
        {"", CGROUP_V2, NULL},
        {"\n\n", CGROUP_V2, NULL},
        {"vk.service\n", CGROUP_V2, NULL},
        {"0:memory\n:/x\n", "memory", NULL},
        {"0::relative\n", CGROUP_V2, NULL},
        {"::", CGROUP_V2, NULL},
        {"4:,,memory,:/odd\n", "memory", "/odd"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = "as it was";
        size_t len = 9;
        bool found = cgroup_line_find(cases[i].text, cases[i].controller, &path, &len);
        const char *want = cases[i].path ? cases[i].path : "as it was";
        if (found != (cases[i].path != NULL) || len != strlen(want) || memcmp(path, want, len) != 0)
            fail_msg("of \"%s\" in \"%s\": \"%.*s\"", cases[i].controller, cases[i].text, (int)len,
                path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_place_in_a_hierarchy),
    };
    return cmocka_run_group_tests_name("cgroup_line", tests, NULL, NULL);
}
