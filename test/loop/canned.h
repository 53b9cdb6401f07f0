/* A server with one answer for everybody, in a thread: for clients that must survive it. */
#pragma once

#include "cmocka_all.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum canned_end {
    CANNED_CLOSE,   /* after the answer */
    CANNED_HOLD,    /* keep the connection until the client ends it */
    CANNED_RESET,   /* instead of an orderly end */
    CANNED_ENDLESS, /* the answer again and again until the client ends it */
};

struct canned {
    const char *answer;
    enum canned_end end;
    const char *repeat; /* CANNED_ENDLESS: what follows the answer */
    int fd;
    char url[64];
    char request[4096]; /* the last one */
    int connections;
    pthread_t thread;
};

static inline void canned_read_request(struct canned *c, int fd)
{
    size_t have = 0;
    while (have < sizeof c->request - 1) {
        ssize_t n = recv(fd, c->request + have, sizeof c->request - 1 - have, 0);
        if (n <= 0)
            break;
        have += (size_t)n;
        c->request[have] = '\0';
        char *end = strstr(c->request, "\r\n\r\n");
        const char *length = strcasestr(c->request, "Content-Length: ");
        if (end &&
            have >= (size_t)(end + 4 - c->request) + (length ? (size_t)atoi(length + 16) : 0))
            break;
    }
    c->request[have] = '\0';
}

static inline void canned_answer(struct canned *c, int fd)
{
    send(fd, c->answer, strlen(c->answer), MSG_NOSIGNAL);
    char rest[512];
    switch (c->end) {
    case CANNED_CLOSE:
        break;
    case CANNED_HOLD:
        while (recv(fd, rest, sizeof rest, 0) > 0)
            ;
        break;
    case CANNED_RESET:
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        break;
    case CANNED_ENDLESS:
        while (send(fd, c->repeat, strlen(c->repeat), MSG_NOSIGNAL) > 0)
            ;
        break;
    }
}

static inline void *canned_run(void *arg)
{
    struct canned *c = arg;
    int fd;
    while ((fd = accept(c->fd, NULL, NULL)) >= 0) {
        c->connections++;
        canned_read_request(c, fd);
        canned_answer(c, fd);
        close(fd);
    }
    return NULL;
}

/* Listens on a loopback port; `accepting` false: connections are made, but nobody ever answers. */
static inline void canned_listen(struct canned *c)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(c->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(c->fd, 16), 0);
    assert_int_equal(getsockname(c->fd, (struct sockaddr *)&address, &len), 0);
    snprintf(c->url, sizeof c->url, "http://127.0.0.1:%d/health", ntohs(address.sin_port));
}

static inline void canned_start(struct canned *c)
{
    canned_listen(c);
    assert_int_equal(pthread_create(&c->thread, NULL, canned_run, c), 0);
}

static inline void canned_stop(struct canned *c)
{
    shutdown(c->fd, SHUT_RDWR);
    pthread_join(c->thread, NULL);
    close(c->fd);
}
