/*
 * Walks the keys of Redis, a step at a time: SCAN, and the TTL of each key that is wanted. Those
 * that the caller names wait, and are looked at, a window of them at a time, for what is needed to
 * judge and to remove them. Nothing is written.
 *
 *   step → on_keys → advance (what has `look` waits) → step ...
 *   look → on_looked → settle (the window is done)   → look, or step
 *
 * A step asks for the TTLs of its keys and for the names of the next one in one round trip. What
 * is not advanced over, or not settled, comes again.
 */
#pragma once

#include "base/span.h"
#include "core/redis_error.h"
#include "io/redis/redis_link.h"

/* One key. Owned by the scan, until the next step or the next window begins. */
struct redis_key {
    char *name; /* bytes; a NUL follows them */
    size_t name_len;
    int64_t ttl_ms; /* -1: none; -2: the key is gone */
    unsigned tag;   /* the caller's */
    bool look;      /* set by the caller: it is to be looked at */
    bool gone;      /* it was not there any more, then or when it was looked at */
    bool idle_known;
    usec_t idle;        /* before we touched it */
    bool uses_known;    /* instead, under an LFU policy */
    unsigned uses;      /* Redis' counter, which decays: 0 or 1 is next to none lately */
    uint64_t max_value; /* set by the caller with `look`: larger values are not read */
    uint64_t memory;    /* as MEMORY USAGE tells, when it was looked at */
    bool too_big;       /* surely larger than max_value: the payload was not asked for */
    bool other_type;    /* of one that is too big: it is no string. Else the payload tells */
    int64_t expire_ms;  /* absolute, by the server's clock; -1: none; ttl_ms is renewed with it */
    char *payload;      /* of DUMP; NULL: too big, or gone */
    size_t payload_len;
    enum redis_error error; /* REDIS_E_NONE, or why a command about this key failed */
    char error_text[160];
};

/* A step's end that is not about one key. */
struct redis_fault {
    enum redis_error error; /* REDIS_E_NONE: it went well */
    char text[256];
};

struct redis_scan_events {
    /* Whether a key is wanted; sets *tag. Called for each name that SCAN returns. */
    bool (*on_name)(const char *name, size_t len, unsigned *tag, void *arg);
    /* The wanted keys of this step with their TTLs; also none. `now` is the server's clock. */
    void (*on_keys)(struct redis_key *keys, size_t n, usec_t now, void *arg);
    /* These were looked at. They are kept until redis_scan_settle(). */
    void (*on_looked)(struct redis_key *keys, size_t n, usec_t now, void *arg);
    /* The step, or the look, failed; it can be tried again. */
    void (*on_fault)(const struct redis_fault *fault, bool look, void *arg);
};

struct redis_scan;

enum { REDIS_SCAN_WINDOW = 128 }; /* keys that are told of at once by on_looked, at most */

/*
 * `link` is borrowed until redis_scan_free(); `match` is copied. `has_expire`: PEXPIRETIME is known
 * (Redis 7); without it expire_ms is not exact and must not be compared. Aborts when memory is out.
 */
struct redis_scan *redis_scan_new(struct redis_link *link, const char *match, size_t match_len,
    bool has_expire, const struct redis_scan_events *events, void *arg);

/*
 * How much is asked for at once: COUNT of SCAN, and how many keys are looked at. `ahead`: the next
 * step is asked for already while the caller is busy with this one.
 */
void redis_scan_pace(struct redis_scan *s, unsigned count, unsigned depth, bool ahead);

/* From asking to the last answer, of the latest step and of a full slice of the latest window; 0:
 * nothing that could be compared. */
struct redis_scan_took {
    usec_t scan;
    usec_t look;
};
struct redis_scan_took redis_scan_took(const struct redis_scan *s);

/* The next step, the first one again after the end, or again the one that was not advanced over:
 * on_keys or on_fault follows, also from inside this call. */
void redis_scan_step(struct redis_scan *s);

/* Keys that wait for a look. */
size_t redis_scan_waiting(const struct redis_scan *s);

/*
 * Looks at some of the keys that wait, a bounded amount: on_looked or on_fault follows. One must
 * wait. Steps may go on meanwhile.
 */
void redis_scan_look(struct redis_scan *s);

/* Everything is done with the keys of this window. */
void redis_scan_settle(struct redis_scan *s);

struct redis_name {
    const char *name; /* bytes */
    size_t len;
};

/* In place of SCAN's, one step over these keys; `at_end` is as before. Copies. */
void redis_scan_names(struct redis_scan *s, const struct redis_name *names, size_t n);

/* Begins anew, at the first key. What waits, waits. */
void redis_scan_restart(struct redis_scan *s);

/* Everything is done with the keys of this step: the next one goes on behind it. */
void redis_scan_advance(struct redis_scan *s);

/* After redis_scan_advance(): every key was returned at least once. */
bool redis_scan_at_end(const struct redis_scan *s);

/* How much of the keyspace was walked, 0 to 1: told by the cursor, so other keys count as well. */
double redis_scan_fraction(const struct redis_scan *s);

/* No callback comes after this. Allowed in every callback. NULL is fine. */
void redis_scan_free(struct redis_scan *s);
