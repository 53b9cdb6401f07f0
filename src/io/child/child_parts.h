/* The insides of `struct child`, shared by child*.c. */
#pragma once

#include "io/child/cgroup.h"
#include "io/child/child.h"
#include "io/child/child_family.h"
#include "io/child/child_plan.h"
#include "io/child/child_tree.h"

#include <uv.h>

enum child_phase {
    CHILD_STARTING, /* exec has not been heard of */
    CHILD_FAILING,  /* it failed; the process is about to end */
    CHILD_RUNNING,
    CHILD_EXITED, /* ended and told; not reaped, so that its pid stays its own */
    CHILD_REAPED,
};

struct child {
    struct loop *loop;
    struct child_callbacks on;
    void *arg;
    enum child_phase phase;
    struct child_plan plan; /* until the phase is past FAILING */
    struct err failure;
    pid_t pid;
    int pidfd;
    int report_fd;
    uv_poll_t pidfd_poll;
    uv_poll_t report_poll;
    /*
     * Not our child (any more): who reaps it we do not see, and from then on its number may be
     * somebody else's.
     */
    bool foreign;
    uint64_t start_ticks;  /* of an adopted one; 0: not known */
    uint64_t number_until; /* when it was first seen to have ended, ticks; UINT64_MAX: not yet */
    struct timer *reaper_wait; /* NULL: not waiting for somebody else to reap it */
    bool reaper_late;
    unsigned holds; /* uv handles not closed yet, and handlers of ours that are running */
    bool freed;
    struct family *family;
    struct family_member member;
    struct cgroup *cgroup;
    char *name;
    uint64_t oom_kills_before;
    struct timer *kill_retry; /* NULL: no kill is under way */
    usec_t kill_delay;
    struct stray_list strays; /* that the last round killed */
    unsigned leftovers;
};

/* Returns owned, without a process, or NULL with *e set. */
struct child *child_new(struct loop *l, const char *name, const struct child_callbacks *callbacks,
    void *arg, struct err *e);

/* Hears of its end from the loop. Returns 0 or -errno; child_free() closes what there is. */
int child_watch_end(struct child *c);

/* Whether the main process runs, as far as the loop has heard. */
bool child_is_alive(const struct child *c);

/* Whether it has ended, asked now: of a foreign one, whose number is not its own after that. */
bool child_has_ended(struct child *c);

/*
 * How it ended. False when it has not, or when nobody can tell yet: then child_hear_end() will be
 * called. Leaves it to be reaped: until then its pid means nobody else.
 */
bool child_look_at_end(struct child *c, struct exit_status *out);

/* Tells the end if there is one. */
void child_hear_end(struct child *c);

/* Gives the pid back to the kernel; nothing may be signalled by number after this. */
void child_reap(struct child *c);

/* Around a callback: the memory stays until the last hold is gone. */
void child_hold(struct child *c);
void child_release(struct child *c);

/* The main process has ended: what is being killed is looked at again. */
void child_kill_on_exit(struct child *c);

/* Forgets a kill under way. */
void child_kill_cancel(struct child *c);
