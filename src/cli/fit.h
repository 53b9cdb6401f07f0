/* Text made to fit a terminal. */
#pragma once

#include "base/strbuf.h"

/*
 * Appends `text`, whose lines become at most `columns` wide: they are wrapped between words, or
 * within one that is too wide. Of more than `rows` lines the rest is cut off, which the last one
 * says. Colours (CSI .. m) take no room. Nothing follows the last line, no line end either.
 */
void fit_text(struct strbuf *out, const char *text, unsigned columns, unsigned rows);
