/*
 * What the supervisor gave this worker: listeners, the control socket, and whether it is active.
 *
 * The state lies in a page shared with forked children, so that a prefork server's children follow
 * what one of them, or their parent, has read from the control socket.
 */
#pragma once

#include "preload/environment.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct listener {
    int public_fd;
    int private_fd;
    sa_family_t family;           /* AF_UNIX, or AF_INET for TCP of either version */
    uint16_t port;                /* TCP */
    struct sockaddr_storage path; /* AF_UNIX: as bind() gets it */
    socklen_t path_length;
};

/*
 * Takes the descriptors of `e` over. Returns false, having told the supervisor why, if they are not
 * what the contract says.
 */
bool handover_open(struct environment *e);

/* False in every process but the worker and its forked children. */
bool handover_in_force(void);

/*
 * False in a child that still lives in its parent's memory (vfork), which may exec and close, but
 * must leave our tables alone.
 */
bool handover_owns_memory(void);

/* Of the worker itself, not of its children: the only one whose epoll sets follow the state. */
bool handover_is_worker(void);

bool handover_is_active(void);

/*
 * Around an accept() from a public listener, which is to be left out if this returns false. What
 * began while the worker was active has ended before it is said to be paused.
 */
bool handover_enter_public(void);
void handover_leave_public(void);

unsigned handover_listeners(void);
const struct listener *handover_listener(unsigned index);

/* The listener whose address this is, or -1. */
int handover_find(const struct sockaddr *name, socklen_t length);

/* Whether the path is a public unix socket's, which outlives this worker. */
bool handover_owns_path(const char *path);

int handover_control_fd(void);
bool handover_control_ended(void);

/* Tells the supervisor; lost if it does not read. `listener` is an index, or -1. */
void handover_tell(enum vk_handover_kind kind, int listener, int value);

/* Reads what the supervisor sent, and calls taken_follow() when that changes something. */
void handover_listen_to_control(void);

/* Watches of the worker: while there are any, forked children leave the control socket to it. */
void handover_count_watch(int by);
