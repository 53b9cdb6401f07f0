/* Small operations on text and bytes that several parts need. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct strbuf;

/* Redis' glob rules (`*`, `?`, `[a-c]`, `[^a]`, `\x`) on bytes. Linear in practice, never
 * recursive. */
bool text_glob(const char *pattern, size_t pattern_len, const char *text, size_t len);

/* Edit distance (insert, delete, replace; letter case costs nothing); `limit` if it is that or
 * more. */
unsigned text_distance(const char *a, const char *b, unsigned limit);

/* Length of the valid UTF-8 sequence at `bytes` (1..4), 0 if there is none within `len`. */
size_t text_utf8_len(const char *bytes, size_t len);

bool text_is_utf8(const char *bytes, size_t len);

/*
 * Appends bytes so that a terminal, a log line or a table can show them: printable ASCII and valid
 * UTF-8 stay; backslash becomes `\\`, control bytes and invalid ones become `\xHH` (or \n, \t, \r).
 * Writes at most `max` bytes of the input and then "…".
 */
void text_escape(struct strbuf *out, const char *bytes, size_t len, size_t max);

/* Appends `text` as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD. */
void text_json(struct strbuf *out, const char *bytes, size_t len);

/* Cuts white space at both ends in place; returns the new start. */
char *text_trim(char *text);

/* Control bytes become `?`, in place. */
void text_blank_controls(char *text);
