/* The shell of core/drain: counts callers, tells how it goes, stops and starts the workers. */
#pragma once

#include "core/config/config.h"
#include "core/drain.h"
#include "daemon/workers/supervisor.h"

struct connections;
struct drainer;
struct sweeper;

/* Called after each action that others care about: BEGAN, PROGRESS, CUT, STOP, DONE, EXIT,
 * CANCELLED. */
typedef void drainer_told_fn(enum drain_action action, const struct drain *drain, void *arg);

struct drainer_spec {
    struct loop *loop;
    struct supervisor *supervisor;
    struct connections *connections; /* borrowed */
    const struct config *config;     /* borrowed until drainer_configure() */
    drainer_told_fn *on_told;
    void *arg;
};

/* Returns owned, or NULL when memory is out. */
struct drainer *drainer_new(const struct drainer_spec *spec);
void drainer_free(struct drainer *d);
void drainer_configure(struct drainer *d, const struct config *config);

/* Who counts tasks and sessions from now on; NULL (as at first): nobody. Borrowed. */
void drainer_use_sweeper(struct drainer *d, struct sweeper *sweeper);

/* Goes on with a former instance's drain. One that was to end the daemon is over: this one was
 * started since. */
void drainer_go_on(struct drainer *d, struct drain former);

/* `stop_daemon`: EXIT follows when drained. */
void drainer_begin(struct drainer *d, bool stop_daemon);
void drainer_hurry(struct drainer *d);
void drainer_resume(struct drainer *d);

/* The supervisor told that no worker is left. */
void drainer_all_gone(struct drainer *d);

const struct drain *drainer_state(const struct drainer *d);
