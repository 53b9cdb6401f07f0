/* The functions that the shim stands before, as the next library in line has them. */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define REAL_FUNCTIONS(X)                                                                          \
    X(accept4)                                                                                     \
    X(bind)                                                                                        \
    X(close)                                                                                       \
    X(close_range)                                                                                 \
    X(closefrom) X(dup) X(dup2) X(dup3) X(epoll_ctl) X(execv) X(execve) X(execvp) X(execvpe)       \
        X(fcntl) X(getsockname) X(getsockopt) X(listen) X(remove) X(setsockopt) X(syscall)         \
            X(unlink) X(unlinkat)

struct real {
#define REAL_MEMBER(name) __typeof__(name) *name;
    REAL_FUNCTIONS(REAL_MEMBER)
#undef REAL_MEMBER
};

extern struct real real_functions;

/* Looks all of them up; any number of times. */
void real_find(void);

/* Other libraries' constructors may call us before our own has run. */
#define REAL(name)                                                                                 \
    (__builtin_expect(real_functions.name != NULL, 1) ? real_functions.name                        \
                                                      : (real_find(), real_functions.name))
