/* A growing string of bytes, always NUL-terminated; memory failure is remembered, not returned. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct strbuf {
    char *data; /* NULL until the first byte; use strbuf_text() to read */
    size_t len;
    size_t size;
    bool failed; /* some append could not get memory; the content is incomplete */
};

#define STRBUF_INIT                                                                                \
    {                                                                                              \
        0                                                                                          \
    }

void strbuf_fini(struct strbuf *b);
void strbuf_reset(struct strbuf *b);
void strbuf_add(struct strbuf *b, const void *bytes, size_t len);
void strbuf_adds(struct strbuf *b, const char *text);
void strbuf_addc(struct strbuf *b, char c);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* Borrows the text until the next change; "" when empty. */
const char *strbuf_text(const struct strbuf *b);

/* Returns owned text (free() it), NULL if memory ran out at any time; the buffer is empty after. */
char *strbuf_take(struct strbuf *b);
