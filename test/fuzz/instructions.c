/*
 * Any two answers as the agent's configuration at its provider. The input is the one of before, a
 * zero byte, and the one of now.
 */
#include "fuzz.h"

#include "base/text.h"
#include "core/changes/instructions.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool names_secret(const char *name)
{
    return name && (strcasestr(name, "secret") || strcasestr(name, "token") ||
                       strcasestr(name, "api_key") || strcasestr(name, "headers"));
}

/* No text below what is called a secret is left, and no name stands twice beside itself. */
static void check_kept(const cJSON *object, bool secret)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        bool hidden = secret || names_secret(item->string);
        if (hidden && cJSON_IsString(item))
            check(strcmp(item->valuestring, "") == 0 || strcmp(item->valuestring, "***") == 0);
        if (item->string)
            check(cJSON_GetObjectItemCaseSensitive(object, item->string) == item);
        check_kept(item, hidden);
    }
}

/* What is kept reads as what it is. */
static void check_again(const cJSON *kept)
{
    char digest[DIGEST_TEXT];
    char *text = cJSON_PrintUnformatted(kept);
    check(text);
    cJSON *again = instructions_read(text, strlen(text), digest);
    check(again);
    char *same = cJSON_PrintUnformatted(again);
    check(same && strcmp(text, same) == 0);
    cJSON_Delete(again);
    free(same);
    free(text);
}

/* Lines that can be shown, as many as were counted, or all that are told and one more. */
static unsigned diff(const cJSON *before, const cJSON *after)
{
    struct strbuf out = STRBUF_INIT;
    unsigned lines = 0;
    unsigned n = instructions_diff(before, after, &out);
    const char *text = strbuf_text(&out);
    check(!out.failed && text_is_utf8(text, out.len));
    for (size_t i = 0; i < out.len; i++) {
        unsigned char c = (unsigned char)text[i];
        check((c >= 0x20 || c == '\n') && c != 0x7f);
        lines += c == '\n';
    }
    check(lines == (n > INSTRUCTIONS_LINES ? INSTRUCTIONS_LINES + 1 : n));
    strbuf_fini(&out);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size > 0 ? memchr(text, '\0', size) : NULL;
    size_t len = end ? (size_t)(end - text) : size;
    char one[DIGEST_TEXT];
    char other[DIGEST_TEXT];
    cJSON *before = instructions_read(text, len, one);
    cJSON *after = end ? instructions_read(end + 1, size - len - 1, other) : NULL;
    if (before) {
        check_kept(before, false);
        check_again(before);
        check(diff(before, before) == 0);
    }
    if (before && after) {
        unsigned n = diff(before, after);
        check(n == diff(after, before));
        check(n == 0 || strcmp(one, other) != 0);
    }
    cJSON_Delete(before);
    cJSON_Delete(after);
    return 0;
}
