/* The service manager: readiness, status, watchdog. Without NOTIFY_SOCKET every call does nothing.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>

void notify_ready(const char *status);
void notify_status(const char *status);

/* RELOADING=1 with MONOTONIC_USEC= in one datagram; a notify_ready() ends it. */
void notify_reloading(void);
void notify_stopping(const char *status);
void notify_extend_timeout(usec_t by);
void notify_errno(int errno_value, const char *status);
void notify_watchdog(void);

/* Half of WATCHDOG_USEC: how often notify_watchdog() is due. USEC_INFINITY: no watchdog asked for.
 */
usec_t notify_watchdog_interval(void);

/*
 * Whether this `NAME=value` is the service manager's word to us, which workers must not inherit
 * (NOTIFY_SOCKET, WATCHDOG_*, LISTEN_*, ...). In our own environment it stays: sd_notify() reads it
 * there at each call.
 */
bool notify_owns_variable(const char *assignment);
