/* Memory for secrets: in no core dump, and where the limits allow it never on a swap device. */
#pragma once

#include "base/err.h"

#include <stddef.h>

/*
 * From now on neither we nor what we start leave a core dump, and no program that takes dumps
 * (systemd-coredump) gets to see our memory or their environment. The soft limit is what does it:
 * whoever needs a dump can raise it, and still finds none of these pages in ours. Returns 0 or a
 * negative errno.
 */
int secret_memory_forbid_dumps(struct err *e);

/* Zeroed. Returns owned, or NULL when memory is out. */
void *secret_memory_new(size_t size);

/* Zeroes it first. `size` as it was asked for; NULL is fine. */
void secret_memory_free(void *memory, size_t size);
