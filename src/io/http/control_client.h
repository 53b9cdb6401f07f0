/* A blocking HTTP client for the control socket: what the operator's command speaks. */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stddef.h>

struct control_answer {
    int status;
    char *body; /* owned, NUL-terminated */
    size_t body_len;
};

/*
 * One exchange. Returns 0, -ECONNREFUSED or -ENOENT (no daemon), -EACCES (the socket is not ours to
 * use), -ETIMEDOUT, or another -errno; *e says what to do.
 */
int control_call(const char *socket_path, const char *method, const char *path,
    const char *json_body, usec_t timeout, struct control_answer *out, struct err *e);
void control_answer_fini(struct control_answer *a);
