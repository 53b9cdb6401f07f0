/* Redis as the daemon sees it: our own link, what it means for the workers, and who uses it. */
#pragma once

#include "base/err.h"
#include "core/config/config.h"

struct daemon;

/*
 * Opens, re-opens or closes the link as `config` asks, and configures the sweeps. An unchanged
 * address keeps its connection. Returns 0, or a negative errno with *e set.
 */
int dependency_configure(struct daemon *d, const struct config *config, struct err *e);
void dependency_close(struct daemon *d);

/* Connects now if it is not connected: what Redis refused, a password in its file, may be cured. */
void dependency_retry(struct daemon *d);

/* "redis down: ..", "" when there is nothing to say. Borrowed until the next call. */
const char *dependency_words(const struct daemon *d);
