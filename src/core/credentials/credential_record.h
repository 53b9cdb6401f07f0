/*
 * What is remembered of credentials from one instance to the next: keyed digests and ages, never a
 * value. One JSON document.
 *
 * An age is counted by the clock that never jumps. Between two boots only the wall clock knows, and
 * it is believed where what it says can be: not backwards, not from before there was this program,
 * and not more than a year.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "core/digest.h"
#include "core/limits.h"

#include <stdbool.h>
#include <stdint.h>

enum { CREDENTIAL_BOOT_ID_MAX = 40 };

/* A moment, by every clock that there is. */
struct credential_clock {
    char boot_id[CREDENTIAL_BOOT_ID_MAX]; /* "": not known */
    usec_t boot;                          /* CLOCK_BOOTTIME */
    usec_t wall;
};

usec_t credential_clock_between(
    const struct credential_clock *then, const struct credential_clock *now);

#define CREDENTIAL_AGES(X)                                                                         \
    X(FRESH, "fresh")                                                                              \
    X(DUE, "due") /* soon too old */                                                               \
    X(OLD, "old")

#define X(symbol, name) CREDENTIAL_##symbol,
enum credential_age { CREDENTIAL_AGES(X) CREDENTIAL_AGE_COUNT };
#undef X

/* One value: who it is, and since when it is known. */
struct credential_value_record {
    char fingerprint[DIGEST_TEXT]; /* "": there is none */
    usec_t age;
    enum credential_age told; /* of its age; nobody is told twice */
};

struct credential_record {
    char name[LIMIT_NAME + 1];
    struct credential_value_record used;
    /* Lives of generation `from` and later have this one; it is not proven yet. */
    struct credential_value_record next;
    uint64_t from;
    char refused[DIGEST_TEXT]; /* what the file held when it was refused last; "": nothing */
};

/* Appends the document. */
void credential_record_write(const struct credential_record *records, unsigned n,
    const struct credential_clock *now, struct strbuf *out);

/*
 * Reads a document; ages are as of `now`. Returns how many there are, or -EINVAL with *e set when
 * it is none of ours.
 */
int credential_record_read(const char *text, const struct credential_clock *now,
    struct credential_record out[LIMIT_CREDENTIALS], struct err *e);

/* How old a value may become before somebody is told that it soon is too old. */
usec_t credential_notice_age(usec_t rotate_after);
