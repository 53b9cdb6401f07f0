/* One NETLINK_SOCK_DIAG dump: the request, and each answer to a callback. */
#pragma once

#include "base/err.h"

#include <linux/netlink.h>
#include <stddef.h>

/* Returns a descriptor or -errno. Its reads give up after a second. */
int sock_diag_open(struct err *e);

/*
 * Sends `request` and hands every message of the answer over; `len` is that of its payload. A
 * negative result of the callback ends the dump and is returned.
 */
int sock_diag_dump(int fd, const void *request, size_t request_len,
    int (*on_message)(const void *payload, size_t len, void *arg), void *arg, struct err *e);
