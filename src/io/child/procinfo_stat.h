/* /proc/PID/stat, taken apart. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_stat {
    pid_t pid;
    pid_t parent;
    pid_t group;
    pid_t session;
    char state;
    bool kernel;  /* one of its threads: it has no program */
    bool exiting; /* past its last instruction, its memory perhaps gone; not yet dead */
    char name[64];
    uint64_t cpu_ticks;
    uint64_t start_ticks; /* since boot */
    unsigned threads;
    uint64_t resident_pages;
};

/* `path` is that of the stat file of a process or a thread. Returns 0 or -errno (-ESRCH: gone). */
int proc_stat_read(const char *path, struct proc_stat *out);

/* Of the text of such a file; 0 or -EINVAL. */
int proc_stat_parse(const char *text, struct proc_stat *out);

/* Ended, if perhaps not reaped: it runs no instruction any more. */
bool proc_stat_is_dead(const struct proc_stat *s);
