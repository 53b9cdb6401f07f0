/* The checklist before a deployment, as an operator asks for it. As in daemon/verbs.h. */
#pragma once

#include "base/err.h"
#include "daemon/verbs.h"

#include <stdbool.h>

struct preflight_gate;

struct preflight_wish {
    bool junit; /* the result is to have the XML as well */
};

/* Runs it. One at a time. */
struct operation *verb_preflight(struct daemon *d, const struct verb_asker *asker,
    const struct preflight_wish *wish, struct err *e);

/* Nobody hears how it ends. NULL is fine. */
void preflight_gate_free(struct preflight_gate *g);
