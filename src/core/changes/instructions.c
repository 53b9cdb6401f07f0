/* What changed in the agent's configuration at its provider. */
#include "core/changes/instructions.h"

#include "base/text.h"
#include "core/limits.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MASK "***"

/* Members at the top that speak of the asker, or change without anybody's doing. */
static const char *const PASSING[] = {"access_info", "metadata"};

static const char *const SECRETS[] = {
    "secret", "token", "password", "api_key", "apikey", "authorization", "credential", "headers"};

static bool contains(const char *name, const char *word)
{
    return strcasestr(name, word) != NULL;
}

static bool is_secret(const char *name)
{
    for (size_t i = 0; name && i < sizeof SECRETS / sizeof *SECRETS; i++) {
        if (contains(name, SECRETS[i]))
            return true;
    }
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(cJSON *const *)a)->string, (*(cJSON *const *)b)->string);
}

/* In one order, whatever the provider's is today. */
static bool sort_members(cJSON *item)
{
    int n = cJSON_GetArraySize(item);
    cJSON **all = n > 1 && cJSON_IsObject(item) ? calloc((size_t)n, sizeof(cJSON *)) : NULL;
    bool sorted = n < 2 || !cJSON_IsObject(item) || all;
    cJSON *child = item->child;
    for (int i = 0; all && i < n; i++, child = child->next)
        all[i] = child;
    if (all) {
        qsort(all, (size_t)n, sizeof(cJSON *), by_name);
        for (int i = 0; i < n; i++) {
            all[i]->next = i + 1 < n ? all[i + 1] : NULL;
            all[i]->prev =
                all[i > 0 ? i - 1 : n - 1]; /* as cJSON has it: the first knows the last */
        }
        item->child = all[0];
        free(all);
    }
    cJSON_ArrayForEach(child, item) sorted = sort_members(child) && sorted;
    return sorted;
}

/* Numbers of tokens and the like are no secrets, nor is whether there is one. */
static void hide_value(cJSON *item)
{
    if (cJSON_IsString(item) && item->valuestring[0])
        (void)cJSON_SetValuestring(item, MASK);
}

/* Of a document whose depth is known to be bounded, as for whatever goes through it. */
static void hide(cJSON *object, bool all)
{
    cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        bool secret = all || is_secret(item->string);
        if (secret)
            hide_value(item);
        hide(item, secret);
    }
}

static unsigned depth_of(const cJSON *item, unsigned depth)
{
    unsigned deepest = depth;
    const cJSON *child;
    cJSON_ArrayForEach(child, item)
    {
        unsigned d = depth < LIMIT_JSON_DEPTH ? depth_of(child, depth + 1) : depth + 1;
        deepest = d > deepest ? d : deepest;
    }
    return deepest;
}

