/*
 * How long nobody *but us* touched a key. Looking at a value resets its OBJECT IDLETIME, so a
 * sweep that looks every hour would make an idle limit of a day never pass. This remembers, for a
 * bounded number of keys, since when only our own looks touched each.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idle_ledger;

/* Returns owned; aborts when memory is out. About 100 KiB. */
struct idle_ledger *idle_ledger_new(void);

/* For two who look at the same keys: "us" is both. Returns `l`, which each of them frees. */
struct idle_ledger *idle_ledger_share(struct idle_ledger *l);
void idle_ledger_free(struct idle_ledger *l);

/* A key by its name and its value: a changed value is another key. */
uint64_t idle_ledger_id(const char *name, size_t name_len, uint64_t value_checksum);

/*
 * Notes that we are touching key `id` at `now` (any clock that runs on), at which time Redis says
 * that it was idle for `idle`. Returns for how long only we have touched it; never less than
 * `idle`, and just that for a key that is not remembered.
 */
usec_t idle_ledger_touch(struct idle_ledger *l, uint64_t id, usec_t idle, usec_t now);

/*
 * The same where Redis counts how often a key is used, not since when it is idle: `quiet` says that
 * it was not used lately. Returns since when each of our looks found it quiet; 0 at the first one.
 */
usec_t idle_ledger_watch(struct idle_ledger *l, uint64_t id, bool quiet, usec_t now);
