/* User= and Group= of a worker, looked up before the clone: name services need memory and locks. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child_user {
    bool change; /* false: it runs as we do */
    uid_t uid;
    gid_t gid;
    gid_t *groups; /* owned */
    size_t n_groups;
};

/* Names or numbers; either may be NULL. Returns 0 or -errno with *e set. */
int child_user_find(const char *user, const char *group, struct child_user *out, struct err *e);
void child_user_fini(struct child_user *u);
