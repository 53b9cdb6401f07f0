/* What the new process does between clone and exec, and how it reports where that failed. */
#pragma once

#include "io/child/child.h"
#include "io/child/child_user.h"

#include <stdint.h>
#include <sys/types.h>

/* In the order in which they are done. */
enum child_step {
    CHILD_STEP_SESSION,
    CHILD_STEP_FD, /* `index` says which */
    CHILD_STEP_LIMIT,
    CHILD_STEP_GROUPS,
    CHILD_STEP_GROUP,
    CHILD_STEP_USER,
    CHILD_STEP_DIRECTORY,
    CHILD_STEP_EXEC,
};

/* One write to the report pipe; a successful exec closes the pipe without any. */
struct child_report {
    enum child_step step;
    int errno_value;
    unsigned index;
};

struct child_plan_fd {
    int source;
    int target;
    int moved; /* where the new process puts it for the time of the shuffle */
};

/* All that has been looked up before, so that nothing in child_exec() needs memory or a library. */
struct child_plan {
    char *path;              /* owned, as are the others without a comment */
    char *working_directory; /* NULL: stays */
    char *user_name;         /* for messages, as is the next; NULL: ours */
    char *group_name;
    char *const *argv; /* borrowed until the clone, as are the texts of envp but the first */
    char **envp;
    char *pid_texts[CHILD_PID_TEXTS]; /* in some of them; borrowed. NULL: nobody asks */
    struct child_plan_fd *fds;        /* 0, 1 and 2 are always among the targets */
    unsigned n_fds;
    int null_fd; /* -1: not needed */
    struct child_user user;
    uint64_t limit_nofile;  /* 0: stays */
    char oom_score_adj[16]; /* empty: stays */
    int report_fd;          /* borrowed */
    int cgroup_fd; /* borrowed; to join by its cgroup.procs. -1: none, or clone has done it */
};

/* Async-signal-safe. Enter it with every signal blocked. */
_Noreturn void child_exec(struct child_plan *p);
