/*
 * What the value of one key says.
 *
 * Every member counts, also one that comes twice: cJSON would show the first, JavaScript the last.
 */
#include "core/sweep/sweep_value.h"

#include "base/timestamp.h"
#include "core/config/config.h"

#include <cjson/cJSON.h>
#include <string.h>

/* True when a time was read; null is none, and no fault. */
static bool read_time(const cJSON *item, usec_t *out_wall, struct sweep_value *v)
{
    int r = -1;
    if (cJSON_IsNull(item))
        return false;
    if (cJSON_IsString(item))
        r = timestamp_parse(item->valuestring, strlen(item->valuestring), out_wall);
    else if (cJSON_IsNumber(item))
        r = timestamp_from_number(item->valuedouble, out_wall);
    if (r < 0)
        v->fault = "a time in it cannot be read";
    return r == 0;
}

static void read_age(const cJSON *item, const char *field, struct sweep_value *v)
{
    usec_t wall = 0;
    if (!read_time(item, &wall, v) || (v->field && wall <= v->latest))
        return;
    v->latest = wall;
    v->field = field;
}

/* `path` is what is left of `field`: the member of that name, and "a.b" is also b of the object a.
 */
static void read_ages(
    const cJSON *object, const char *path, const char *field, struct sweep_value *v)
{
    for (const cJSON *item = object->child; item; item = item->next) {
        size_t len = strlen(item->string);
        if (strcmp(item->string, path) == 0)
            read_age(item, field, v);
        else if (cJSON_IsObject(item) && strncmp(path, item->string, len) == 0 && path[len] == '.')
            read_ages(item, path + len + 1, field, v);
    }
}

static void read_expiry(const cJSON *item, struct sweep_value *v)
{
    usec_t wall = 0;
    if (strcmp(item->string, "expiresAt") != 0 || !read_time(item, &wall, v))
        return;
    if (!v->expires_known || wall > v->expires)
        v->expires = wall;
    v->expires_known = true;
}

static void read_pending(const cJSON *item, struct sweep_value *v)
{
    if (cJSON_IsBool(item))
        v->pending = v->pending || cJSON_IsTrue(item);
    else
        v->fault = "its \"pending\" is neither true nor false";
}

static void read_owner(const cJSON *item, char owner[LIMIT_OWNER + 1])
{
    if (cJSON_IsString(item) && strlen(item->valuestring) <= LIMIT_OWNER)
        strcpy(owner, item->valuestring);
}

/* A task's session is what it hands back with the answer, unless it names one. */
static void read_task_member(const cJSON *item, struct sweep_value *v)
{
    if (strcmp(item->string, "pending") == 0)
        read_pending(item, v);
    else if (strcmp(item->string, "conversationId") == 0)
        read_owner(item, v->conversation);
    else if (strcmp(item->string, "sessionId") == 0)
        read_owner(item, v->session);
    else if (strcmp(item->string, "sessionPayload") == 0 && !v->session[0])
        read_owner(item, v->session);
}

static void read_members(
    const struct config_keyspace *keyspace, const cJSON *root, struct sweep_value *v)
{
    for (size_t i = 0; i < keyspace->age_fields.n; i++)
        read_ages(root, keyspace->age_fields.items[i], keyspace->age_fields.items[i], v);
    for (const cJSON *item = root->child; item; item = item->next) {
        read_expiry(item, v);
        if (strcmp(item->string, "metadata") == 0 && cJSON_IsObject(item)) {
            for (const cJSON *inner = item->child; inner; inner = inner->next)
                read_expiry(inner, v);
        }
        if (keyspace->kind == CONFIG_KEYSPACE_TASK)
            read_task_member(item, v);
    }
}

struct sweep_value sweep_value_read(
    const struct config_keyspace *keyspace, const char *value, size_t len)
{
    struct sweep_value v = {0};
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(value, len, &end, false);
    while (root && end < value + len && memchr(" \t\r\n", *end, 4))
        end++;
    if (!root || end < value + len)
        v.fault = "it is not JSON";
    else if (!cJSON_IsObject(root))
        v.fault = "it is not a JSON object";
    else
        read_members(keyspace, root, &v);
    if (!v.fault && !v.field)
        v.fault = "it has none of the AgeFields";
    cJSON_Delete(root);
    return v;
}
