/*
 * The daemon: owns every part, and is the only one that knows how they fit together. Parts report
 * to it by callbacks; it passes on. What one verb or one view needs lives in its own file and takes
 * the daemon as its argument.
 */
#pragma once

#include "base/err.h"
#include "core/config/config.h"
#include "core/drain.h"
#include "core/fleet/fleet.h"
#include "daemon/workers/rollout_record.h"
#include "io/child/handover.h"
#include "io/sockets/inherited.h"

#include <stdbool.h>

struct operation;

enum { DAEMON_SIGNALS = 4 };

/* How an instance ended. */
enum daemon_end {
    DAEMON_STOPPED,     /* no worker is left */
    DAEMON_HANDED_OVER, /* they are left to the next instance */
    DAEMON_REPLACED,    /* the same, and it is to take this process: upgrade_exec() */
};

struct daemon {
    const char *config_path;
    struct config *config; /* in force */
    usec_t config_loaded_wall;
    struct inherited inherited; /* what nobody has taken */
    struct loop *loop;
    struct history *history;   /* every event, for who asks and who listens */
    struct log_ring *log_ring; /* log lines, for who has no journal */
    struct meters *meters;     /* what is counted for /metrics */
    struct incidents *incidents;
    struct incident_watch *incident_watch;
    struct incident_doctor *incident_doctor;
    struct healer *healer;
    struct log_watches *log_watches;
    struct changes *changes;           /* the change log, */
    struct change_watch *change_watch; /* and what goes into it by itself */
    struct instructions_watch *instructions_watch;
    struct memory *memory; /* for the next instance, and of the one before */
    struct signal_watch *signals[DAEMON_SIGNALS];
    struct operations *operations;
    struct front *front;
    struct cgroup *cgroup; /* NULL: workers go without */
    struct http_client *http;
    struct connections *connections; /* of callers */
    struct credentials *credentials;
    struct supervisor *supervisor;
    struct redis_link *redis;              /* NULL: none configured; the four below as well */
    const struct config_redis *redis_conf; /* what the link was opened with */
    usec_t redis_since_wall;               /* its state is what it is */
    struct second_look *second_look;       /* before a worker is said to hang */
    struct sweeper *sweeper;
    struct sweeps *sweeps;
    struct rights *rights;   /* of our user in Redis */
    struct restore *restore; /* NULL: no backup is being read */
    struct key_list *key_list;
    struct drainer *drainer;
    struct samples *samples; /* for the status page */
    struct service *service;
    struct stream *stream; /* who reads what happens, as it does */
    struct admin *admin;
    struct upgrade *upgrade; /* NULL: none is being checked */
    struct notifier *notifier;
    struct announcer *announcer;      /* of deployments */
    struct preflight_gate *preflight; /* NULL: no checklist is under way */
    struct notifier_test *alert_test; /* NULL: none is under way */
    struct doctor_watch *doctor_watch;
    struct doctor *doctor; /* NULL: none is under way */
    usec_t started_at;
    usec_t started_wall;
    bool ready_told;   /* the first verified worker was announced */
    bool catch_up;     /* the file says other than what is in force since the instance before */
    uint64_t file_sum; /* config_sum() of what it said at the start; 0: refused */
    enum daemon_end end;

    struct {
        bool pending; /* the workers go, to be started anew without the listener shim */
        char why[HANDOVER_WHY_MAX];
        uint64_t told_life; /* of which it was told that it cannot be */
    } fallback;
    struct rollout_record rollout; /* under way, or the last one */
    struct rollback *rollback;     /* NULL: no ExecRollback= runs */
    struct bake_watch *bake;
    struct scaling *scaling;

    /* What operators wait for; each ends at most once, and is 0 when nobody waits. */
    uint64_t restart_op;
    uint64_t newest_op;  /* the last that began or steered a rollout: it supersedes */
    uint64_t upgrade_op; /* that replaces us */
    uint64_t drain_op;
    uint64_t resume_op;
    uint64_t doctor_op;
    struct {
        uint64_t op;
        struct config *previous; /* goes back into force if the workers fail with the new one */
        struct strbuf changes;
        bool accepted; /* they do well with it; `previous` stays as long as they may go back */
        bool rolling_back;
        uint64_t failed; /* config_sum() of what was rolled back last; 0: none since a good one */
    } reload;
};

struct daemon_start {
    const char *config_path;    /* borrowed until daemon_fini() */
    struct config *config;      /* taken; NULL: it is refused */
    const char *complaints;     /* for these reasons; borrowed for the call */
    const char *keeper_socket;  /* where there is no service manager; NULL: nothing outlives us */
    struct inherited inherited; /* what the service manager passed; taken */
};

/*
 * Builds every part, by the configuration or by what the instance before left; no worker is started
 * yet. Returns 0, or a negative errno with *e set, and then there is nothing to fini: -EBADMSG when
 * the configuration is refused and there is no former instance's to go on with.
 */
int daemon_init(struct daemon *d, const struct daemon_start *start, struct err *e);

/* Takes the parts apart in the reverse order of building; half-built is fine. */
void daemon_fini(struct daemon *d);

/* Starts the workers, or goes on with those of the instance before. */
void daemon_begin(struct daemon *d);

/*
 * Runs until a drain that stops the daemon (SIGTERM) has ended, or until it is told to leave the
 * workers to the next instance.
 */
enum daemon_end daemon_loop(struct daemon *d);

/*
 * Puts `config` (borrowed; the caller stores it) into force for everything but the workers that
 * already run. Returns 0, or a negative errno with *e set; the caller then applies the old one.
 */
int daemon_apply(struct daemon *d, const struct config *config, struct err *e);

enum { DAEMON_SERVING_MAX = 64 };

/* Writes "1 of 2 workers serve" and returns it. */
const char *daemon_serving(const struct daemon *d, char out[DAEMON_SERVING_MAX]);

/* Whether a verified worker serves and nobody drains; `why` (256 bytes) is one line. */
bool daemon_is_ready(const struct daemon *d, char *why, size_t why_size);

/* Brings the status line of the service manager up to date. */
void daemon_show_status(struct daemon *d);
