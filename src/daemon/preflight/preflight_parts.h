/* What the files of daemon/preflight share: a run, and how its checks begin and end. */
#pragma once

#include "core/preflight/deployment.h"
#include "daemon/command.h"
#include "daemon/incidents/notifier_send.h"
#include "daemon/preflight/preflight.h"
#include "io/loop/loop.h"

#include <stdbool.h>

struct preflight_monitor;
struct provider_check;

struct preflight_command {
    struct preflight_run *run;
    enum preflight_check check;
    struct command *command; /* NULL: it does not run */
};

struct preflight_key {
    struct preflight_run *run;
    unsigned row;
    const struct config_credential *conf;
    struct provider_check *check; /* NULL: nobody is being asked */
};

struct preflight_trial {
    struct preflight_run *run;
    unsigned row;
    struct notifier_means means;
    struct notifier_send *send; /* NULL: none is under way */
};

struct preflight_run {
    struct preflight_spec spec;
    struct preflight list;
    usec_t began, began_wall, ended; /* ended 0: not yet */
    struct timer *finish;
    struct preflight_command tests, dry_run;
    struct preflight_key keys[LIMIT_CREDENTIALS];
    struct preflight_trial trials[LIMIT_NOTIFIERS];
    struct preflight_monitor *monitor;
    struct deployment deployment;      /* as the team is told */
    struct timer *impatient, *overdue; /* of notifiers, and of the whole */
};

/* Whether nobody skips it. */
bool preflight_wanted(const struct preflight_run *run, unsigned row);

/* Tells who waits what came of a row. */
void preflight_tell(const struct preflight_run *run, unsigned row);

/* The row is over, with what was noted. */
void preflight_over(struct preflight_run *run, unsigned row);

/* Each begins the checks of an item, or of a part of one, that are wanted. */
void preflight_begin_tests(struct preflight_run *run);
void preflight_begin_keys(struct preflight_run *run);
void preflight_begin_scaling(struct preflight_run *run);
void preflight_begin_notifiers(struct preflight_run *run);
void preflight_begin_rollback(struct preflight_run *run);
void preflight_begin_team(struct preflight_run *run);

/* preflight_deadline.c: what is not over in time has failed. */
void preflight_begin_deadlines(struct preflight_run *run);
void preflight_stop_deadlines(struct preflight_run *run);

/* Each stops what still runs; once more is fine. */
void preflight_stop_commands(struct preflight_run *run);
void preflight_stop_keys(struct preflight_run *run);
void preflight_stop_notifiers(struct preflight_run *run);
void preflight_stop_trial(struct preflight_run *run, unsigned row);
