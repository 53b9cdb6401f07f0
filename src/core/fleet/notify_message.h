/*
 * One datagram of sd_notify(3) as a worker sends it to us: lines of NAME=value. What is unknown, or
 * has a value that its name does not take, is passed over: newer workers say more than we know.
 *
 *   READY=1                   look now whether I am well
 *   STOPPING=1                I end by myself, give me no new callers
 *   WATCHDOG=1, =trigger      I am alive; I am not
 *   WATCHDOG_USEC=            from now on expect WATCHDOG=1 within this time; 0: never
 *   EXTEND_TIMEOUT_USEC=      my start may take so long from now on
 *   STATUS=, ERRNO=           words and a cause for people
 *   BARRIER=1                 nothing: closing the descriptor that came with it is the answer
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

/* What a machine decides about. */
struct notify_wish {
    bool ready;
    bool stopping;
    bool alive;   /* WATCHDOG=1 */
    bool trigger; /* WATCHDOG=trigger */
    bool sets_interval;
    usec_t interval; /* WATCHDOG_USEC= */
    usec_t extend;   /* EXTEND_TIMEOUT_USEC=; 0: not asked for */
};

struct notify_message {
    struct notify_wish wish;
    const char *status; /* borrows from the datagram, any bytes but a line feed; NULL: not given */
    size_t status_len;
    bool has_error;
    int error; /* ERRNO=; 0 takes an earlier one back */
};

/* Returns false if nothing in it was understood. One NUL byte at its end is passed over. */
bool notify_message_parse(const char *data, size_t len, struct notify_message *out);

/* Whether something in it is for the machines. */
bool notify_wish_is_empty(const struct notify_wish *wish);
