/*
 * Words as systemd quotes them: separated by white space; '…' and "…" keep it; in and out of quotes
 * a backslash begins a C escape (\n, \t, \s for a space, \xHH, \uHHHH, \\, \", \'). No shell, no
 * variables.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"
#include "base/strlist.h"

/* Appends the words of `text`. Returns 0, -EINVAL with the reason, or -ENOMEM; on failure *out
 * keeps what it held before. */
int config_words_split(const char *text, struct strlist *out, struct err *e);

/* Appends `word` so that config_words_split() reads it back, quoted only where needed. */
void config_word_write(struct strbuf *out, const char *word);
