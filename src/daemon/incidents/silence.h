/*
 * A time in which nobody is told of what is new, because somebody works on the machine. It outlives
 * the daemon, and ends by itself.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>

struct cJSON;
struct loop;
struct silence;

/*
 * Goes on with one that the instance before began. `on_ended` comes when it is over, by itself or
 * by silence_end(), but not from silence_new(). Returns owned; NULL when memory is out.
 */
struct silence *silence_new(
    struct loop *l, const char *directory, void (*on_ended)(void *arg), void *arg);

/* It goes on in the next instance. NULL is fine. */
void silence_free(struct silence *s);

/* Begins one, or replaces the one there is; from now on. It holds even when it cannot be kept on
 * disk; then a negative errno with *e set says so. */
int silence_begin(
    struct silence *s, usec_t span, const char *author, const char *reason, struct err *e);

/* Returns whether there was one. */
bool silence_end(struct silence *s, const char *author);

bool silence_holds(const struct silence *s);

/* {"since", "until", "left_usec", "author", "reason"}, or null. Returns owned JSON. */
struct cJSON *silence_json(const struct silence *s);
