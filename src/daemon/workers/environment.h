/* The environment of a worker: ours without what is ours alone, files, settings, and the facts. */
#pragma once

#include "base/err.h"
#include "base/strlist.h"
#include "core/config/config.h"

#include <stdint.h>

/*
 * Builds NAME=value entries into *out (owned by the caller): our own environment, the
 * home and names of User=, then each EnvironmentFile=, then Environment=, then VOXKEEPER_WORKER and
 * VOXKEEPER_LIFE; the last one of a name wins. Returns 0 or a negative errno with *e naming the
 * file and line that is wrong.
 */
int environment_build(const struct config_agent *agent, unsigned slot, uint64_t life,
    struct strlist *out, struct err *e);

/* What a reload that finds nothing changed says: a file may have, and is read when a worker starts.
 */
const char *environment_same(const struct config_agent *agent);

/* Adds or replaces NAME=value. Returns the entry, which `env` owns, or NULL when memory is out. */
char *environment_put(struct strlist *env, const char *name, const char *value);
