/*
 * Socket options that a connection inherits from the socket that accepted it. The application sets
 * them on what it believes to be that socket. The public listener is shared by all workers, one of
 * which may run another release, so they are not set there but on each connection that this worker
 * accepts from it; and on the private listener, whose connections inherit them by themselves.
 *
 * Two things differ: the window scale that goes with SO_RCVBUF has been agreed upon by then, and so
 * has TCP_MAXSEG. What speaks of the queue itself stays the supervisor's: TCP_DEFER_ACCEPT,
 * TCP_FASTOPEN, SO_REUSEADDR, SO_REUSEPORT, SO_INCOMING_CPU, IPV6_V6ONLY, filters, the backlog.
 */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

enum { OPTIONS_MAX = 24, OPTION_VALUE_MAX = 16 };

struct option {
    int level, name;
    socklen_t length;
    unsigned char value[OPTION_VALUE_MAX];
};

struct options {
    _Atomic unsigned n;
    struct option items[OPTIONS_MAX];
};

/* Whether it is one of them. */
bool options_know(int level, int name);

/* What `fd` has been given that a fresh socket like `fresh` has not; also set on `private_fd`. */
void options_take(struct options *o, int fd, int fresh, int private_fd);

/* To be called under a lock; options_apply() may run at the same time. */
void options_note(struct options *o, int level, int name, const void *value, socklen_t length);

void options_apply(const struct options *o, int connection);
