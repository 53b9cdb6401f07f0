/*
 * The daemon: owns every part, and is the only one that knows how they fit together. Parts report
 * to it by callbacks; it passes on. What one verb or one view needs lives in its own file and takes
 * the daemon as its argument.
 */
#pragma once

#include "base/err.h"
#include "core/config.h"
#include "core/drain.h"
#include "core/fleet.h"
#include "daemon/rollout_record.h"
#include "io/handover.h"
#include "io/inherited.h"

#include <stdbool.h>

struct admin;
struct bake_watch;
struct cgroup;
struct drainer;
struct front;
struct http_client;
struct loop;
struct operation;
struct operations;
struct redis_link;
struct rollback;
struct service;
struct signal_watch;
struct supervisor;
struct sweeper;
struct sweeps;

enum { DAEMON_SIGNALS = 3 };

struct daemon {
    const char *config_path;
    struct config *config; /* in force */
    usec_t config_loaded_wall;
    struct inherited inherited; /* what nobody has taken */
    struct loop *loop;
    struct signal_watch *signals[DAEMON_SIGNALS];
    struct operations *operations;
    struct front *front;
    struct cgroup *cgroup; /* NULL: workers go without */
    struct http_client *http;
    struct supervisor *supervisor;
    struct redis_link *redis;              /* NULL: none configured; the three below as well */
    const struct config_redis *redis_conf; /* what the link was opened with */
    struct sweeper *sweeper;
    struct sweeps *sweeps;
    struct drainer *drainer;
    struct service *service;
    struct admin *admin;
    usec_t started_at;
    usec_t started_wall;
    bool ready_told; /* the first verified worker was announced */

    struct {
        bool pending; /* the workers go, to be started anew without the listener shim */
        char why[HANDOVER_WHY_MAX];
        uint64_t told_life; /* of which it was told that it cannot be */
    } fallback;
    struct rollout_record rollout; /* under way, or the last one */
    struct rollback *rollback;     /* NULL: no ExecRollback= runs */
    struct bake_watch *bake;

    /* What operators wait for; each ends at most once, and is 0 when nobody waits. */
    uint64_t restart_op;
    uint64_t newest_op; /* the last that began or steered a rollout: it supersedes */
    uint64_t drain_op;
    uint64_t resume_op;
    struct {
        uint64_t op;
        struct config *previous; /* goes back into force if the workers fail with the new one */
        struct strbuf changes;
        bool accepted; /* they do well with it; `previous` stays as long as they may go back */
        bool rolling_back;
    } reload;
};

/*
 * Builds every part by `config` (taken) with what we inherited (taken as well); no worker is
 * started yet. `config_path` is borrowed until daemon_fini(). Returns 0, or a negative errno with
 * *e set, and then there is nothing to fini.
 */
int daemon_init(struct daemon *d, const char *config_path, struct config *config,
    struct inherited inherited, struct err *e);

/* Takes the parts apart in the reverse order of building; half-built is fine. */
void daemon_fini(struct daemon *d);

/* Starts the workers and runs until a drain that stops the daemon (SIGTERM) has ended. */
void daemon_loop(struct daemon *d);

/*
 * Puts `config` (borrowed; the caller stores it) into force for everything but the workers that
 * already run. Returns 0, or a negative errno with *e set; the caller then applies the old one.
 */
int daemon_apply(struct daemon *d, const struct config *config, struct err *e);

/* Whether a verified worker serves and nobody drains; `why` (256 bytes) is one line. */
bool daemon_is_ready(const struct daemon *d, char *why, size_t why_size);

/* Brings the status line of the service manager up to date. */
void daemon_show_status(struct daemon *d);
