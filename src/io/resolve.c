/*
 * A host name to addresses. Thread and loop share nothing but a pair of sockets: the thread owns
 * its copy of the name and its end, and sends one packet; either may be gone before the other.
 */
#include "io/resolve.h"

#include "io/loop/loop_uv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STACK_SIZE = 256 * 1024 };

struct resolve {
    uv_poll_t poll;
    int fd;
    void (*on_done)(const struct resolve_result *result, void *arg);
    void *arg;
};

struct job {
    int fd;
    char host[256];
};

static void look_up(const char *host, struct resolve_result *out)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *list = NULL;
    int r = getaddrinfo(host, NULL, &hints, &list);
    if (r != 0) {
        snprintf(
            out->why, sizeof out->why, "%s", r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
        return;
    }
    for (struct addrinfo *a = list; a && out->n < RESOLVE_MAX; a = a->ai_next) {
        if (getnameinfo(a->ai_addr, a->ai_addrlen, out->address[out->n], RESOLVE_TEXT_MAX, NULL, 0,
                NI_NUMERICHOST) == 0)
            out->n++;
    }
    if (out->n == 0)
        snprintf(out->why, sizeof out->why, "it has no address");
    freeaddrinfo(list);
}

static void *run(void *arg)
{
    struct job *job = arg;
    struct resolve_result result = {0};
    look_up(job->host, &result);
    /* A reader that went away is no error: nobody wants the answer any more. */
    if (send(job->fd, &result, sizeof result, MSG_NOSIGNAL) < 0)
        result.n = 0;
    close(job->fd);
    free(job);
    return NULL;
}

/* Signals are the loop's business: the thread takes none. Takes `job` on success. */
static int start_thread(struct job *job)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = pthread_create(&thread, &attr, run, job);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return -r;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void resolve_free(struct resolve *r)
{
    if (!r || r->fd < 0)
        return;
    uv_close((uv_handle_t *)&r->poll, on_closed);
    close(r->fd);
    r->fd = -1;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct resolve *r = poll->data;
    struct resolve_result result;
    ssize_t n = recv(r->fd, &result, sizeof result, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n != (ssize_t)sizeof result) {
        result.n = 0;
        snprintf(result.why, sizeof result.why, "the resolver ended without an answer");
    }
    resolve_free(r);
    r->on_done(&result, r->arg); /* `r` lives until its close callback, a turn later */
}

bool resolve_is_numeric(const char *host)
{
    unsigned char buf[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, buf) == 1 || inet_pton(AF_INET6, host, buf) == 1;
}

struct resolve *resolve_new(struct loop *l, const char *host,
    void (*on_done)(const struct resolve_result *result, void *arg), void *arg, struct err *e)
{
    int fds[2] = {-1, -1};
    int r = -ENOMEM;
    struct resolve *self = calloc(1, sizeof *self);
    struct job *job = calloc(1, sizeof *job);
    if (self && job) {
        snprintf(job->host, sizeof job->host, "%s", host);
        r = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0 ? -errno : 0;
    }
    if (r == 0)
        r = uv_poll_init(loop_uv(l), &self->poll, fds[0]);
    if (r < 0) {
        free(self);
        self = NULL;
    } else {
        self->poll.data = self;
        self->fd = fds[0];
        self->on_done = on_done;
        self->arg = arg;
        job->fd = fds[1];
        r = start_thread(job);
    }
    if (r == 0) {
        uv_poll_start(&self->poll, UV_READABLE, on_readable);
        return self;
    }
    err_sys(e, r, "resolve host \"%s\"", host);
    free(job);
    if (fds[1] >= 0)
        close(fds[1]);
    if (self)
        resolve_free(self);
    else if (fds[0] >= 0)
        close(fds[0]);
    return NULL;
}
