/*
 * What can be wrong, for as long as somebody should know: the one list of conditions. An incident
 * is one of them, with a subject. Names are stable; docs/runbook.md has a section for each.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>

#define SEVERITIES(X)                                                                              \
    X(P1, "P1") /* nobody is answered */                                                           \
    X(P2, "P2") /* someone is hurt, or soon will be */                                             \
    X(P3, "P3") /* to be looked at tomorrow */

#define X(symbol, name) SEVERITY_##symbol,
enum severity { SEVERITIES(X) SEVERITY_COUNT };
#undef X

/*
 * X(SYMBOL, name, severity, anchor in docs/runbook.md, hold_usec, clear_usec, title)
 *
 * It holds for `hold_usec` before an incident is opened, and is gone for `clear_usec` before that
 * is resolved; one that comes again before then goes on as the same incident. What happened at one
 * moment, and does not last, is resolved when it has not happened again for `clear_usec`.
 */
/* clang-format off */
#define CONDITIONS(X) \
    X(NO_WORKER, "no-serving-worker", P1, "no-worker-serves", \
        10 * USEC_PER_SEC, 30 * USEC_PER_SEC, "no worker serves: callers are not answered") \
    X(CRASH_LOOP, "crash-loop", P2, "crash-loop", \
        0, USEC_PER_MIN, "a worker crashes again and again") \
    X(ROLLOUT_WENT_BACK, "rollout-went-back", P2, "a-rollout-went-back", \
        0, USEC_PER_HOUR, "a rollout went back") \
    X(ROLLOUT_HELD, "rollout-held", P2, "a-rollout-is-held", \
        0, 10 * USEC_PER_SEC, "a rollout is held") \
    X(RESTART_FAILED, "restart-failed", P2, "restart-elevenlabs-agent", \
        0, USEC_PER_HOUR, "a restart of the workers failed") \
    X(CALLERS_CUT, "callers-cut", P2, "callers-were-cut", \
        0, 30 * USEC_PER_MIN, "callers were cut") \
    X(REDIS_DOWN, "redis-unreachable", P2, "redis-is-down", \
        10 * USEC_PER_SEC, 30 * USEC_PER_SEC, "Redis cannot be reached") \
    X(REDIS_REFUSED, "redis-refuses", P2, "redis-refuses-us", \
        10 * USEC_PER_SEC, 30 * USEC_PER_SEC, "Redis refuses us") \
    X(PROVIDER_DOWN, "provider-down", P2, "a-provider-is-down", \
        10 * USEC_PER_SEC, USEC_PER_MIN, "a provider is down") \
    X(WORKER_ZOMBIE, "worker-lost-redis", P3, "a-worker-lost-redis", \
        0, 15 * USEC_PER_MIN, "a worker lost Redis") \
    X(WORKER_HUNG, "worker-hangs", P3, "a-worker-hangs", \
        0, 15 * USEC_PER_MIN, "a worker hung") \
    X(WORKER_UNHEALTHY, "worker-unhealthy", P3, "a-worker-is-unhealthy", \
        0, 15 * USEC_PER_MIN, "a worker was unhealthy and was replaced") \
    X(HANDOVER_LOST, "handover-lost", P3, "the-listener-is-not-handed-over", \
        0, USEC_PER_DAY, "the listener is not handed over: restarts refuse callers") \
    X(SWEEP_HELD, "sweep-held", P3, "a-sweep-is-held", \
        0, 10 * USEC_PER_SEC, "a sweep is held by its fuse") \
    X(SWEEP_FAILED, "sweep-failed", P3, "redis-cleanup", \
        0, USEC_PER_DAY, "Redis is not cleaned up") \
    X(BACKUP_FAILED, "backup-failed", P3, "backup-and-restore", \
        0, USEC_PER_DAY, "what is removed from Redis cannot be backed up") \
    X(WEBHOOK_FAILURES, "webhook-failures", P2, "webhooks-fail", \
        0, 5 * USEC_PER_MIN, "webhooks fail") \
    X(CALLBACK_FAILURES, "callback-failures", P2, "callbacks-fail", \
        0, 5 * USEC_PER_MIN, "callbacks fail") \
    X(LOG_WATCH_P1, "log-watch-urgent", P1, "what-workers-write", \
        0, 5 * USEC_PER_MIN, "workers write what must not be") \
    X(LOG_WATCH_P2, "log-watch", P2, "what-workers-write", \
        0, 5 * USEC_PER_MIN, "workers write what should not be") \
    X(LOG_WATCH_P3, "log-watch-minor", P3, "what-workers-write", \
        0, 5 * USEC_PER_MIN, "workers write what is to be looked at") \
    X(REMEDY_FAILED, "remedy-failed", P2, "self-healing", \
        0, 10 * USEC_PER_SEC, "what voxkeeper does by itself does not help") \
    X(CREDENTIAL_OLD, "credential-old", P3, "a-credential-is-old", \
        0, 10 * USEC_PER_SEC, "a credential is to be replaced") \
    X(CREDENTIAL_REFUSED, "credential-refused", P2, "a-credential-is-refused", \
        0, 10 * USEC_PER_SEC, "a new value of a credential is refused") \
    X(CREDENTIAL_INVALID, "credential-invalid", P2, "a-credential-is-refused", \
        0, 10 * USEC_PER_SEC, "a provider refuses the credential in use") \
    X(CREDENTIAL_LOW, "credential-low", P3, "a-credential-is-refused", \
        0, 10 * USEC_PER_SEC, "a provider has little credit left for us") \
    X(DISK_LOW, "disk-low", P2, "the-disk-is-full", \
        30 * USEC_PER_SEC, USEC_PER_MIN, "the state directory is nearly full") \
    X(ALERTS_FAIL, "alerts-not-delivered", P2, "alerts-are-not-delivered", \
        2 * USEC_PER_MIN, 10 * USEC_PER_SEC, "alerts are not delivered") \
    X(CONFIG_REFUSED, "configuration-refused", P3, "change-the-configuration", \
        0, 0, "the configuration is refused; the former one is in force") \
    X(DAEMON_RESTARTED, "voxkeeper-restarted", P3, "voxkeeper-itself", \
        0, 15 * USEC_PER_MIN, "voxkeeper died and was started again")
/* clang-format on */

#define X(symbol, ...) CONDITION_##symbol,
enum condition { CONDITIONS(X) CONDITION_COUNT };
#undef X

const char *condition_name(enum condition c);
const char *condition_title(enum condition c);
const char *condition_anchor(enum condition c);
enum severity condition_severity(enum condition c);
usec_t condition_hold(enum condition c);
usec_t condition_clear(enum condition c);

/* Whether the doctor is asked what is behind it: of others the cause is known, or nothing that it
 * looks at. */
bool condition_is_examined(enum condition c);

/* "P1" and so on. */
const char *severity_name(enum severity s);

/* Return 0, or -ENOENT for a name that is not in the list. */
int condition_find(const char *name, enum condition *out);
int severity_find(const char *name, enum severity *out);
