/* Parsing configuration text in tests. */
#pragma once

#include "core/config/config.h"

#include "cmocka_all.h"

#include <string.h>

/* NULL if it was refused; *d is then what was said, and always the caller's to end. */
static inline struct config *config_of(const char *text, struct config_diagnostics *d)
{
    const struct config_source source = {"/etc/v.conf", text, strlen(text)};
    struct config *c = NULL;
    int r = config_parse(&source, 1, &c, d);
    assert_int_equal(r == 0, d->n == 0);
    return c;
}

/* Fails the test if it is refused. */
static inline struct config *config_must(const char *text)
{
    struct config_diagnostics d;
    struct config *c = config_of(text, &d);
    if (!c) {
        struct strbuf out = STRBUF_INIT;
        config_diagnostics_write(&d, &out);
        print_error("%s", strbuf_text(&out));
        strbuf_fini(&out);
        config_diagnostics_fini(&d);
        fail_msg("refused:\n%s", text);
    }
    config_diagnostics_fini(&d);
    return c;
}

/* The text is refused with exactly `want`, one line a diagnostic. */
static inline void config_refused(const char *text, const char *want)
{
    struct config_diagnostics d;
    struct strbuf out = STRBUF_INIT;
    struct config *c = config_of(text, &d);
    config_diagnostics_write(&d, &out);
    bool same = !c && strcmp(strbuf_text(&out), want) == 0;
    if (!same)
        print_error("text:\n%s\nsaid:\n%s\nwanted:\n%s\n", text, strbuf_text(&out), want);
    config_free(c);
    config_diagnostics_fini(&d);
    strbuf_fini(&out);
    assert_true(same);
}
