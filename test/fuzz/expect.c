/*
 * Any expectations on any body. The input is `STATUS` newline `ExpectJson words` newline
 * `DependencyJson words` newline `ProviderJson words` newline and the body.
 */
#include "fuzz.h"

#include "base/text.h"
#include "core/config/config_words.h"
#include "core/fleet/expect.h"

#include <stdlib.h>
#include <string.h>

/* Returns owned text up to the next newline, and moves behind it. */
static char *take_line(const char **p, size_t *len)
{
    const char *end = memchr(*p, '\n', *len);
    size_t n = end ? (size_t)(end - *p) : *len;
    char *line = malloc(n + 1);
    if (!line)
        abort();
    memcpy(line, *p, n);
    line[n] = '\0';
    *p += n + (end != NULL);
    *len -= n + (end != NULL);
    return line;
}

static void judge(const struct expect *x, const char *body, size_t len)
{
    char reason[EXPECT_REASON_MAX];
    memset(reason, 'x', sizeof reason);
    enum probe_outcome outcome = expect_judge(x, x->status_min, body, len, false, reason);
    size_t n = strnlen(reason, sizeof reason);
    /* One printable line; empty exactly when all is well. */
    if (n == sizeof reason || (n == 0) != (outcome == PROBE_PASS) || !text_is_utf8(reason, n))
        abort();
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)reason[i] < 0x20)
            abort();
    }
    bool any = outcome == PROBE_PASS || outcome == PROBE_FAIL;
    for (size_t i = 0; i < x->n_terms; i++)
        any = any || x->terms[i].fault == outcome;
    if (!any)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *p = (const char *)data;
    char *status = take_line(&p, &size);
    char *json = take_line(&p, &size);
    char *dependency = take_line(&p, &size);
    char *provider = take_line(&p, &size);
    struct strlist terms = {0};
    struct strlist paths = {0};
    struct strlist others = {0};
    struct expect_spec spec = {status, &terms, &paths, &others};
    struct expect x = {0};
    struct err e = {0};
    if (config_words_split(json, &terms, &e) == 0 &&
        config_words_split(dependency, &paths, &e) == 0 &&
        config_words_split(provider, &others, &e) == 0 && expect_init(&x, &spec, &e) == 0)
        judge(&x, p, size);
    expect_fini(&x);
    strlist_fini(&terms);
    strlist_fini(&paths);
    strlist_fini(&others);
    free(status);
    free(json);
    free(dependency);
    free(provider);
    return 0;
}
