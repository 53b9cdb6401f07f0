/* Verbs that change things: ask, then follow the operation until its verdict. */
#pragma once

#include "cli/cli.h"

#include <cjson/cJSON.h>

/* Asks for a verb that takes nothing but a reason, and waits for its verdict as below. */
int cli_ask(const struct cli *cli, const struct cli_args *args, const char *name, const char *path);

/*
 * Asks for an operation at `path` and waits for its verdict: progress goes to stderr, the verdict
 * to stdout, or its reason to stderr when it failed. `on_result`, which may be NULL, prints the
 * operation's result before. Returns the operation's own enum vk_exit, or what stopped the waiting.
 */
int operation_run(const struct cli *cli, const char *name, const char *path, const char *body,
    usec_t timeout, void (*on_result)(const struct cli *cli, const cJSON *result));
