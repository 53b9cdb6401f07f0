/* Finding the part of a value that must not be shown. */
#include "core/config/config_secret.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char mask[] = "***";

static bool sounds_secret(const char *name, size_t len)
{
    static const char *const signs[] = {"KEY", "SECRET", "TOKEN", "PASS", "CREDENTIAL", "AUTH"};
    for (size_t at = 0; at < len; at++) {
        for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
            size_t n = strlen(signs[i]);
            if (n <= len - at && strncasecmp(name + at, signs[i], n) == 0)
                return true;
        }
    }
    return false;
}

/* From behind the user's colon to the last '@': a password may hold any other character. */
static void mask_url(const char *text, struct strbuf *out)
{
    const char *scheme = strstr(text, "://");
    const char *colon = scheme ? strchr(scheme + 3, ':') : NULL;
    const char *at = colon ? strrchr(colon, '@') : NULL;
    if (!at) {
        strbuf_adds(out, text);
        return;
    }
    strbuf_add(out, text, (size_t)(colon + 1 - text));
    strbuf_adds(out, mask);
    strbuf_adds(out, at);
}

void config_secret_mask(const char *text, bool assignment, struct strbuf *out)
{
    size_t name_len = assignment ? strcspn(text, "=") : 0;
    if (name_len > 0 && text[name_len] && sounds_secret(text, name_len)) {
        strbuf_add(out, text, name_len + 1);
        strbuf_adds(out, mask);
    } else {
        mask_url(text, out);
    }
}
