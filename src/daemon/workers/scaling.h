/*
 * What is told of a scaling: while surplus workers wait for their callers how many are left, and in
 * the end the verdict.
 */
#pragma once

#include "core/event.h"
#include "core/fleet/fleet.h"

struct daemon;
struct operation;
struct scaling;

/* NULL when memory is out. */
struct scaling *scaling_new(struct daemon *d);
void scaling_free(struct scaling *s); /* NULL is fine */

/*
 * Asks who has how many callers, for the choice of who goes; then `on_counted` comes, from the
 * loop, with what is given here. If another one is asked for before, this one ends as superseded.
 */
typedef void scaling_counted_fn(struct daemon *d, uint64_t operation, unsigned workers);
void scaling_count(
    struct scaling *s, uint64_t operation, unsigned workers, scaling_counted_fn *on_counted);

/* One begins, or goes on. */
void scaling_begin(struct scaling *s);

/* What the fleet tells; only its verdicts on scalings mean something here. */
void scaling_told(struct daemon *d, const struct fleet_action *told);

/* Tells an event of one that was asked for by `op`, NULL: by whoever has the wish. */
void scaling_tell(const struct daemon *d, enum event_id id, const struct operation *op,
    const struct fleet_action *told, const char *words);

/* "s", but for one. */
const char *scaling_plural(unsigned n);
