/* A log sink that keeps what was told: a line a record, "event|message|NAME=value|..". */
#pragma once

#include "base/log.h"
#include "base/strbuf.h"

#include "cmocka_all.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct strbuf witness_text;

static inline const struct log_field *witness_field(const struct log_record *r, const char *name)
{
    for (size_t i = 0; i < r->n_fields; i++) {
        if (strcmp(r->fields[i].name, name) == 0)
            return &r->fields[i];
    }
    return NULL;
}

static inline void witness_sink(const struct log_record *r, void *arg)
{
    (void)arg;
    const struct log_field *event = witness_field(r, "VOXKEEPER_EVENT");
    if (event)
        strbuf_add(&witness_text, event->value, event->len);
    strbuf_addc(&witness_text, '|');
    strbuf_add(&witness_text, r->message, r->message_len);
    for (size_t i = 0; i < r->n_fields; i++) {
        strbuf_addf(&witness_text, "|%s=", r->fields[i].name);
        strbuf_add(&witness_text, r->fields[i].value, r->fields[i].len);
    }
    strbuf_addc(&witness_text, '\n');
}

static inline void witness_begin(void)
{
    strbuf_reset(&witness_text);
    log_set_sink(witness_sink, NULL);
    log_set_max_level(LOG_LEVEL_DEBUG);
}

static inline void witness_end(void)
{
    log_set_sink(NULL, NULL);
    strbuf_fini(&witness_text);
}

static inline bool witness_heard(const char *part)
{
    return strstr(strbuf_text(&witness_text), part) != NULL;
}

static inline unsigned witness_count(const char *part)
{
    unsigned n = 0;
    const char *at = strbuf_text(&witness_text);
    while ((at = strstr(at, part)) != NULL) {
        n++;
        at += strlen(part);
    }
    return n;
}

#define witness_must(part)                                                                         \
    do {                                                                                           \
        if (!witness_heard(part))                                                                  \
            fail_msg("\"%s\" was not told, but\n%s", part, strbuf_text(&witness_text));            \
    } while (0)

#define witness_must_not(part)                                                                     \
    do {                                                                                           \
        if (witness_heard(part))                                                                   \
            fail_msg("\"%s\" was told:\n%s", part, strbuf_text(&witness_text));                    \
    } while (0)
