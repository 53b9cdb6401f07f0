/*
 * Who calls now: established connections (the kernel's tables), pending tasks and sessions in use
 * (a census in Redis). A kind that cannot be counted now is unknown, which is not zero.
 */
#pragma once

#include "base/strbuf.h"
#include "core/config/config.h"
#include "core/drain.h"

struct callers_counter;
struct connections;
struct sweeper;

typedef void callers_counted_fn(const struct callers *callers, void *arg);

/* `config` is borrowed until callers_configure(), `connections` for good. Returns owned; NULL when
 * memory is out. */
struct callers_counter *callers_counter_new(struct connections *connections,
    const struct config *config, callers_counted_fn *on_counted, void *arg);
void callers_counter_free(struct callers_counter *c);

void callers_configure(struct callers_counter *c, const struct config *config);

/* Who only waits to be accepted is none of ours: the next start is for them. */
void callers_leave_queue(struct callers_counter *c, bool leave);

/* Who asks Redis; NULL: nobody. A count that waits for the one before is answered as unknown. */
void callers_use_sweeper(struct callers_counter *c, struct sweeper *sweeper);

/*
 * Counts what `[Drain] WaitFor=` names; `on_counted` comes once, perhaps from inside this call. A
 * sweep under way is cancelled: callers go before tidiness. Not while a count is under way.
 */
void callers_count(struct callers_counter *c);

/* Puts established connections as they were told last into *out, and has them asked for anew.
 * Unknown when the kernel does not tell. */
void callers_connections(struct connections *connections, struct callers *out);

/* Appends a JSON object naming the callers of the latest count: {"connections": [..], ..}. */
void callers_names_json(const struct callers_counter *c, struct strbuf *out);
