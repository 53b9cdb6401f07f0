/*
 * A timer for how long others may take to answer. Time in which we ourselves did not run is none of
 * theirs, and what they said meanwhile was not heard yet:
 *
 *   due ─→ one more turn of the loop, in which what has come is read ─→ on_due
 *    └─ it came late by more than an eighth of `span`: we did not run; as much time again, at most
 *       `span`, and then the same question
 */
#pragma once

#include "io/loop/loop.h"

struct patience;

/* Returns owned; aborts when memory is out, as timers do. */
struct patience *patience_new(struct loop *l, void (*on_due)(void *arg), void *arg);

/*
 * Calls on_due at `at` or after, once, for an answer that may take `span`. With `span` 0 nobody is
 * waited for: then it is a timer like others. Arming it again replaces.
 */
void patience_arm(struct patience *p, usec_t at, usec_t span);

/* What it was armed for; USEC_INFINITY: nothing. */
usec_t patience_at(const struct patience *p);

/* No callback comes after this. NULL is fine. */
void patience_free(struct patience *p);
