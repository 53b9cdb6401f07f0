/* Verbs that change things: ask, then follow the operation until its verdict. */
#pragma once

#include "cli/cli.h"

#include <cjson/cJSON.h>

/* Asks for a verb that takes nothing but a reason, and waits for its verdict as below. */
int cli_ask(const struct cli *cli, const struct cli_args *args, const char *name, const char *path);

/* The same with a "text" beside the reason. */
int cli_ask_text(const struct cli *cli, const struct cli_args *args, const char *name,
    const char *path, const char *written);

/*
 * Asks for an operation at `path` and waits for its verdict: progress goes to stderr, the verdict
 * to stdout, or its reason to stderr when it failed. `on_result`, which may be NULL, prints the
 * operation's result before. Returns the operation's own enum vk_exit, or what stopped the waiting.
 */
/* What a verb that can be ended, or tells how far it is, asks for. Unused members are NULL, false.
 */
struct operation_ask {
    const char *name; /* of the verb, for people */
    const char *path;
    const char *body;
    usec_t timeout; /* of the waiting; USEC_INFINITY: none */
    void (*on_result)(const struct cli *cli, const cJSON *result);
    /* How far it is: the operation's own `so_far`, NULL when it ended. If it returns true, the
     * progress lines are not printed. */
    bool (*on_so_far)(const struct cli *cli, const cJSON *so_far);
    /* With --json, in place of the operation as one document. */
    void (*print_json)(const cJSON *operation);
    /* It has ended: its result may be kept. Returns false, and has said why, if that failed. */
    bool (*on_ended)(const cJSON *operation, const void *arg);
    const void *arg;
    const char *cancel_path; /* Ctrl-C ends the operation there, and waits for its end */
    bool wait_busy;          /* while it is refused as busy, ask again */
};

/* As operation_run(). An operation that was ended by Ctrl-C is shown, and then SIGINT has its own
 * effect, so that a script stops as well. */
int operation_follow(const struct cli *cli, const struct operation_ask *ask);

int operation_run(const struct cli *cli, const char *name, const char *path, const char *body,
    usec_t timeout, void (*on_result)(const struct cli *cli, const cJSON *result));
