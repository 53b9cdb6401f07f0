/* What the admin listeners answer: one table of routes. See include/voxkeeper/control.h. */
#pragma once

#include "io/http/http_server.h"

struct daemon;

/* Answers at once. Changing verbs are for the unix socket, and there for those who may. */
void api_answer(
    struct daemon *d, const struct http_server_request *request, struct http_server_answer *answer);
