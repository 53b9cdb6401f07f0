/* Terminal escape sequences (ECMA-48) in text that was meant for a terminal. */
#pragma once

#include <stddef.h>

struct strbuf;

/*
 * Appends `bytes` without CSI (colours, cursor), OSC, DCS and the other string sequences, two-byte
 * escapes, and the same in their C1 forms as UTF-8 (U+0080..U+009F). A string sequence that does
 * not end loses only its introducer, so that nothing can hide the rest of a line.
 */
void ansi_strip(struct strbuf *out, const char *bytes, size_t len);
