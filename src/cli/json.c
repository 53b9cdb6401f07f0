/* Reading answers that may lack anything. */
#include "cli/json.h"

#include <string.h>

enum { NAME_MAX_LEN = 64 };

const cJSON *json_get(const cJSON *object, const char *path)
{
    while (object) {
        char name[NAME_MAX_LEN];
        size_t len = strcspn(path, ".");
        if (len >= sizeof name)
            return NULL;
        memcpy(name, path, len);
        name[len] = '\0';
        object = cJSON_GetObjectItemCaseSensitive(object, name);
        if (path[len] == '\0')
            break;
        path += len + 1;
    }
    return object;
}

const char *json_text(const cJSON *object, const char *path)
{
    const char *text = cJSON_GetStringValue(json_get(object, path));
    return text && text[0] ? text : NULL;
}

bool json_count(const cJSON *object, const char *path, uint64_t *out_value)
{
    const cJSON *item = json_get(object, path);
    /* 2^53: beyond it a double counts no longer in ones, and JSON carries nothing else. */
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= 0x1p53))
        return false;
    *out_value = (uint64_t)item->valuedouble;
    return true;
}

bool json_true(const cJSON *object, const char *path)
{
    return cJSON_IsTrue(json_get(object, path));
}

bool json_false(const cJSON *object, const char *path)
{
    return cJSON_IsFalse(json_get(object, path));
}
