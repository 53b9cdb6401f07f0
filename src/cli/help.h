/* What `--help` and `help VERB` print, made from the tables of verbs and options. */
#pragma once

#include "base/strbuf.h"
#include "cli/verbs.h"

void help_all(struct strbuf *out);
void help_verb(struct strbuf *out, const struct verb *verb);
