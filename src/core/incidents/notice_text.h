/* Texts of notices made to fit. */
#pragma once

#include "base/strbuf.h"

#include <stddef.h>

/* How many of the bytes fit into `max` without cutting a character in two. */
size_t notice_text_fit(const char *text, size_t len, size_t max);

/*
 * Appends text as Slack's mrkdwn wants it, `&`, `<` and `>` escaped, in at most `max` bytes of
 * output; what does not fit is cut between characters and ends in "…".
 */
void notice_text_slack(struct strbuf *out, const char *text, size_t max);
