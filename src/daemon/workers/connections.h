/*
 * Who is connected to the agent's public listeners. The kernel takes its time to tell, the more the
 * more callers there are: it is asked on another thread, and one answer is for all who ask.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "core/config/config.h"
#include "io/sockets/sock_diag.h"

#include <stdbool.h>

struct connections;
struct http_client;
struct loop;

/* `list` is borrowed for the call; NULL: the kernel did not tell. */
typedef void connections_told_fn(const struct sock_connections *list, void *arg);

/* Whose connections are to be told apart: fills `out` with process ids, returns how many. */
typedef size_t connections_owners_fn(pid_t out[LIMIT_WORKERS], void *arg);

/* A question; in memory of who asks, all zero at first. */
struct connections_question {
    connections_told_fn *on_told; /* NULL: none is open */
    void *arg;
    bool in_flight; /* what the kernel is being asked was begun after it */
    struct connections_question *next;
};

/* Connections that `http` makes itself do not count. All is borrowed; `config` until
 * connections_configure(). Returns owned; NULL when memory is out. */
struct connections *connections_new(
    struct loop *l, struct http_client *http, const struct config *config);

/* Nobody is told any more. NULL is fine. */
void connections_free(struct connections *c);

void connections_configure(struct connections *c, const struct config *config);

/* NULL: nobody. */
void connections_of_owners(struct connections *c, connections_owners_fn *owners, void *arg);

/*
 * Asks the kernel; `on_told` comes once, from the loop, with an answer that was begun after this
 * call. A question that is open already is asked anew, and answered once.
 */
void connections_ask(
    struct connections *c, struct connections_question *q, connections_told_fn *on_told, void *arg);

/* No answer comes after this; none need be open. */
void connections_drop(struct connections *c, struct connections_question *q);

/* Has the newest answer renewed, for who looks next. */
void connections_refresh(struct connections *c);

/* The newest answer and its age. Borrowed until the loop turns; NULL: there is none, or the kernel
 * did not tell. */
const struct sock_connections *connections_newest(const struct connections *c, usec_t *out_age);

/*
 * The same at once: the loop stands still for it, for some 30 ms with 8000 callers. Only where what
 * follows cannot wait. Returns 0 and a list to be fini'd, or -errno.
 */
int connections_list_now(struct connections *c, struct sock_connections *out);