cJSON *instructions_read(const char *text, size_t len, char out_digest[DIGEST_TEXT])
{
    cJSON *document = cJSON_ParseWithLength(text, len);
    for (size_t i = 0; i < sizeof PASSING / sizeof *PASSING; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(document, PASSING[i]);
    bool usable = cJSON_IsObject(document) && depth_of(document, 0) < LIMIT_JSON_DEPTH &&
                  sort_members(document);
    char *canonical = usable ? cJSON_PrintUnformatted(document) : NULL;
    if (!canonical) {
        cJSON_Delete(document);
        return NULL;
    }
    digest_text(canonical, strlen(canonical), out_digest);
    free(canonical);
    hide(document, false);
    return document;
}

/* ---- differences ---- */

struct diff {
    struct strbuf *out;
    struct strbuf path;
    unsigned n;
};

/* The value in a line, from `from` on if it is a text. */
static void write_value(const cJSON *item, size_t from, struct strbuf *out)
{
    char *json = cJSON_IsString(item) ? NULL : cJSON_PrintUnformatted(item);
    const char *text = json ? json : cJSON_IsString(item) ? item->valuestring + from : "";
    if (!item) {
        strbuf_adds(out, "(nothing)");
        return;
    }
    size_t len = strlen(text);
    strbuf_adds(out, json ? "" : from ? "\"…" : "\"");
    text_escape(out, text, len, INSTRUCTIONS_SHOWN);
    strbuf_adds(out, json ? "" : "\"");
    if (len > INSTRUCTIONS_SHOWN)
        strbuf_addf(out, " (%zu bytes)", json ? len : len + from);
    free(json);
}

enum { BEFORE_IT = 20 };

/* Where two long texts begin to differ, or a little before; a whole character. */
static size_t difference_at(const cJSON *before, const cJSON *after)
{
    size_t at = 0;
    if (!cJSON_IsString(before) || !cJSON_IsString(after))
        return 0;
    const char *a = before->valuestring;
    const char *b = after->valuestring;
    if (strlen(a) <= INSTRUCTIONS_SHOWN && strlen(b) <= INSTRUCTIONS_SHOWN)
        return 0;
    while (a[at] && a[at] == b[at])
        at++;
    at = at > BEFORE_IT ? at - BEFORE_IT : 0;
    while (at > 0 && ((unsigned char)a[at] & 0xC0) == 0x80)
        at--;
    return at;
}

static void tell(struct diff *d, const cJSON *before, const cJSON *after)
{
    if (d->n++ >= INSTRUCTIONS_LINES)
        return;
    size_t from = difference_at(before, after);
    strbuf_addf(d->out, "%s: ", strbuf_text(&d->path));
    write_value(before, from, d->out);
    strbuf_adds(d->out, " -> ");
    write_value(after, from, d->out);
    strbuf_addc(d->out, '\n');
}

static void compare(struct diff *d, const cJSON *before, const cJSON *after);

static void compare_at(
    struct diff *d, const char *name, int index, const cJSON *before, const cJSON *after)
{
    size_t len = d->path.len;
    if (name) {
        strbuf_adds(&d->path, len ? "." : "");
        text_escape(&d->path, name, strlen(name), LIMIT_NAME);
    } else {
        strbuf_addf(&d->path, "[%d]", index);
    }
    compare(d, before, after);
    if (!d->path.failed) {
        d->path.len = len;
        d->path.data[len] = '\0';
    }
}

static void compare_objects(struct diff *d, const cJSON *before, const cJSON *after)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, before)
        compare_at(d, item->string, 0, item, cJSON_GetObjectItemCaseSensitive(after, item->string));
    cJSON_ArrayForEach(item, after)
    {
        if (!cJSON_GetObjectItemCaseSensitive(before, item->string))
            compare_at(d, item->string, 0, NULL, item);
    }
}

static void compare_arrays(struct diff *d, const cJSON *before, const cJSON *after)
{
    const cJSON *a = before->child;
    const cJSON *b = after->child;
    for (int i = 0; a || b; i++) {
        compare_at(d, NULL, i, a, b);
        a = a ? a->next : NULL;
        b = b ? b->next : NULL;
    }
}

static void compare(struct diff *d, const cJSON *before, const cJSON *after)
{
    if (d->path.failed || d->out->failed)
        return;
    if (cJSON_IsObject(before) && cJSON_IsObject(after))
        compare_objects(d, before, after);
    else if (cJSON_IsArray(before) && cJSON_IsArray(after))
        compare_arrays(d, before, after);
    else if (!cJSON_Compare(before, after, true))
        tell(d, before, after);
}

unsigned instructions_diff(const cJSON *before, const cJSON *after, struct strbuf *out)
{
    struct diff d = {.out = out, .path = STRBUF_INIT};
    compare(&d, before, after);
    if (d.n > INSTRUCTIONS_LINES)
        strbuf_addf(out, "and %u more\n", d.n - INSTRUCTIONS_LINES);
    strbuf_fini(&d.path);
    return d.n;
}
