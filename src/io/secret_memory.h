/* Memory for secrets: in no core dump, and where the limits allow it never on a swap device. */
#pragma once

#include <stddef.h>

/* Zeroed. Returns owned, or NULL when memory is out. */
void *secret_memory_new(size_t size);

/* Zeroes it first. `size` as it was asked for; NULL is fine. */
void secret_memory_free(void *memory, size_t size);
