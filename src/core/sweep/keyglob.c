/* Key patterns. Escaping is by Redis' rules (stringmatchlen), which text_glob() follows. */
#include "core/sweep/keyglob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int keyglob_init(struct keyglob_prefix *p, const char *pattern, struct err *e)
{
    size_t len = strlen(pattern);
    size_t n = 0;
    char *bytes = malloc(len + 1);
    if (!bytes)
        return err_sys(e, -ENOMEM, "read key pattern \"%s\"", pattern);
    size_t i = 0;
    while (i < len && !strchr("*?[", pattern[i])) {
        if (pattern[i] == '\\' && i + 1 < len)
            i++;
        bytes[n++] = pattern[i++];
    }
    if (n == 0 || len - i != 1 || pattern[i] != '*') {
        free(bytes);
        return err_set(
            e, -EINVAL, "read key pattern \"%s\": it must be a prefix followed by \"*\"", pattern);
    }
    *p = (struct keyglob_prefix){bytes, n};
    return 0;
}

void keyglob_fini(struct keyglob_prefix *p)
{
    free(p->bytes);
    *p = (struct keyglob_prefix){0};
}

bool keyglob_matches(const struct keyglob_prefix *p, const char *name, size_t len)
{
    return len >= p->len && memcmp(name, p->bytes, p->len) == 0;
}

static void add_escaped(struct strbuf *out, char c, const char *special)
{
    if (c != '\0' && strchr(special, c))
        strbuf_addc(out, '\\');
    strbuf_addc(out, c);
}

/* The different bytes that the prefixes have at `at`. */
static void add_position(
    const struct keyglob_prefix *prefixes, size_t n, size_t at, struct strbuf *out)
{
    bool seen[256] = {false};
    size_t different = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)prefixes[i].bytes[at];
        different += !seen[c];
        seen[c] = true;
    }
    if (different == 1) {
        add_escaped(out, prefixes[0].bytes[at], "*?[]\\^-");
        return;
    }
    strbuf_addc(out, '[');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)prefixes[i].bytes[at];
        if (seen[c])
            add_escaped(out, (char)c, "]\\^-");
        seen[c] = false;
    }
    strbuf_addc(out, ']');
}

void keyglob_superset(const struct keyglob_prefix *prefixes, size_t n, struct strbuf *out)
{
    size_t common = prefixes[0].len;
    for (size_t i = 1; i < n; i++) {
        if (prefixes[i].len < common)
            common = prefixes[i].len;
    }
    for (size_t at = 0; at < common; at++)
        add_position(prefixes, n, at, out);
    strbuf_addc(out, '*');
}
