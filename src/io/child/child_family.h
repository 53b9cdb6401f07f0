/*
 * The children of one loop, and the orphans that come to us as subreaper. SIGCHLD wakes us for
 * both; a child of ours is waited for by its pidfd, so that here only unknown ones are reaped.
 */
#pragma once

#include "base/err.h"
#include "io/loop/loop.h"

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>

struct family_member {
    pid_t pid;
    LIST_ENTRY(family_member) link;
};

/* The family of a loop, made at first use; loop_free() ends it. NULL with *e set. */
struct family *family_of(struct loop *l, struct err *e);

/* `pid` is waited for by its owner from now on, until it leaves. Borrows `m`. */
void family_join(struct family *f, struct family_member *m, pid_t pid);
void family_leave(struct family_member *m);

/* Watches SIGCHLD. Returns 0 or -errno. */
int family_watch_orphans(struct family *f, struct err *e);

/*
 * Everything that a worker leaves behind when it ends comes to us, a subreaper, at that moment, and
 * so does what such an orphan leaves in its turn: the list of our children misses nothing, and one
 * read of it is enough where a look at all of /proc costs milliseconds. False: the list cannot be
 * had here (no subreaper, no CONFIG_PROC_CHILDREN).
 */
bool family_sees_orphans(const struct family *f);

/* A child that stays with us and is no worker's: it is no stranger. Its end is an orphan's. */
void family_lodge(struct family *f, pid_t pid);

/* Whether `is_wanted` says so of some live child of ours that is no member; NULL: of any. */
bool family_any_stranger(
    const struct family *f, bool (*is_wanted)(pid_t pid, const void *arg), const void *arg);

/*
 * Reaps every ended child that is nobody's. Stops early at a member that has ended and is not
 * reaped yet: its owner calls this again when it is.
 */
void family_reap_orphans(struct family *f);
