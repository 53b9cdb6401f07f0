/*
 * Strict JSON (RFC 8259) read in place: no memory, no recursion, numbers stay the text they were.
 * It exists beside cJSON because a worker's log lines arrive by the thousand, are anything at all,
 * and carry ids that must not pass through a double.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct strbuf;

struct json_member {
    const char *key; /* between the quotes, still escaped */
    size_t key_len;
    const char *value; /* as it stands, with its quotes, brackets or braces */
    size_t value_len;
};

/*
 * Length of the JSON value at the start of `bytes` (white space before it counts), 0 if there is
 * none or it nests deeper than LIMIT_JSON_DEPTH. Bytes over 0x7F in strings are not looked at.
 */
size_t json_scan_value(const char *bytes, size_t len);

/*
 * The member of a *valid* object that follows *pos; start with *pos = 0. Returns false after the
 * last one. The spans are borrowed from `object`.
 */
bool json_scan_member(const char *object, size_t len, size_t *pos, struct json_member *out_member);

/* Appends what a valid string stands for (`bytes` without its quotes); lone surrogates: U+FFFD. */
void json_scan_unescape(struct strbuf *out, const char *bytes, size_t len);

/* Appends a valid value without the white space between its parts. */
void json_scan_compact(struct strbuf *out, const char *bytes, size_t len);
