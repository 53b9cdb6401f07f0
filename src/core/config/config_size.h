/* Sizes as people write them: bytes, or with K, M or G for powers of 1024. */
#pragma once

#include "base/strbuf.h"

#include <stdint.h>

/* Returns 0, -EINVAL or -ERANGE, and writes only on 0. */
int config_size_parse(const char *text, uint64_t *out_bytes);

/* Appends `bytes` with the largest unit that divides it: `256K`. */
void config_size_format(uint64_t bytes, struct strbuf *out);
