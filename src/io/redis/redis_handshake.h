/* What is said to Redis first: who we are, and which database we mean. */
#pragma once

#include "io/redis/redis_conn.h"

/* Borrowed until the connection is gone. */
struct redis_login {
    const char *username; /* "" for none */
    const char *password; /* "" for none */
    const char
        *password_file; /* instead of `password`; NULL: none. Its first line; read each time */
    unsigned db;
    /* A step failed: `what` names it. The database or the user may be the wrong one. */
    void (*on_failed)(const char *what, const struct redis_value *reply, void *arg);
    void *arg;
};

/*
 * Sends it without waiting: whatever is sent after it is answered after it. Returns 0, -ENOTCONN,
 * or what reading the password failed with, and *e.
 */
int redis_handshake_send(struct redis_conn *c, struct redis_login *login, struct err *e);
