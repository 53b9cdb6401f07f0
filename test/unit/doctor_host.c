/* core/doctor/doctor_host: what is wrong with the machine. */
#include "core/doctor/doctor_host.h"

#include "doctor_found.h"

#define SYNCED .sync_known = true, .synced = true
#define GB(n) (UINT64_C(n) << 30)
#define DISK(free, all)                                                                            \
    {                                                                                              \
        .path = "/x", .known = true, .bytes = all, .free_bytes = free                              \
    }

static void each_fault_is_one_finding(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        struct doctor_host facts;
        const char *names;
    } rows[] = {
        {"well", {SYNCED}, ""},
        {"full", {SYNCED, .n_disks = 1, .disks = {DISK(GB(1), GB(100))}}, "host-disk"},
        {"full, seen twice", {SYNCED, .n_disks = 2, .disks = {DISK(1, GB(9)), DISK(1, GB(9))}},
            "host-disk"},
        {"a large disk", {SYNCED, .n_disks = 1, .disks = {DISK(GB(3), GB(100))}}, ""},
        {"a small disk", {SYNCED, .n_disks = 1, .disks = {DISK(GB(1), GB(2))}}, ""},
        {"below what is asked for",
            {SYNCED, .min_disk_free = GB(2), .n_disks = 1, .disks = {DISK(GB(1), GB(2))}},
            "host-disk"},
        {"inodes",
            {SYNCED, .n_disks = 1,
                .disks = {{.path = "/x",
                    .known = true,
                    .bytes = GB(9),
                    .free_bytes = GB(8),
                    .inodes = 1000,
                    .free_inodes = 3}}},
            "host-inodes"},
        {"memory", {SYNCED, .memory = GB(100), .memory_available = GB(2)}, "host-memory"},
        {"pressure", {SYNCED, .pressure_known = true, .pressure = 20}, "host-memory-pressure"},
        {"oom", {SYNCED, .oom_known = true, .oom_kills = 3, .ooms = {true, 1, USEC_PER_MIN}},
            "host-oom-kills"},
        {"oom long ago", {SYNCED, .oom_known = true, .oom_kills = 3, .ooms = {true, 0, 1}}, ""},
        {"files", {SYNCED, .fds = 90, .max_fds = 100}, "host-descriptors"},
        {"files of the machine", {SYNCED, .machine_fds = 95, .machine_max_fds = 100},
            "host-descriptors"},
        {"journal", {SYNCED, .suppressed = 5}, "host-journal-suppressed"},
        {"unit", {SYNCED, .unit_known = true, .unit_changed = true}, "host-unit-drift"},
        {"program", {SYNCED, .program_changed = true}, "host-program-drift"},
        {"clock", {.sync_known = true}, "host-time-sync"},
        {"clock not known", {.n_disks = 0}, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct doctor_report r = {0};
        doctor_judge_host(&rows[i].facts, &r);
        assert_found(&r, rows[i].names, rows[i].row);
    }
}

static void what_the_kernel_does_not_tell_is_said(void **state)
{
    (void)state;
    const struct doctor_host nothing = {.n_disks = 0};
    const struct doctor_host all = {SYNCED, .pressure_known = true, .oom_known = true};
    struct doctor_report r = {0};
    doctor_judge_host(&all, &r);
    assert_int_equal(r.n_gaps, 0);
    doctor_judge_host(&nothing, &r);
    assert_int_equal(r.n_gaps, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_one_finding),
        cmocka_unit_test(what_the_kernel_does_not_tell_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
