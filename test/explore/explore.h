/*
 * Breadth-first exploration of every reachable state of a machine together with the world around
 * it. A state is a block of bytes without padding or history: the caller puts times relative to
 * "now", and leaves out what no decision depends on, so that there are finitely many.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct explore;

/* Calls explore_edge() for every event that is possible in `state`. */
typedef void explore_expand_fn(struct explore *x, const void *state);

struct explore *explore_new(size_t state_size, size_t max_states);
void explore_free(struct explore *x);

void explore_run(struct explore *x, const void *initial, explore_expand_fn *expand);

/* While expanding: what is about to be tried, for the path that a failure prints. A literal. */
void explore_try(struct explore *x, const char *label);

/*
 * While expanding: the tried event leads to `state`. `certain` tells that it happens by itself if
 * nothing else does (time passes, a killed process dies): liveness may rely on it.
 */
void explore_edge(struct explore *x, const void *state, bool certain);

/* While expanding: gives the present state a mark (a bit of 0..31) for explore_leads(). */
void explore_mark(struct explore *x, unsigned mark);

/* Whether some path of certain edges leads from every state marked `from` to one marked `to`;
 * prints a path to one that is stuck. */
bool explore_leads(struct explore *x, unsigned from, unsigned to);

/* Prints the path to the present state and what was tried, and ends the program. */
void explore_fail(struct explore *x, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), noreturn));

size_t explore_states(const struct explore *x);
size_t explore_steps(const struct explore *x);

#define EXPLORE_CHECK(x, condition)                                                                \
    do {                                                                                           \
        if (!(condition))                                                                          \
            explore_fail(x, "%s:%d: violated: %s", __FILE__, __LINE__, #condition);                \
    } while (0)
