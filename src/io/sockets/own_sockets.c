/* Whose connections are our own. */
#include "io/sockets/own_sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A port of ours may be a caller's as well: the kernel gives it away once for each destination. */
struct ends {
    struct sock_end ours;
    uint32_t their_port; /* 0 of a unix socket; no padding, so that memcmp() compares them */
};

struct own_socket {
    int fd; /* -1: closed */
    usec_t closed_at;
    struct ends ends; /* at the latest look */
};

struct own_sockets {
    struct own_socket *items;
    size_t n;
    size_t size;
};

struct own_sockets *own_sockets_new(void)
{
    return calloc(1, sizeof(struct own_sockets));
}

void own_sockets_free(struct own_sockets *o)
{
    if (!o)
        return;
    free(o->items);
    free(o);
}

union name {
    struct sockaddr any;
    struct sockaddr_in inet;
    struct sockaddr_in6 inet6;
    struct sockaddr_storage storage;
};

static uint32_t port_of(const union name *name)
{
    if (name->any.sa_family == AF_INET)
        return ntohs(name->inet.sin_port);
    return name->any.sa_family == AF_INET6 ? ntohs(name->inet6.sin6_port) : 0;
}

/* A unix socket has no name on this side, but a number. One that has no end yet is nobody's. */
static struct ends ends_of(int fd)
{
    struct ends ends = {.ours.port = UINT32_MAX};
    struct stat st;
    union name name = {0};
    union name peer = {0};
    socklen_t len = sizeof name;
    socklen_t peer_len = sizeof peer;
    if (getsockname(fd, &name.any, &len) < 0 || getpeername(fd, &peer.any, &peer_len) < 0)
        return ends;
    ends.their_port = port_of(&peer);
    if (name.any.sa_family == AF_INET)
        sock_end_inet(&ends.ours, &name.inet.sin_addr, port_of(&name));
    else if (name.any.sa_family == AF_INET6)
        sock_end_inet6(&ends.ours, &name.inet6.sin6_addr, port_of(&name));
    else if (fstat(fd, &st) == 0)
        ends.ours = (struct sock_end){.inode = (uint32_t)st.st_ino};
    return ends;
}

static void forget_the_old(struct own_sockets *o, usec_t now)
{
    size_t n = 0;
    for (size_t i = 0; i < o->n; i++) {
        const struct own_socket *s = &o->items[i];
        if (s->fd >= 0 || usec_sub(now, s->closed_at) < OWN_SOCKETS_LINGER)
            o->items[n++] = *s;
    }
    o->n = n;
}

int own_sockets_add(struct own_sockets *o, int fd)
{
    if (o->n == o->size) {
        size_t size = o->size ? o->size * 2 : 16;
        struct own_socket *items = reallocarray(o->items, size, sizeof *items);
        if (!items)
            return -ENOMEM;
        o->items = items;
        o->size = size;
    }
    o->items[o->n++] = (struct own_socket){.fd = fd};
    return 0;
}

void own_sockets_close(struct own_sockets *o, int fd, usec_t now)
{
    forget_the_old(o, now);
    for (size_t i = 0; i < o->n; i++) {
        struct own_socket *s = &o->items[i];
        if (s->fd == fd)
            *s = (struct own_socket){.fd = -1, .closed_at = now, .ends = ends_of(fd)};
    }
    close(fd);
}

static int by_ends(const void *a, const void *b)
{
    const struct own_socket *x = a;
    const struct own_socket *y = b;
    return memcmp(&x->ends, &y->ends, sizeof x->ends);
}

static int ends_to_socket(const void *ends, const void *socket)
{
    return memcmp(ends, &((const struct own_socket *)socket)->ends, sizeof(struct ends));
}

void own_sockets_drop(struct own_sockets *o, struct sock_connections *list, usec_t now)
{
    size_t n = 0;
    forget_the_old(o, now);
    if (o->n == 0)
        return;
    for (size_t i = 0; i < o->n; i++) {
        if (o->items[i].fd >= 0)
            o->items[i].ends = ends_of(o->items[i].fd);
    }
    qsort(o->items, o->n, sizeof *o->items, by_ends);
    for (size_t i = 0; i < list->n; i++) {
        const struct sock_connection *c = &list->items[i];
        struct ends ends = {.ours = c->peer, .their_port = c->local_port};
        if (!bsearch(&ends, o->items, o->n, sizeof *o->items, ends_to_socket))
            list->items[n++] = *c;
    }
    list->n = n;
}
