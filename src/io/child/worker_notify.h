/*
 * The receiving end of sd_notify for one worker: a datagram socket of its own, whose address is the
 * worker's NOTIFY_SOCKET. Only the worker's process tree is heard: each datagram carries the pid of
 * its sender, by the kernel's word, and that must be the main process, or be in its session, group,
 * cgroup or among its descendants. Who ended before we looked cannot be told; sd_notify_barrier(),
 * as `systemd-notify` calls it, waits for us.
 *
 * The socket has a path in `directory`, which for a worker of another user must be one that anybody
 * may enter; else, and where no path can be had, a private abstract address. A path is better: an
 * abstract address is seen in the whole network namespace.
 *
 * The worker may outlive us: whoever keeps worker_notify_fd() keeps what waits in it, and gives it
 * to worker_notify_adopt() in the next instance.
 */
#pragma once

#include "base/err.h"
#include "core/fleet/notify_message.h"
#include "io/loop/loop.h"

#include <stdint.h>
#include <sys/types.h>

struct worker_notify;

struct worker_notify_spec {
    struct loop *loop;
    const char *directory; /* NULL: none; not needed by _adopt() */
    const char *user;      /* of the worker, who will own the path; NULL: ours */
    /* For each datagram that was understood; borrowed for the call. */
    void (*on_message)(const struct notify_message *m, void *arg);
    void *arg;
};

/* Nobody is listened to yet. Each returns owned, or NULL with *e set; adopt takes `fd`, if it can.
 */
struct worker_notify *worker_notify_new(const struct worker_notify_spec *spec, struct err *e);
struct worker_notify *worker_notify_adopt(
    const struct worker_notify_spec *spec, int fd, struct err *e);

/* The value of NOTIFY_SOCKET. */
const char *worker_notify_address(const struct worker_notify *n);
int worker_notify_fd(const struct worker_notify *n);

/* The process tree of `main_pid` is heard from now on, and what it has said before. */
void worker_notify_listen(struct worker_notify *n, pid_t main_pid);

/* Hears now what has been said until now. */
void worker_notify_hear(struct worker_notify *n);

/* Datagrams from others, or that say nothing we understand. */
uint64_t worker_notify_ignored(const struct worker_notify *n);

/* The worker is gone: nobody is heard any more, and the path is removed. */
void worker_notify_end(struct worker_notify *n);

/* The path stays, for a worker that lives on. NULL is fine. */
void worker_notify_free(struct worker_notify *n);

/* Removes paths that an instance before us left behind and at which nobody listens. */
void worker_notify_sweep(const char *directory);
