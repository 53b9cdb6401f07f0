/* Text as a man page needs it. */
#pragma once

#include "base/strbuf.h"

/* Appends text so that it is shown as it is; what stands between two ` becomes bold. */
void roff_text(struct strbuf *out, const char *text);

/* The same without a meaning for `. */
void roff_plain(struct strbuf *out, const char *text);

/* Appends whole lines of a page, long ones broken between words, but where they are kept (.nf). */
void roff_wrap(struct strbuf *out, const char *page);
