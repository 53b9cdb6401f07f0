/* What the team is told of a deployment, as options say it. */
#pragma once

#include "base/strbuf.h"
#include "cli/cli.h"

#include <stdbool.h>

/* Appends what voxkeeperd reads for `20min`, `18:30`, `2026-01-02 18:30` (local time) and the like.
 * False: it is none of these, or past. */
bool team_write_eta(const char *text, struct strbuf *out);

/* Appends those that were given to a JSON object, which is not ended. */
void team_add(const struct cli_args *args, struct strbuf *json);
