/* Whether what was answered says something new, or only that time went by. */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>

/* NULL is an answer that did not come. */
bool watch_differs(const cJSON *before, const cJSON *after);
