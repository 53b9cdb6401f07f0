/*
 * The change log: one JSON object a line, each with the sum of the line before it and its own.
 *
 *   {"seq":7,"time":"2026-01-02T03:04:05.678Z","kind":"reload","author":"root","text":"..",
 *    "reason":"..","details":{..},"prev":"64 hex digits","sum":"64 hex digits"}
 *
 * `sum` is SHA-256 over the line up to `,"sum"`. A line that was changed, taken out or put in is
 * found by it. Who can write the file can also compute sums anew: the journal, which gets every
 * sum as well, is the witness.
 */
#pragma once

#include "base/span.h"
#include "base/strbuf.h"
#include "core/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct change {
    const char *kind;    /* "reload": a word of core/changes/change_kind.h */
    const char *author;  /* "root (alice)", "timer" */
    const char *text;    /* what was changed */
    const char *reason;  /* "": none was given */
    const char *details; /* a JSON object; NULL: none */
    usec_t wall;
};

/* The end of the chain. */
struct changelog_head {
    uint64_t seq; /* 0: no line yet */
    char sum[DIGEST_TEXT];
};

/* The head of an empty log. */
void changelog_head_init(struct changelog_head *head);

/* Appends the line, with its end, and moves the head on. False: memory ran out, both are as before.
 */
bool changelog_line(const struct change *change, struct changelog_head *head, struct strbuf *out);

#define CHANGELOG_FAULTS(X)                                                                        \
    X(NONE, "")                                                                                    \
    X(UNREADABLE, "is no entry of a change log")                                                   \
    X(CHANGED, "was changed after it was written")                                                 \
    X(GAP, "does not follow the line before it: lines were taken out or put in")

#define X(symbol, words) CHANGELOG_##symbol,
enum changelog_fault { CHANGELOG_FAULTS(X) };
#undef X

/* What reading a log through shows. */
struct changelog_finding {
    struct changelog_head head; /* after the last readable line; numbers go on after the highest */
    uint64_t lines;             /* whole ones */
    uint64_t faults;            /* lines with a fault */
    enum changelog_fault fault; /* the first of them */
    uint64_t fault_line;        /* from 1 */
    /* Bytes up to the end of the last whole line. More than that is torn: see `unended`. */
    size_t whole;
    bool unended; /* what is beyond is a good entry that lacks only its line end */
};

void changelog_check(const char *text, size_t len, struct changelog_finding *out);

/* Whether a line (without its end) is whole and its own sum is right; its place is not looked at.
 */
bool changelog_line_is_good(const char *line, size_t len);

/*
 * Calls `each` for every line of `text`, its last one with or without its end, with what is wrong
 * with it. `whole`: the log begins there; else nobody knows what the first line follows. *out_head
 * is the end of the chain.
 */
typedef void changelog_each(const char *line, size_t len, enum changelog_fault fault, void *arg);
void changelog_walk(const char *text, size_t len, bool whole, changelog_each *each, void *arg,
    struct changelog_head *out_head);

/* "was changed after it was written" */
const char *changelog_fault_words(enum changelog_fault fault);

/* The latest line (without its end) of that kind that can be read; NULL: there is none. */
const char *changelog_latest(const char *text, size_t len, const char *kind, size_t *out_len);
