/* What walking (redis_scan.c) and looking (redis_look.c) share. */
#pragma once

#include "io/redis/redis_batch.h"
#include "io/redis/redis_scan.h"

/* The replies that belong to no key. */
#define SCAN_INDEX_TIME SIZE_MAX
#define SCAN_INDEX_SCAN (SIZE_MAX - 1)

enum { SCAN_CURSOR_MAX = 32 };

/* What one SCAN returned, of what is wanted. The arrays are used again. */
struct scan_list {
    struct redis_key *keys;
    size_t n, max;
    char *names; /* all of them */
    size_t names_len, names_max;
    char behind[SCAN_CURSOR_MAX]; /* the cursor that follows; "": nothing was returned yet */
};

/* Keys with names of their own. */
struct scan_keys {
    struct redis_key *keys;
    size_t n, max;
};

struct redis_scan {
    struct redis_link *link;
    char *match;
    size_t match_len;
    bool has_expire;
    struct redis_scan_events events;
    void *arg;
    unsigned count; /* of SCAN */
    unsigned depth; /* keys looked at at once */
    bool ahead;     /* the next step is asked for before this one is told */

    /* Walking. `coming` and `fetched` have names only, the TTLs of `flying` are asked for, `keys`
     * is the step. */
    struct scan_list coming, fetched, flying, keys;
    struct redis_batch *flight;
    struct redis_batch *names; /* a SCAN that goes ahead of the TTLs */
    bool scanning;             /* a SCAN is under way, in one of these */
    bool asking;               /* what is answered now is looked at soon */
    char cursor[SCAN_CURSOR_MAX]; /* behind what is done */
    bool begun;
    bool wanted; /* the caller waits for a step */
    bool landed; /* the TTLs of `flying` are known */
    bool open;   /* a step was told, and is not done */
    usec_t flown_at, names_asked_at, names_took, scan_took;
    usec_t flight_now;
    struct redis_fault flight_fault;

    /* Looking. A window is the first keys of `looked`; it is asked for in slices. */
    struct scan_keys waiting, looked;
    struct redis_batch *batch;
    bool counts_uses; /* an LFU policy: OBJECT FREQ tells, IDLETIME does not */
    size_t window, slice_from, slice_to;
    uint64_t window_bytes;
    usec_t asked_at, look_took;
    usec_t now;
    struct redis_fault fault;
};

/* Each notes the first fault. */
void scan_garbage(struct redis_fault *f, const char *command);
void scan_lost(const struct redis_scan *s, struct redis_fault *f);

void scan_key_failed(struct redis_key *k, const struct redis_value *reply);
void scan_take_time(usec_t *now, struct redis_fault *f, const struct redis_value *reply);
void scan_ask_time(struct redis_batch *b);

/* Adds a command of one or two words (`b` NULL) and the key's name; answered with `id`. */
void scan_ask_key(
    struct redis_batch *batch, const struct redis_key *k, size_t id, const char *a, const char *b);

void scan_list_fini(struct scan_list *l);
void scan_list_reset(struct scan_list *l);

/* `to` gets what `from` holds, which is empty then. */
void scan_list_move(struct scan_list *to, struct scan_list *from);

/* Empties it; there is room for `n` names of `bytes` in all, each with a NUL behind it. */
void scan_list_make_room(struct scan_list *l, size_t n, size_t bytes);

/* Copies the name, if the caller of the scan wants it. */
void scan_list_add(struct redis_scan *s, struct scan_list *l, const char *name, size_t len);

/* Copies those of the step that are to be looked at to the end of what waits. */
void scan_wait(struct redis_scan *s, const struct scan_list *step);

/* Moves keys from what waits, until `n` are looked at or none waits. */
void scan_take_waiting(struct redis_scan *s, size_t n);

/* The first `n` go. */
void scan_keys_drop(struct scan_keys *k, size_t n);
void scan_keys_fini(struct scan_keys *k);
