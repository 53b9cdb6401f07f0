/* One question to the daemon, and what to do when the answer is no answer. */
#pragma once

#include "base/err.h"
#include "cli/cli.h"

#include <cjson/cJSON.h>

/* How long the daemon may take for one answer: it answers everything at once. */
#define API_TIMEOUT (5 * USEC_PER_SEC)

struct api_answer {
    int rc;      /* 0, or control_call()'s error: nothing was answered; *e says what to do */
    int status;  /* of the answer */
    cJSON *json; /* owned; NULL: not JSON */
    struct err e;
};

void api_call(const struct cli *cli, const char *method, const char *path, const char *body,
    struct api_answer *out);
/* The same for who does not want to wait for so long. */
void api_call_within(const struct cli *cli, usec_t timeout, const char *method, const char *path,
    const char *body, struct api_answer *out);
void api_answer_fini(struct api_answer *a);

/* Whether the daemon did what it was asked: a 2xx with a JSON object. */
bool api_answer_ok(const struct api_answer *a);

/* Says why not, on stderr and with --json on stdout as well. Returns the enum vk_exit for it. */
int api_explain(const struct cli *cli, const struct api_answer *a);

/* Says that something failed: `code` is for scripts, the message for people. Returns `exit_code`.
 */
int api_fail(const struct cli *cli, int exit_code, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Prints one JSON document. Returns VK_EXIT_DONE or VK_EXIT_FAILED. */
int api_print_json(const cJSON *json);
