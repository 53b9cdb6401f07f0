/* Comparing answers but for what goes on by itself. */
#include "cli/watch_change.h"

#include "base/names.h"

#include <string.h>

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* Measurements: a number that differs each time one looks. */
static bool is_measurement(const cJSON *member)
{
    static const char *const names[] = {"lines", "descriptors", "threads"};
    if (!member->string || !cJSON_IsNumber(member))
        return false;
    return NAMES_FIND(names, member->string) >= 0 || ends_with(member->string, "_usec") ||
           ends_with(member->string, "_bytes");
}

static bool same_value(const cJSON *a, const cJSON *b)
{
    if ((a->type & 0xFF) != (b->type & 0xFF))
        return false;
    if (cJSON_IsString(a))
        return strcmp(a->valuestring, b->valuestring) == 0;
    return !cJSON_IsNumber(a) || a->valuedouble == b->valuedouble;
}

/* One writer made both: members come in the same order. Answers are no deeper than cJSON reads. */
bool watch_differs(const cJSON *before, const cJSON *after)
{
    if (!before || !after)
        return before != after;
    if (!same_value(before, after))
        return true;
    const cJSON *a = before->child;
    const cJSON *b = after->child;
    for (; a && b; a = a->next, b = b->next) {
        bool named = a->string && b->string;
        if (!a->string != !b->string || (named && strcmp(a->string, b->string) != 0))
            return true;
        if (!(is_measurement(a) && is_measurement(b)) && watch_differs(a, b))
            return true;
    }
    return a != b;
}
