/*
 * What a kept descriptor is called. We ask for it by its plain name ("w1.out"); whoever holds it
 * knows it as "vk.w1.out+7": the prefix tells it from the sockets of `.socket` units, and the
 * number, ever higher, tells a replacement from what it replaced. Both are held for a moment, and
 * whoever finds both takes the later one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define KEEP_PREFIX "vk."

enum { KEEP_NAME_MAX = 64, KEEP_STORED_MAX = KEEP_NAME_MAX + 24 };

/* Letters, digits, '.', '-' and '_'; not empty and shorter than KEEP_NAME_MAX. */
bool keep_name_is_valid(const char *name);

void keep_name_store(const char *name, uint64_t number, char out_stored[KEEP_STORED_MAX]);

/* False if it is none of ours. */
bool keep_name_read(const char *stored, char out_name[KEEP_NAME_MAX], uint64_t *out_number);
