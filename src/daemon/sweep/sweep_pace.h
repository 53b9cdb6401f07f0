/*
 * How hard one pass works Redis, by what core/sweep/pacer decides from what is measured meanwhile:
 * PINGs on a second connection, and how long the pass' own commands take. And what it spent.
 */
#pragma once

#include "base/span.h"
#include "daemon/sweep/sweeper.h"

struct loop;
struct redis_link;
struct redis_link_conf;
struct sweep_pace;

/*
 * `link` is the one that the pass works on; borrowed. With `conf` NULL nobody listens beside it,
 * and two thirds of the time are Redis' own. Returns owned; aborts when memory is out.
 */
struct sweep_pace *sweep_pace_new(struct loop *l, struct redis_link *link,
    const struct redis_link_conf *conf, usec_t max_latency);
void sweep_pace_free(struct sweep_pace *p);

unsigned sweep_pace_count(const struct sweep_pace *p);
unsigned sweep_pace_depth(const struct sweep_pace *p);

/* No rest is due: what comes next may be asked for already. */
bool sweep_pace_is_full(const struct sweep_pace *p);

/* How long a SCAN, a pipeline of commands about keys took. */
void sweep_pace_scanned(struct sweep_pace *p, usec_t took);
void sweep_pace_piped(struct sweep_pace *p, usec_t took);

/* Work begins, or goes on. */
void sweep_pace_works(struct sweep_pace *p);

/* After `busy` time of work: how long to rest now; 0: go on. Rests are gathered until they are
 * worth a wake-up. */
usec_t sweep_pace_rest(struct sweep_pace *p, usec_t busy);

/* The second connection; NULL: there is none. Borrowed. */
struct redis_link *sweep_pace_link(struct sweep_pace *p);

void sweep_pace_spent(const struct sweep_pace *p, struct sweep_spent *out);
