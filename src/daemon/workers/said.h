/*
 * What the worker of a slot says of itself by sd_notify(3), in its present life: the socket on
 * which it is heard, what its environment says of that, and the last words.
 */
#pragma once

#include "base/strlist.h"
#include "core/config/config.h"
#include "io/child/worker_notify.h"

struct said;

/* Before the first life: sockets that an instance before us left behind and nobody holds go. */
void said_sweep(const struct config *config);

/* `config` is borrowed for the call. `on_wish` comes from the loop, or from inside said_hear(). */
struct said *said_new(struct loop *l, const struct config *config,
    void (*on_wish)(const struct notify_wish *wish, void *arg), void *arg, struct err *e);

/* The socket of a worker that a former instance started (owned from now on). */
struct said *said_adopt(struct loop *l, const struct config *config, int fd, pid_t main_pid,
    void (*on_wish)(const struct notify_wish *wish, void *arg), void *arg, struct err *e);

/*
 * Adds NOTIFY_SOCKET and, if it is to report, WATCHDOG_USEC and WATCHDOG_PID, replacing any there
 * are. *out_pid_text is where the worker's process id goes, or NULL. Returns 0 or -ENOMEM.
 */
int said_add_environment(const struct said *s, struct strlist *env, char **out_pid_text);

void said_started(struct said *s, pid_t main_pid);

/* Hears now what has been said until now. */
void said_hear(struct said *s);

/* No process of it is left. */
void said_ended(struct said *s);
void said_free(struct said *s);

/* The interval that it was told, 0: none. */
usec_t said_watchdog(const struct said *s);

/* The latest STATUS=, escaped and bounded; "" if none, and of NULL. */
const char *said_status(const struct said *s);
int said_error(const struct said *s); /* the latest ERRNO=; 0: none */
uint64_t said_ignored(const struct said *s);

/* For whoever keeps it while no daemon runs. */
struct worker_notify *said_socket(const struct said *s);
