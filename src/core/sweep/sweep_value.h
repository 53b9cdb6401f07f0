/* What the value of one key says: its times, whether it waits, and to whom it belongs. Pure. */
#pragma once

#include "base/span.h"
#include "core/limits.h"

#include <stdbool.h>
#include <stddef.h>

struct config_keyspace;

struct sweep_value {
    const char *fault;  /* NULL: it is what the agent writes; else the rest means nothing */
    usec_t latest;      /* of all AgeFields */
    const char *field;  /* the one that told it; of the configuration */
    usec_t expires;     /* its own `expiresAt`, at the top or in `metadata`; the later of the two */
    bool expires_known; /* false: it says nothing of that */
    bool pending;
    /* Of a task; "" when it names none, or one of more than LIMIT_OWNER bytes. */
    char session[LIMIT_OWNER + 1];
    char conversation[LIMIT_OWNER + 1];
};

struct sweep_value sweep_value_read(
    const struct config_keyspace *keyspace, const char *value, size_t len);
