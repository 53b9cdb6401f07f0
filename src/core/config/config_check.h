/* The groups of cross-field checks, and what they share. */
#pragma once

#include "core/config/config_build.h"

/* Where `key` of `section` was assigned, or NULL; `index` is that of its probe or keyspace. */
const struct config_place *config_place_of(
    const struct config_build *b, const char *section, const char *key, unsigned index);

/* Whether the value that stands there was wrong, so that its absence was told already. */
bool config_was_refused(
    const struct config_build *b, const char *section, const char *key, unsigned index);

void config_check_probes(struct config_build *b);
void config_check_notifiers(struct config_build *b);
void config_check_log_watches(struct config_build *b);
void config_check_credentials(struct config_build *b);
void config_check_redis(struct config_build *b);
void config_check_keyspaces(struct config_build *b);
