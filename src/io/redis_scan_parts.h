/* What walking (redis_scan.c) and looking (redis_look.c) share. */
#pragma once

#include "io/redis_batch.h"
#include "io/redis_scan.h"

/* The reply that belongs to no key. */
#define SCAN_INDEX_TIME SIZE_MAX

struct redis_scan {
    struct redis_link *link;
    char *match;
    size_t match_len;
    bool has_expire;
    struct redis_scan_events events;
    void *arg;
    struct redis_batch *batch;
    char cursor[32];
    char next_cursor[32];
    bool begun;
    unsigned count; /* of SCAN */
    unsigned depth; /* keys looked at at once */
    usec_t asked_at, scan_took, look_took;
    struct redis_key *keys;
    size_t n;
    bool counts_uses;              /* an LFU policy: OBJECT FREQ tells, IDLETIME does not */
    bool sized;                    /* MEMORY USAGE and IDLETIME were asked */
    size_t window_from, window_to; /* of the keys under way */
    usec_t now;
    struct redis_fault fault;
};

/* Notes the first fault of the step. */
void scan_fault(struct redis_scan *s, enum redis_error error, const char *text, size_t len);
void scan_garbage(struct redis_scan *s, const char *command);

/* A batch is over: true when the step failed; on_fault was called then, and `s` may be gone. */
bool scan_failed(struct redis_scan *s, bool lost);

void scan_key_failed(struct redis_key *k, const struct redis_value *reply);
void scan_take_time(struct redis_scan *s, const struct redis_value *reply);
void scan_ask_time(struct redis_scan *s);

/* Adds a command of one or two words (`b` NULL) and the key's name; answered with `id`. */
void scan_ask_key(struct redis_scan *s, size_t index, size_t id, const char *a, const char *b);
