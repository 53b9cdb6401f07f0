/*
 * What one key of a keyspace is, from what Redis tells about it. Pure; nothing here deletes.
 *
 * Nothing young or alive is ever `stale`: test/unit/sweep.c holds that against random values.
 * A TTL within ExpectTTL tells when the key was written, so a healthy key needs no look at its
 * value, which would reset its idle time; only a task's `pending` stays unknown then.
 * What is not to be removed may be repaired: it gets a TTL, never one that ends while it is used.
 */
#pragma once

#include "base/span.h"
#include "core/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_keyspace;
struct strlist;

#define SWEEP_FINDINGS(X)                                                                          \
    X(FINE, "fine")                                                                                \
    X(NEEDS_VALUE, "needs-value")       /* cannot be told from the TTL alone: read the value */    \
    X(IMMORTAL, "immortal")             /* no TTL, but younger than MaxAge */                      \
    X(STALE, "stale")                   /* no TTL and older than MaxAge */                         \
    X(OVERLONG, "overlong")             /* a TTL far beyond ExpectTTL */                           \
    X(STUCK_TASK, "stuck-task")         /* pending for longer than MaxAge */                       \
    X(EXPIRED, "expired")               /* past its own expiresAt, and not used since */           \
    X(ORPHAN, "orphan")                 /* a task of no session and no conversation: reported */   \
    X(MALFORMED, "malformed")           /* not what the agent writes: reported */                  \
    X(MALFORMED_IDLE, "malformed-idle") /* and not touched for longer than MaxAge */               \
    X(WRONG_TYPE, "wrong-type")         /* not a string: reported */                               \
    X(FUTURE, "future")                 /* its times lie in the future beyond skew: reported */    \
    X(TOO_BIG, "too-big")               /* larger than MaxValue, not read: reported */             \
    X(TOO_BIG_IDLE, "too-big-idle")     /* and not touched for longer than MaxAge: reported */     \
    X(GONE, "gone")                     /* expired or deleted meanwhile */                         \
    X(PROTECTED, "protected")

#define X(symbol, name) SWEEP_##symbol,
enum sweep_finding { SWEEP_FINDINGS(X) SWEEP_FINDING_COUNT };
#undef X

/* What Redis told. Times are microseconds; wall times are by the server's clock. */
struct sweep_facts {
    const char *name; /* bytes */
    size_t name_len;
    bool is_string; /* true until the opposite is known */
    bool ttl_known;
    bool has_ttl;
    usec_t ttl;
    bool idle_known;
    usec_t idle;
    bool too_big;
    uint64_t memory;   /* bytes that the key takes; of one that is too big */
    const char *value; /* NULL: not read yet */
    size_t value_len;
    usec_t now_wall;
    usec_t least_age; /* nothing younger is removable, whatever its keyspace says */
    /* Who calls now is asked, not what is stuck: a session's value tells, whatever its TTL. */
    bool census;
};

struct sweep_judgement {
    enum sweep_finding finding;
    bool removable;     /* the finding and the keyspace's Action allow its deletion */
    bool pending;       /* a task that waits for its callback */
    bool pending_known; /* false: a task whose value was not needed to judge it */
    bool live; /* session used within `active_window`, or a pending task that is not stuck */
    bool age_known;
    usec_t age;        /* since it was last alive */
    usec_t repair_ttl; /* the TTL that the key is to get; 0: none. Never when removable */
    /* Of a task that would stay for too long but is not to be removed; else "". */
    char session[LIMIT_OWNER + 1];
    char conversation[LIMIT_OWNER + 1];
    char reason[160];
};

struct sweep_judgement sweep_judge(
    const struct config_keyspace *keyspace, usec_t active_window, const struct sweep_facts *facts);

/* Neither its session nor its conversation is there: that is what is found of it then. */
void sweep_judge_orphan(struct sweep_judgement *j);

/* Keys that are never touched: `elevenlabs:conversation:*`, always, and what Protect= adds. */
bool sweep_is_protected(const struct strlist *protect, const char *name, size_t len);

/* What protects a conversation; the name of one follows it. */
#define SWEEP_CONVERSATION "elevenlabs:conversation:"

const char *sweep_finding_name(enum sweep_finding finding);
