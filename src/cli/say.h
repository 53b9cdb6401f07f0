/* What the operator reads: text that cannot hurt a terminal, colours where there is one, errors. */
#pragma once

#include "base/span.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum say_color { SAY_PLAIN, SAY_BOLD, SAY_DIM, SAY_RED, SAY_GREEN, SAY_YELLOW };

/* Whether stdout is a terminal that takes colours and nobody said no (NO_COLOR, TERM=dumb). */
bool say_wants_color(void);

/* Appends `text` in `color`; without `use`, just the text. The text is trusted. */
void say_colored(struct strbuf *out, bool use, enum say_color color, const char *text);

/*
 * Appends text from elsewhere: line ends, tabs and backslashes stay, other control bytes and
 * invalid UTF-8 become visible. Every line after the first begins with `indent`.
 */
void say_safe(struct strbuf *out, const char *text, const char *indent);

/* Appends text from elsewhere on one line, in at most `max` bytes. */
void say_word(struct strbuf *out, const char *text, size_t max);

/* Appends "1 worker" or "2 workers". */
void say_number(struct strbuf *out, uint64_t n, const char *one, const char *many);

/* Appends bytes as a person reads them: "76.3M". */
void say_size(struct strbuf *out, uint64_t bytes);

/* Appends "15:04:05", by the clock of whoever sits here. */
void say_clock(struct strbuf *out, usec_t wall);

/* The same with the zone: "15:04:05 CET". */
void say_clock_zone(struct strbuf *out, usec_t wall);

/* Writes "voxkeeper: ..." to stderr, made safe. */
void say_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Writes what was built up to stdout, and ends the buffer. */
void say_print(struct strbuf *out);
