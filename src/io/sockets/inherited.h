/*
 * The descriptors that the service manager passed to us (LISTEN_FDS): sockets of a `.socket` unit
 * by its FileDescriptorName=, and what we stored ourselves (FDSTORE=1) by FDNAME=. They are read in
 * one place and at once; whoever knows a name takes what belongs to it.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

struct inherited_fd {
    int fd;
    char *name; /* "unknown" if the manager told none */
};

struct inherited {
    struct inherited_fd *items; /* owned, in the manager's order */
    size_t n;
};

/*
 * Takes every descriptor meant for this process, makes it close-on-exec, and removes LISTEN_PID,
 * LISTEN_FDS and LISTEN_FDNAMES. To be called before anything else is opened. Returns 0, also if
 * there is none, or a negative errno with *e set, and then *in is empty.
 */
int inherited_read(struct inherited *in, struct err *e);

/* The first of that name, or -1. An index is good until the next take or give. */
int inherited_find(const struct inherited *in, const char *name);

/* Returns the descriptor owned; the others keep their order. */
int inherited_take(struct inherited *in, size_t index);

/* Takes `fd`: it is there for whoever asks next. Returns 0, or -ENOMEM and then it is closed. */
int inherited_give(struct inherited *in, int fd, const char *name);

/* Closes what nobody took. */
void inherited_fini(struct inherited *in);
