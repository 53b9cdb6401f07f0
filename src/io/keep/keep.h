/*
 * Descriptors that outlive this process, by name: in the service manager's fd store, or outside
 * systemd with a keeper (io/keep/keeper.h). An exec in place passes them on as well.
 *
 * A name is of letters, digits, '.', '-' and '_', at most KEEP_NAME_MAX - 1 bytes, and stands for
 * one descriptor (core/saved/keep_name.h says what the store knows it as). What is kept by a crash
 * at any moment is what was added and not removed before. Two names must not stand for duplicates
 * of one descriptor: the manager drops the second.
 *
 * Nothing here waits for the manager: what it does not take at once is sent again from the loop.
 * Nor does anyone have to wait for an answer: it handles what is in its queue before it notices
 * that we ended. It tells nobody when its store is full (FileDescriptorStoreMax=).
 */
#pragma once

#include "base/err.h"
#include "base/strlist.h"
#include "core/saved/keep_name.h"
#include "io/loop/loop.h"
#include "io/sockets/inherited.h"

#include <stdbool.h>
#include <stddef.h>

enum keep_where {
    KEEP_NOWHERE, /* the descriptors live as long as we do; only an exec passes them on */
    KEEP_MANAGER, /* NOTIFY_SOCKET */
    KEEP_KEEPER,
};

struct keep;

/*
 * Finds what a former instance kept: what an exec passed on, what the manager handed over (ours are
 * taken out of `in`, which may be NULL), or without a manager what a keeper that listens on
 * `keeper_socket` holds. Without a manager a keeper is started there by the first keep_add(); NULL:
 * none is wanted.
 * Returns owned, or NULL with *e set: -EBUSY (the keeper serves another voxkeeperd), -ETIMEDOUT (it
 * does not answer, and may hold what we must not start a second time), -ENOMEM. A store that cannot
 * be reached is KEEP_NOWHERE with a warning.
 */
struct keep *keep_open(
    struct loop *l, struct inherited *in, const char *keeper_socket, struct err *e);
enum keep_where keep_where(const struct keep *k);

/* How many names are kept, and for how many of all changes the store was not told yet. */
unsigned keep_count(const struct keep *k);
unsigned keep_waiting(const struct keep *k);

/* The former instance's descriptor of that name, close-on-exec, owned by the caller and still kept;
 * -1: there is none. */
int keep_take(struct keep *k, const char *name);

/* What nobody took is closed and kept no longer. */
void keep_prune(struct keep *k);

/*
 * Keeps `fd` (borrowed; it stays open until keep_remove() or an exec) in place of what had that
 * name: at each moment one of them is kept. Returns 0, or a negative errno with *e set: then it
 * dies with us, and what had the name before is kept on.
 */
int keep_add(struct keep *k, const char *name, int fd, struct err *e);
void keep_remove(struct keep *k, const char *name);

/*
 * For an exec in place: everything kept stays open through it, and `env` (of the new image) says
 * what is what. keep_hold() after an exec that failed. Returns 0 or -errno.
 */
int keep_pass_on(struct keep *k, struct strlist *env, struct err *e);
void keep_hold(struct keep *k);

/* Forgets everything for good, the keeper ends: nothing shall outlive us. */
void keep_end(struct keep *k);

/* What is kept stays kept. NULL is fine. */
void keep_free(struct keep *k);
