/*
 * One worker process with everything it started: spawned by clone3 into its own process group (and
 * cgroup, where one is delegated), watched by its pidfd, killed as a whole, reaped to the last.
 *
 * The exec error comes back over a close-on-exec pipe, so that "no such file" is an errno and not
 * an exit code. Descriptors that are not listed are not inherited.
 */
#pragma once

#include "base/err.h"
#include "core/fleet/worker.h"
#include "io/loop/loop.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child;
struct cgroup;

struct child_fd {
    int source; /* in our process; borrowed */
    int target; /* in the worker; 0, 1 and 2 included. What is not listed is /dev/null for those */
};

enum { CHILD_PID_TEXT = 11, CHILD_PID_TEXTS = 2 };

struct child_spec {
    const char *path; /* absolute, or a name looked up in the PATH of `envp` */
    char *const *argv;
    char *const *envp;
    /* Each NULL, or room in one of envp's texts for the worker's process id, at its end:
     * CHILD_PID_TEXT characters, of which the new process uses as many as it needs. */
    char *pid_texts[CHILD_PID_TEXTS];
    const char *working_directory; /* NULL: ours */
    const char *user;              /* NULL: ours; else name or number, with its groups */
    const char *group;             /* NULL: the user's */
    uint64_t limit_nofile;         /* 0: ours */
    int oom_score_adj;             /* written only when it is higher than ours; 0: ours */
    const struct child_fd *fds;
    unsigned n_fds;
    struct cgroup
        *cgroup; /* parent of the worker's own cgroup; NULL: none. Borrowed while it lives */
    /* Of that cgroup, and of VOXKEEPER_INSTANCE, which is put into the environment: unique among
     * the processes of the machine, since a next instance of us kills whoever bears it. */
    const char *name;
};

struct child_callbacks {
    void (*on_started)(struct child *c, void *arg);                       /* exec succeeded */
    void (*on_failed)(struct child *c, const struct err *why, void *arg); /* no process is left */
    void (*on_exited)(struct child *c, struct exit_status status, void *arg);
    /* After on_exited, and only after child_kill_tree(): no process of the tree is left. */
    void (*on_tree_gone)(struct child *c, void *arg);
};

/*
 * Makes orphans of workers our children and has the loop reap them; once, before the first spawn.
 * Without it a double fork escapes child_kill_tree() to init. Returns 0 or -errno.
 */
int child_become_subreaper(struct loop *l, struct err *e);

/*
 * Starts the process; the outcome comes by on_started or on_failed from the loop, never from inside
 * this call. Returns owned, or NULL with *e set (no process, no callback).
 */
struct child *child_spawn(struct loop *l, const struct child_spec *spec,
    const struct child_callbacks *callbacks, void *arg, struct err *e);

/*
 * A process that a former instance of us spawned: `pidfd` (owned from now on, also if this fails)
 * is of the process `pid`. `name` and `cgroup` as it was spawned with. on_started does not come;
 * on_exited does from the loop, also when it has ended already: by waitid() if it is our child
 * still (after an exec in place), else with what PIDFD_GET_INFO tells once its parent has reaped
 * it; `known` = false on kernels without that, or when nobody reaps it within 50 ms.
 * What it leaves behind does not come to us: child_kill_tree() looks for the name everywhere.
 * Returns owned, or NULL with *e set.
 */
struct child_adoption {
    pid_t pid;
    int pidfd;
    const char *name;
    struct cgroup *cgroup; /* NULL: none */
};
struct child *child_adopt(struct loop *l, const struct child_adoption *adoption,
    const struct child_callbacks *callbacks, void *arg, struct err *e);

/*
 * SIGKILL to every process whose VOXKEEPER_INSTANCE is `name` (and to that cgroup's): what a former
 * instance spawned and had no time to write down. Does not wait for their end. Returns how many
 * there were.
 */
unsigned child_kill_instance(struct cgroup *cgroup, const char *name);

pid_t child_pid(const struct child *c);

/* From child_spawn() or child_adopt() on; borrowed. */
int child_pidfd(const struct child *c);

/* To the main process, by its pidfd. Returns 0, -ESRCH once it ended, or -errno. */
int child_signal(struct child *c, int signum);

/*
 * SIGKILL to every process of the tree: cgroup.kill, else the process group and the strays found by
 * parentage and VOXKEEPER_INSTANCE. Repeats by itself until none is left, then calls on_tree_gone.
 */
void child_kill_tree(struct child *c);

/* Processes that were left when the main one ended and had to be killed, so far. */
unsigned child_leftovers(const struct child *c);

/* No callback comes after this; the processes are left alone. NULL is fine. */
void child_free(struct child *c);
