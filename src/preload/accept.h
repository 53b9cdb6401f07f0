/* accept() on a taken socket: from the private listener, then from the public one while active. */
#pragma once

#include "preload/taken.h"

/* As accept4(2), blocking if `fd` is. */
int accept_taken(
    const struct taken *t, int fd, struct sockaddr *name, socklen_t *length, int flags);
