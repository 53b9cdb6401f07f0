/* The verbs: one table that runs them and writes the help. */
#pragma once

#include "cli/cli.h"

#include <stddef.h>
#include <stdint.h>

struct verb {
    const char *name;
    const char *operand; /* what may follow; NULL: nothing */
    const char *summary;
    const char *details; /* whole lines */
    uint64_t options;    /* OPTION_BIT()s beside those that every verb has */
    cli_verb *run;
};

extern const struct verb VERBS[];
extern const size_t N_VERBS;

/* NULL if there is none of that name. */
const struct verb *verb_find(const char *name);

/* The verb that somebody who wrote `name` may have meant; NULL if none is near. */
const struct verb *verb_near(const char *name);
