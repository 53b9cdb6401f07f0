/* `status --watch`: the status page, for as long as somebody looks. */
#pragma once

#include "cli/cli.h"

/*
 * On a terminal in place; elsewhere a page, with --json a line, for each change. A daemon that does
 * not answer is said, and asked again. Returns when q is pressed; Ctrl-C ends the program with 0.
 */
int watch_status(const struct cli *cli);
