/* What an operator asks of Redis' keys beside a sweep. As in daemon/verbs/verbs.h. */
#pragma once

#include "base/err.h"
#include "daemon/sweep/key_list.h"
#include "daemon/verbs/verbs.h"

struct operation *verb_keys(
    struct daemon *d, const struct verb_asker *asker, const struct key_wish *wish, struct err *e);

/*
 * Ends the sweep, or the list of keys, that operation `id` stands for; 0: the sweep that is under
 * way, whoever began it. What is being removed is removed and counted first. Returns the operation
 * that ends, for a sweep by the timer a new one; NULL with *e set when there is none of that id.
 */
struct operation *verb_sweep_cancel(
    struct daemon *d, const struct verb_asker *asker, uint64_t id, struct err *e);
