/* A probe that runs a command: exit code 0 passes; late is hung. Its output goes nowhere. */
#pragma once

#include "base/err.h"
#include "base/strlist.h"
#include "core/prober.h"
#include "io/loop.h"

struct probe_exec;

struct probe_exec_spec {
    const struct strlist *command;
    char *const *environment;
    usec_t timeout;
    const char *instance; /* marks its processes; unique among all that live */
};

/*
 * Starts the command; `on_report` comes once, from the loop. Returns owned, or NULL with *e set.
 * The spec is borrowed for the time of the call. The command and all it started are killed when it
 * is late or when the object is freed.
 */
struct probe_exec *probe_exec_new(struct loop *l, const struct probe_exec_spec *spec,
    void (*on_report)(enum probe_outcome outcome, const char *reason, void *arg), void *arg,
    struct err *e);

/* No callback comes after this. NULL is fine. */
void probe_exec_free(struct probe_exec *p);
