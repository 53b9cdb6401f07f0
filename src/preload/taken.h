/*
 * A taken socket: what the application bound and believes to be its listening socket. Its number
 * now holds an epoll set with the private listener, the control socket and, while the worker is
 * active, the public listener; so that poll(), select(), and any epoll that watches it work by
 * themselves, wherever they are called from.
 *
 * The worker's own epoll sets are looked after besides (a watch): the public listener is put into
 * them directly, where EPOLLEXCLUSIVE has the kernel wake one worker for one connection, which it
 * does not through a nested set. Then it is not in the nested one. A watch cannot be had with
 * EPOLLONESHOT or in a forked child: those go through the nested set.
 */
#pragma once

#include "preload/options.h"

#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>

struct taken {
    unsigned refs; /* descriptors of the application; 0: unused */
    unsigned listener;
    unsigned watches;
    int set;        /* our own descriptor of the epoll set */
    int private_fd; /* these three are duplicates: an epoll set tells entries apart by number */
    int public_fd;
    int control_fd;
    sa_family_t family;           /* of the socket that the application had */
    struct sockaddr_storage name; /* what it bound */
    socklen_t name_length;
    struct options options; /* for connections from the public listener */
};

/* Takes `fd`, which is being bound to the listener's address. Returns 0, or -1 and errno. */
int taken_make(int fd, unsigned listener, const struct sockaddr *name, socklen_t length);

/* Of a descriptor that is FD_TAKEN. */
const struct taken *taken_of(int fd);

/* The application has duplicated `fd`, to `copy`. */
void taken_copied(int fd, int copy);

/* The application is about to close `fd`. */
void taken_closing(int fd);

/* The application is about to close an epoll set that has watches. */
void taken_closing_set(int epfd);

/* epoll_ctl() for a taken descriptor. */
int taken_control(int epfd, int op, int fd, struct epoll_event *event);

/* setsockopt() for a taken descriptor. */
int taken_option(int fd, int level, int option, const void *value, socklen_t length);

/* The state has changed, or public listeners are to be looked at again. */
void taken_follow(void);

/* Tells TAKEN of each. */
void taken_report(void);

/* The control socket has ended and would be readable for ever. */
void taken_leave_control(void);

/* To be called once, before threads. */
void taken_init(void);
