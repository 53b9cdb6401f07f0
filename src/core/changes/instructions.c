/* What changed in the agent's configuration at its provider. */
#include "core/changes/instructions.h"

#include "base/text.h"
#include "core/limits.h"

#include <cjson/cJSON.h>
#include <math.h>
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

struct member {
    cJSON *item;
    size_t at;
};

static int by_name(const void *a, const void *b)
{
    const struct member *one = a;
    const struct member *other = b;
    int order = strcmp(one->item->string, other->item->string);
    return order ? order : one->at < other->at ? -1 : one->at > other->at;
}

/* In one order, whatever the provider's is today; of several with one name the last one counts. */
static bool sort_members(cJSON *object)
{
    size_t n = (size_t)cJSON_GetArraySize(object);
    size_t kept = 0;
    struct member *all = n > 0 ? calloc(n, sizeof *all) : NULL;
    if (n > 0 && !all)
        return false;
    for (cJSON *item = object->child; item; item = item->next) {
        all[kept] = (struct member){item, kept};
        kept++;
    }
    if (n > 0)
        qsort(all, n, sizeof *all, by_name);
    object->child = NULL;
    for (size_t i = 0; i < n; i++) {
        all[i].item->prev = all[i].item->next = NULL;
        if (i + 1 < n && strcmp(all[i].item->string, all[i + 1].item->string) == 0)
            cJSON_Delete(all[i].item);
        else
            cJSON_AddItemToArray(object, all[i].item);
    }
    free(all);
    return true;
}

/* The same document is the same text: whatever its order, and numbers as they are written. */
static bool normalise(cJSON *item)
{
    bool done = !cJSON_IsObject(item) || sort_members(item);
    cJSON *child;
    if (cJSON_IsNumber(item) && !isfinite(item->valuedouble))
        item->type = (item->type & ~0xFF) | cJSON_NULL;
    cJSON_ArrayForEach(child, item) done = normalise(child) && done;
    return done;
}

/* Numbers of tokens and the like are no secrets, nor is whether there is one. */
static void hide_value(cJSON *item)
{
    if (cJSON_IsString(item) && item->valuestring[0] && !cJSON_SetValuestring(item, MASK))
        item->valuestring[0] = '\0';
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
    bool usable =
        cJSON_IsObject(document) && depth_of(document, 0) < LIMIT_JSON_DEPTH && normalise(document);
    for (size_t i = 0; i < sizeof PASSING / sizeof *PASSING; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(document, PASSING[i]);
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
    if (d->path.len > len) {
        d->path.len = len;
        d->path.data[len] = '\0';
    }
}

/* Both are in order. */
static void compare_objects(struct diff *d, const cJSON *before, const cJSON *after)
{
    const cJSON *a = before->child;
    const cJSON *b = after->child;
    while (a || b) {
        int order = !a ? 1 : !b ? -1 : strcmp(a->string, b->string);
        const cJSON *old = order <= 0 ? a : NULL;
        const cJSON *new = order >= 0 ? b : NULL;
        compare_at(d, old ? old->string : new->string, 0, old, new);
        a = old ? a->next : a;
        b = new ? b->next : b;
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
