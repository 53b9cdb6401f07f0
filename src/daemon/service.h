/* What the service manager sees: readiness once, the status line, the watchdog, patience. */
#pragma once

#include "io/loop/loop.h"

struct service;

/* Returns owned, or NULL when memory is out. */
struct service *service_new(struct loop *l);
void service_free(struct service *s);

/* Asks the manager once to wait for service_ready() that long, if it would not anyway. */
void service_starting(usec_t within);
void service_ready(struct service *s);

/* Sends it when it changed, at most once a second (the last one wins). */
void service_status(struct service *s, const char *status);

/* Not told before service_ready(). Until its end the manager is asked for patience every second:
 * workers may be slow to restart. */
void service_reloading(struct service *s);

/* The end of a reload, whatever came of it. */
void service_reloaded(struct service *s);

/* From now on the manager is asked for patience every second. */
void service_stopping(struct service *s);
