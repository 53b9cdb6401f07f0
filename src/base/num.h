/* Strict reading of numbers and booleans: the whole text or nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Each returns 0, -EINVAL (not such a value) or -ERANGE (outside of min..max), and writes only on
 * 0. */
int num_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out_value);
int num_parse_i64(const char *text, int64_t min, int64_t max, int64_t *out_value);

/* A finite decimal number such as `1.5`. */
int num_parse_double(const char *text, double min, double max, double *out_value);

/* yes/no, true/false, on/off, 1/0, in any case. */
int num_parse_bool(const char *text, bool *out_value);
