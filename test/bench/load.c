/*
 * bench-load PORT CONNECTIONS REQUESTS keep|new: makes that many GET requests over that many
 * connections at a time, each kept for all its requests or opened for one, and prints the
 * nanoseconds that it took. One thread; ends with 1 if anything goes wrong.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 256, ANSWER_MAX = 4096 };

static struct sockaddr_in server = {.sin_family = AF_INET};
static const char *request;
static bool keep;
static int epfd;
static long to_ask, to_hear;
static struct connection {
    int fd;
    size_t got;
    char answer[ANSWER_MAX + 1];
} connections[CONNECTIONS_MAX];

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}

static void ask(struct connection *c)
{
    to_ask--;
    c->got = 0;
    must(send(c->fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request), "send");
}

static void open_connection(struct connection *c)
{
    int one = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    /* A reset at the end keeps ports out of TIME_WAIT, which would run out. */
    struct linger abort_at_close = {.l_onoff = 1};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(c->fd >= 0, "socket");
    must(setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0, "TCP_NODELAY");
    must(setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &abort_at_close, sizeof abort_at_close) == 0,
        "SO_LINGER");
    must(connect(c->fd, (struct sockaddr *)&server, sizeof server) == 0, "connect");
    must(epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &event) == 0, "epoll_ctl");
}

/* The length of the whole answer, 0 as long as its head is not there. */
static size_t answer_length(struct connection *c)
{
    c->answer[c->got] = '\0';
    const char *body = strstr(c->answer, "\r\n\r\n");
    const char *length = strstr(c->answer, "Content-Length: ");
    if (!body)
        return 0;
    must(length && length < body, "Content-Length");
    return (size_t)(body + 4 - c->answer) + strtoul(length + 16, NULL, 10);
}

static void hear(struct connection *c)
{
    ssize_t n = recv(c->fd, c->answer + c->got, ANSWER_MAX - c->got, 0);
    must(n > 0, "recv");
    c->got += (size_t)n;
    size_t whole = answer_length(c);
    if (whole == 0 || c->got < whole)
        return;
    must(strncmp(c->answer, "HTTP/1.1 200 ", 13) == 0, "status");
    to_hear--;
    if (!keep) {
        close(c->fd);
        if (to_ask > 0)
            open_connection(c);
    }
    if (to_ask > 0)
        ask(c);
}

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
    must(argc == 5, "usage: bench-load PORT CONNECTIONS REQUESTS keep|new");
    unsigned n = (unsigned)atoi(argv[2]);
    must(n >= 1 && n <= CONNECTIONS_MAX, "connections");
    server.sin_port = htons((uint16_t)atoi(argv[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to_ask = to_hear = atol(argv[3]);
    keep = strcmp(argv[4], "keep") == 0;
    request = keep ? "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                   : "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    epfd = epoll_create1(EPOLL_CLOEXEC);
    long long began = now();
    for (unsigned i = 0; i < n && to_ask > 0; i++) {
        open_connection(&connections[i]);
        ask(&connections[i]);
    }
    while (to_hear > 0) {
        struct epoll_event events[CONNECTIONS_MAX];
        int ready = epoll_wait(epfd, events, CONNECTIONS_MAX, 10000);
        must(ready > 0, "epoll_wait");
        for (int i = 0; i < ready; i++)
            hear(events[i].data.ptr);
    }
    printf("%lld\n", now() - began);
    return 0;
}
