/* Reading answers that may lack anything: every getter has an answer for what is not there. */
#pragma once

#include "base/span.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* The member at `path` ("drain.left_usec"); NULL if any step of it is absent. */
const cJSON *json_get(const cJSON *object, const char *path);

/* The text at `path`; NULL if it is absent, empty or no text. */
const char *json_text(const cJSON *object, const char *path);

/* The whole number at `path`, which is not negative; writes only if it is one. */
bool json_count(const cJSON *object, const char *path, uint64_t *out_value);

/* Whether `path` holds true. */
bool json_true(const cJSON *object, const char *path);

/* Whether `path` holds false: what is absent is neither. */
bool json_false(const cJSON *object, const char *path);
