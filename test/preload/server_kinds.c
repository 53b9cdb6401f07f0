/* How the test server waits: every way that a C program has. */
#include "preload/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

static int epfd = -1;
static unsigned epoll_flags; /* besides EPOLLIN */

static void set_nonblocking(bool on)
{
    for (unsigned i = 0; i < server_n_sockets; i++)
        fcntl(server_sockets[i], F_SETFL, on ? O_NONBLOCK : 0);
}

void server_changed(int old, int new)
{
    (void)old;
    if (epfd < 0 || new < 0)
        return;
    fcntl(new, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | epoll_flags, .data.fd = new};
    epoll_ctl(epfd, EPOLL_CTL_ADD, new, &event);
}

static void *epoll_turns(void *arg)
{
    struct epoll_event event;
    for (;;) {
        if (epoll_wait(epfd, &event, 1, -1) != 1)
            continue;
        int fd = event.data.fd;
        if (epoll_flags & EPOLLET) {
            while (server_accept(fd))
                ;
        } else {
            server_accept(fd);
        }
        if (epoll_flags & EPOLLONESHOT) {
            event.events = EPOLLIN | epoll_flags;
            epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event);
        }
    }
    return arg;
}

static void run_epoll(unsigned flags)
{
    epfd = epoll_create1(EPOLL_CLOEXEC);
    epoll_flags = flags;
    for (unsigned i = 0; i < server_n_sockets; i++)
        server_changed(-1, server_sockets[i]);
    epoll_turns(NULL);
}

/* As a server with an upper limit of connections does. */
static void run_epoll_mod(void)
{
    struct epoll_event event;
    epfd = epoll_create1(EPOLL_CLOEXEC);
    server_changed(-1, server_sockets[0]);
    for (;;) {
        if (epoll_wait(epfd, &event, 1, -1) != 1)
            continue;
        int fd = event.data.fd;
        event.events = 0;
        epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event);
        server_accept(fd);
        event.events = EPOLLIN;
        epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event);
    }
}

static void run_poll(void)
{
    struct pollfd fds[SOCKETS_MAX];
    set_nonblocking(true);
    for (;;) {
        for (unsigned i = 0; i < server_n_sockets; i++)
            fds[i] = (struct pollfd){.fd = server_sockets[i], .events = POLLIN};
        poll(fds, server_n_sockets, -1);
        for (unsigned i = 0; i < server_n_sockets; i++) {
            if (fds[i].revents)
                server_accept(fds[i].fd);
        }
    }
}

static void run_select(void)
{
    set_nonblocking(true);
    for (;;) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(server_sockets[0], &set);
        if (select(server_sockets[0] + 1, &set, NULL, NULL, NULL) > 0)
            server_accept(server_sockets[0]);
    }
}

static void *blocking_turns(void *arg)
{
    for (;;)
        server_accept(server_sockets[0]);
    return arg;
}

static void run_threads(void *(*turns)(void *))
{
    pthread_t thread;
    for (unsigned i = 0; i < 7; i++)
        pthread_create(&thread, NULL, turns, NULL);
    turns(NULL);
}

/* The children accept, the parent only waits for them. */
static void run_prefork(bool with_epoll)
{
    for (unsigned i = 0; i < 3; i++) {
        if (fork() != 0)
            continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (with_epoll)
            run_epoll(0);
        else
            blocking_turns(NULL);
    }
    while (wait(NULL) > 0 || errno == EINTR)
        ;
}

int server_run(const char *kind)
{
    if (strcmp(kind, "epoll-lt") == 0)
        run_epoll(0);
    if (strcmp(kind, "epoll-et") == 0)
        run_epoll(EPOLLET);
    if (strcmp(kind, "epoll-oneshot") == 0)
        run_epoll(EPOLLONESHOT);
    if (strcmp(kind, "epoll-exclusive") == 0)
        run_epoll(EPOLLEXCLUSIVE);
    if (strcmp(kind, "epoll-mod") == 0)
        run_epoll_mod();
    if (strcmp(kind, "poll") == 0)
        run_poll();
    if (strcmp(kind, "select") == 0)
        run_select();
    if (strcmp(kind, "blocking") == 0)
        blocking_turns(NULL);
    if (strcmp(kind, "threads") == 0)
        run_threads(blocking_turns);
    if (strcmp(kind, "prefork") == 0)
        run_prefork(false);
    if (strcmp(kind, "prefork-epoll") == 0)
        run_prefork(true);
    if (strcmp(kind, "epoll-threads") == 0) {
        epfd = epoll_create1(EPOLL_CLOEXEC);
        server_changed(-1, server_sockets[0]);
        run_threads(epoll_turns);
    }
    fprintf(stderr, "no server is called \"%s\"\n", kind);
    return 1;
}
