/*
 * Any bytes as configuration text: either refused with a diagnostic, or written, read back, and the
 * same again.
 */
#include "fuzz.h"

#include "core/config/config.h"

#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void round_trip(const struct config *c)
{
    struct strbuf text = STRBUF_INIT;
    struct strbuf diff = STRBUF_INIT;
    struct config_diagnostics d;
    struct config *again = NULL;
    config_write(c, CONFIG_SECRETS_REVEAL, &text);
    const struct config_source source = {"again", strbuf_text(&text), text.len};
    check(config_parse(&source, 1, &again, &d) == 0);
    check(config_diff(c, again, &diff) == CONFIG_CHANGE_NONE);
    config_free(again);
    config_diagnostics_fini(&d);
    strbuf_reset(&text);
    config_write_json(c, &text);
    strbuf_fini(&text);
    strbuf_fini(&diff);
}

/* A NUL cuts the input into several files. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_source sources[4];
    size_t n = 0;
    for (size_t at = 0; at < size && n < sizeof sources / sizeof *sources; n++) {
        const char *text = (const char *)data + at;
        const char *end =
            n + 1 < sizeof sources / sizeof *sources ? memchr(text, 0, size - at) : NULL;
        size_t len = end ? (size_t)(end - text) : size - at;
        sources[n] = (struct config_source){"input", text, len};
        at += len + (end != NULL);
    }
    struct config_diagnostics d;
    struct strbuf said = STRBUF_INIT;
    struct config *c = NULL;
    int r = config_parse(sources, n, &c, &d);
    check(r == 0 ? c && d.n == 0 : !c && d.n > 0);
    config_diagnostics_write(&d, &said);
    if (c)
        round_trip(c);
    config_free(c);
    config_diagnostics_fini(&d);
    strbuf_fini(&said);
    return 0;
}
