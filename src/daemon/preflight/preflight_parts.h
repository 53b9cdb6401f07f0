/* What the files of daemon/preflight share: a run, and how its checks begin and end. */
#pragma once

#include "daemon/command.h"
#include "daemon/preflight/preflight.h"
#include "io/loop/loop.h"

#include <stdbool.h>

struct preflight_monitor;

struct preflight_command {
    struct preflight_run *run;
    enum preflight_check check;
    struct command *command; /* NULL: it does not run */
};

struct preflight_run {
    struct preflight_spec spec;
    struct preflight list;
    usec_t began, began_wall, ended; /* ended 0: not yet */
    struct timer *finish;
    struct preflight_command tests, dry_run;
    struct preflight_monitor *monitor;
};

/* Whether nobody skips it. */
bool preflight_wanted(const struct preflight_run *run, enum preflight_check c);

/* The check is over, with what was noted. */
void preflight_over(struct preflight_run *run, enum preflight_check c);

/* Each begins the checks of an item that are wanted. */
void preflight_begin_tests(struct preflight_run *run);
void preflight_begin_scaling(struct preflight_run *run);
void preflight_begin_rollback(struct preflight_run *run);

/* Stops what still runs. */
void preflight_stop_commands(struct preflight_run *run);
