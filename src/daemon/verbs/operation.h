/*
 * Operations: what an operator asked for, with its progress and its verdict. The API answers with
 * one and is asked for it again until it has ended. LIMIT_OPERATIONS are remembered: those that run,
 * and those that ended last.
 */
#pragma once

#include "base/span.h"
#include "voxkeeper/control.h"
#include "voxkeeper/exit_codes.h"

#include <stdbool.h>
#include <stdint.h>

struct cJSON;
struct operations;
struct operation;

#define OPERATION_STATES(X)                                                                        \
    X(RUNNING, "running")                                                                          \
    X(DONE, "done")                                                                                \
    X(FAILED, "failed")                                                                            \
    X(ROLLED_BACK, "rolled_back")                                                                  \
    X(TIMED_OUT, "timed_out")

#define X(symbol, name) OPERATION_##symbol,
enum operation_state { OPERATION_STATES(X) };
#undef X

/* Numbers go on after `latest`, which a former instance gave. */
struct operations *operations_new(uint64_t latest);
void operations_free(struct operations *all);

/*
 * Begins an operation; `kind` is a literal, `author` and `reason` are copied. Returns it (borrowed
 * until it ended and so many newer ones exist), or NULL when that many are running or memory is out.
 */
struct operation *operation_begin(
    struct operations *all, const char *kind, const char *author, const char *reason);

/* The highest number given; 0: none yet. */
uint64_t operations_latest(const struct operations *all);

/* One that a former instance began, by its number. NULL when memory is out. */
struct operation *operation_restore(
    struct operations *all, uint64_t id, const char *kind, const char *author, const char *reason);

/* Whoever wants to hear of every operation that ends; nothing is to be begun from there. */
void operations_on_end(
    struct operations *all, void (*on_end)(const struct operation *op, void *arg), void *arg);

/* NULL if unknown or forgotten. */
struct operation *operation_find(struct operations *all, uint64_t id);

uint64_t operation_id(const struct operation *op);
const char *operation_kind(const struct operation *op);
const char *operation_state_name(const struct operation *op); /* "rolled_back" */
const char *operation_message(const struct operation *op);    /* "" until it has ended */
bool operation_running(const struct operation *op);
const char *operation_author(const struct operation *op);
const char *operation_reason(const struct operation *op); /* "" if none was given */
usec_t operation_age(const struct operation *op);

/* One line for the person who waits. Does nothing when `op` is NULL or has ended. */
void operation_progress(struct operation *op, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Something else belongs to the verdict: from now on operation_end() keeps it back, until
 * operation_release() adds `words` ("" for none, else whole sentences) and lets it go. Does nothing
 * when `op` is NULL.
 */
void operation_keep_back(struct operation *op);
void operation_release(struct operation *op, const char *words);

/* How far it is, in the kind's own terms, while it runs; takes `so_far`. NULL `op` is fine. */
void operation_set_so_far(struct operation *op, struct cJSON *so_far);

/* The kind's own answer; takes `result`. */
void operation_set_result(struct operation *op, struct cJSON *result);

/* What was set last; NULL: nothing. Borrowed. */
const struct cJSON *operation_result(const struct operation *op);

/* The verdict; the first one stands. */
void operation_end(struct operation *op, enum operation_state state, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Returns owned JSON with the progress lines after `after`; NULL when memory is out. */
struct cJSON *operation_json(const struct operation *op, uint64_t after);
