/* Messages with descriptors (SCM_RIGHTS) over unix sockets that keep message boundaries. */
#pragma once

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* As many as the kernel passes in one message. */
enum { FD_MESSAGE_FDS = 253 };

struct fd_message {
    const char *text;
    size_t len;
    const int *fds;
    unsigned n_fds;
};

/* Sends to `to`, or with NULL to whom the socket is connected. Returns 0 or -errno. */
int fd_message_send(int socket, const struct fd_message *m, const struct sockaddr_un *to,
    socklen_t to_len, int flags);

/*
 * Receives one: its length (0: the end of the stream) or -errno; -EMSGSIZE when it was longer than
 * `size` - 1. The text is NUL-terminated, the descriptors are close-on-exec and the caller's; what
 * this process had no room for is missing among them.
 */
ssize_t fd_message_receive(
    int socket, char *text, size_t size, int fds[FD_MESSAGE_FDS], unsigned *out_n_fds, int flags);
