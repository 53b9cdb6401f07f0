/* Records of credentials as JSON, and their ages. */
#include "core/credentials/credential_record.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NOTICE (7 * USEC_PER_DAY)
#define LONGEST_GAP (366 * USEC_PER_DAY)
#define BEFORE_US (UINT64_C(1704067200) * USEC_PER_SEC) /* 2024 */

usec_t credential_clock_between(
    const struct credential_clock *then, const struct credential_clock *now)
{
    if (then->boot_id[0] && strcmp(then->boot_id, now->boot_id) == 0)
        return usec_sub(now->boot, then->boot);
    usec_t gap = usec_sub(now->wall, then->wall);
    return then->wall < BEFORE_US || gap > LONGEST_GAP ? 0 : gap;
}

usec_t credential_notice_age(usec_t rotate_after)
{
    if (rotate_after == USEC_INFINITY)
        return USEC_INFINITY;
    usec_t notice = rotate_after / 4 < NOTICE ? rotate_after / 4 : NOTICE;
    return rotate_after - notice;
}

static const char *const age_names[CREDENTIAL_AGE_COUNT] = {
#define X(symbol, name) [CREDENTIAL_##symbol] = name,
    CREDENTIAL_AGES(X)
#undef X
};

static void write_value(
    struct cJSON *json, const char *name, const struct credential_value_record *value)
{
    struct cJSON *object = value->fingerprint[0] ? cJSON_AddObjectToObject(json, name) : NULL;
    if (!object)
        return;
    cJSON_AddStringToObject(object, "fingerprint", value->fingerprint);
    cJSON_AddNumberToObject(object, "age_usec", (double)value->age);
    if (value->told != CREDENTIAL_FRESH)
        cJSON_AddStringToObject(object, "told", age_names[value->told]);
}

void credential_record_write(const struct credential_record *records, unsigned n,
    const struct credential_clock *now, struct strbuf *out)
{
    struct cJSON *json = cJSON_CreateObject();
    struct cJSON *all = cJSON_AddArrayToObject(json, "credentials");
    cJSON_AddNumberToObject(json, "version", 1);
    cJSON_AddStringToObject(json, "boot_id", now->boot_id);
    cJSON_AddNumberToObject(json, "boot_usec", (double)now->boot);
    cJSON_AddNumberToObject(json, "wall_usec", (double)now->wall);
    for (unsigned i = 0; i < n; i++) {
        struct cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "name", records[i].name);
        write_value(one, "used", &records[i].used);
        write_value(one, "next", &records[i].next);
        if (records[i].next.fingerprint[0])
            cJSON_AddNumberToObject(one, "from", (double)records[i].from);
        if (records[i].refused[0])
            cJSON_AddStringToObject(one, "refused", records[i].refused);
        cJSON_AddItemToArray(all, one);
    }
    char *text = cJSON_PrintUnformatted(json);
    if (text)
        strbuf_addf(out, "%s\n", text);
    else
        out->failed = true;
    cJSON_free(text);
    cJSON_Delete(json);
}

/* False if it is missing, negative or beyond what a double counts. */
static bool read_number(const struct cJSON *json, const char *name, uint64_t *out)
{
    const struct cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble < 9e15))
        return false;
    *out = (uint64_t)item->valuedouble;
    return true;
}

static bool read_text(const struct cJSON *json, const char *name, char *out, size_t size)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    if (!text || strlen(text) >= size)
        return false;
    snprintf(out, size, "%s", text);
    return true;
}

static bool read_digest(const struct cJSON *json, const char *name, char out[DIGEST_TEXT])
{
    char text[DIGEST_TEXT];
    if (!read_text(json, name, text, sizeof text) || strlen(text) != DIGEST_TEXT - 1 ||
        text[strspn(text, "0123456789abcdef")])
        return false;
    memcpy(out, text, sizeof text);
    return true;
}

/* Who was told before this was written down is told once more. */
static bool read_told(const struct cJSON *json, enum credential_age *out)
{
    char text[16];
    *out = CREDENTIAL_FRESH;
    if (!cJSON_HasObjectItem(json, "told"))
        return true;
    if (!read_text(json, "told", text, sizeof text))
        return false;
    for (unsigned i = 0; i < CREDENTIAL_AGE_COUNT; i++) {
        *out = (enum credential_age)i;
        if (strcmp(text, age_names[i]) == 0)
            return true;
    }
    return false;
}

/* What is missing is no mistake; what is there must be whole. */
static bool read_value(
    const struct cJSON *json, const char *name, usec_t since, struct credential_value_record *out)
{
    const struct cJSON *object = cJSON_GetObjectItemCaseSensitive(json, name);
    if (!object)
        return true;
    if (!read_digest(object, "fingerprint", out->fingerprint) ||
        !read_number(object, "age_usec", &out->age) || !read_told(object, &out->told))
        return false;
    out->age = usec_add(out->age, since);
    return true;
}

static bool read_one(const struct cJSON *json, usec_t since, struct credential_record *out)
{
    *out = (struct credential_record){0};
    bool refused = cJSON_HasObjectItem(json, "refused");
    return read_text(json, "name", out->name, sizeof out->name) && out->name[0] &&
           read_value(json, "used", since, &out->used) &&
           read_value(json, "next", since, &out->next) &&
           (!out->next.fingerprint[0] || read_number(json, "from", &out->from)) &&
           (!refused || read_digest(json, "refused", out->refused));
}

static int read_all(const struct cJSON *json, const struct credential_clock *now,
    struct credential_record out[LIMIT_CREDENTIALS], struct err *e)
{
    struct credential_clock then;
    uint64_t version = 0;
    const struct cJSON *all = cJSON_GetObjectItemCaseSensitive(json, "credentials");
    if (!read_number(json, "version", &version) || version != 1 || !cJSON_IsArray(all) ||
        !read_text(json, "boot_id", then.boot_id, sizeof then.boot_id) ||
        !read_number(json, "boot_usec", &then.boot) || !read_number(json, "wall_usec", &then.wall))
        return err_set(e, -EINVAL, "reading what is known of credentials: it is no such document");
    usec_t since = credential_clock_between(&then, now);
    int n = 0;
    const struct cJSON *one;
    cJSON_ArrayForEach(one, all)
    {
        if (n == LIMIT_CREDENTIALS || !read_one(one, since, &out[n]))
            return err_set(
                e, -EINVAL, "reading what is known of credentials: number %d is broken", n + 1);
        n++;
    }
    return n;
}

int credential_record_read(const char *text, const struct credential_clock *now,
    struct credential_record out[LIMIT_CREDENTIALS], struct err *e)
{
    struct cJSON *json = cJSON_Parse(text);
    int r = read_all(json, now, out, e);
    cJSON_Delete(json);
    return r;
}
