/* A sum over bytes that tells a torn or changed copy from a whole one. No defence against an enemy.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CHECKSUM_START UINT64_C(0xcbf29ce484222325)

/* `sum` is CHECKSUM_START or what came of the bytes before. Each call's length counts: the same
 * bytes in other portions have another sum. */
uint64_t checksum_add(uint64_t sum, const void *bytes, size_t len);
