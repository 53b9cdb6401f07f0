/* Judging the machine. */
#pragma once

#include "core/doctor/doctor_rise.h"

#include <stdbool.h>
#include <stdint.h>

struct doctor_report;

enum { DOCTOR_DISKS_MAX = 8 };

struct doctor_disk {
    char path[160];
    bool known;
    uint64_t bytes, free_bytes;
    uint64_t inodes, free_inodes; /* 0 inodes: it counts none */
};

struct doctor_host {
    struct doctor_disk disks[DOCTOR_DISKS_MAX];
    unsigned n_disks;
    uint64_t min_disk_free;            /* bytes; 0: only by percent */
    uint64_t memory, memory_available; /* bytes; 0: not known */
    bool pressure_known;
    double pressure; /* percent of the last minute that something waited for memory */
    bool oom_known;
    uint64_t oom_kills; /* of our cgroup, since it was made */
    struct doctor_risen ooms;
    char oom_file[160];    /* that says so */
    uint64_t fds, max_fds; /* of voxkeeperd */
    uint64_t machine_fds, machine_max_fds;
    uint64_t suppressed; /* lines of ours that the journal dropped, within the last hour */
    bool unit_known, unit_changed;
    char unit[128];
    bool program_changed; /* ours on the disk is another file */
    char program[160];
    bool sync_known, synced;
    char sync_text[96];
};

void doctor_judge_host(const struct doctor_host *f, struct doctor_report *r);
