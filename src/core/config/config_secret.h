/* Showing values that may hold a secret. */
#pragma once

#include "base/strbuf.h"

#include <stdbool.h>

/*
 * Appends `text` with the password of a URL in it replaced by `***`. With `assignment`, text is
 * NAME=value, and the whole value is replaced if the name sounds like a secret.
 */
void config_secret_mask(const char *text, bool assignment, struct strbuf *out);
