/*
 * The datagram socket of journald. sd_journal_sendv() would do the same in a blocking sendmsg(2):
 * a stopped or overloaded journald would then stop every probe and every restart, so the sending is
 * ours: a non-blocking socket, and a bounded backlog in memory.
 */
#pragma once

#include "io/loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal_socket;

/* Copies `path`. Returns owned, NULL if memory or descriptors are out. journald need not be there.
 */
struct journal_socket *journal_socket_new(const char *path);

/* Sends what waits when the socket becomes writable; detach waits for that up to `patience`. */
void journal_socket_attach(struct journal_socket *s, struct loop *l);
void journal_socket_detach(struct journal_socket *s, usec_t patience);

/*
 * Sends one datagram of the native protocol, now or later; counts it when it is lost. Without
 * `important` it may wait only in the first half of the backlog.
 */
void journal_socket_send(struct journal_socket *s, const char *bytes, size_t len, bool important);

/* Nothing waits. */
bool journal_socket_idle(const struct journal_socket *s);
uint64_t journal_socket_dropped(const struct journal_socket *s);

/* After detach, if it was attached. What still waits is lost. NULL is fine. */
void journal_socket_free(struct journal_socket *s);
