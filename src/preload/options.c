/* See options.h. */
#include "preload/options.h"

#include "preload/real.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

static const struct known {
    int level, name;
    bool doubled; /* by the kernel, which tells twice what it was told */
} known[] = {
    {SOL_SOCKET, SO_KEEPALIVE, false},
    {SOL_SOCKET, SO_LINGER, false},
    {SOL_SOCKET, SO_OOBINLINE, false},
    {SOL_SOCKET, SO_PRIORITY, false},
    {SOL_SOCKET, SO_RCVBUF, true},
    {SOL_SOCKET, SO_RCVLOWAT, false},
    {SOL_SOCKET, SO_RCVTIMEO, false},
    {SOL_SOCKET, SO_SNDBUF, true},
    {SOL_SOCKET, SO_SNDTIMEO, false},
    {SOL_SOCKET, SO_BUSY_POLL, false},
    {IPPROTO_TCP, TCP_NODELAY, false},
    {IPPROTO_TCP, TCP_CORK, false},
    {IPPROTO_TCP, TCP_KEEPIDLE, false},
    {IPPROTO_TCP, TCP_KEEPINTVL, false},
    {IPPROTO_TCP, TCP_KEEPCNT, false},
    {IPPROTO_TCP, TCP_LINGER2, false},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, false},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT, false},
    {IPPROTO_TCP, TCP_CONGESTION, false},
    {IPPROTO_IP, IP_TOS, false},
    {IPPROTO_IPV6, IPV6_TCLASS, false},
};

enum { KNOWN = sizeof known / sizeof *known };

bool options_know(int level, int name)
{
    for (unsigned i = 0; i < KNOWN; i++) {
        if (known[i].level == level && known[i].name == name)
            return true;
    }
    return false;
}

void options_note(struct options *o, int level, int name, const void *value, socklen_t length)
{
    unsigned i = 0;
    while (i < o->n && (o->items[i].level != level || o->items[i].name != name))
        i++;
    if (i == OPTIONS_MAX || length > OPTION_VALUE_MAX)
        return;
    o->items[i] = (struct option){.level = level, .name = name, .length = length};
    memcpy(o->items[i].value, value, length);
    if (i == o->n)
        o->n = i + 1;
}

/* Returns the length, or 0 if the socket has no such option. */
static socklen_t read_one(int fd, const struct known *k, unsigned char value[OPTION_VALUE_MAX])
{
    socklen_t length = OPTION_VALUE_MAX;
    memset(value, 0, OPTION_VALUE_MAX);
    return REAL(getsockopt)(fd, k->level, k->name, value, &length) == 0 ? length : 0;
}

static void halve(unsigned char value[OPTION_VALUE_MAX])
{
    int number = 0;
    memcpy(&number, value, sizeof number);
    number /= 2;
    memcpy(value, &number, sizeof number);
}

void options_take(struct options *o, int fd, int fresh, int private_fd)
{
    unsigned char value[OPTION_VALUE_MAX], usual[OPTION_VALUE_MAX];
    o->n = 0;
    for (unsigned i = 0; i < KNOWN; i++) {
        const struct known *k = &known[i];
        socklen_t length = read_one(fd, k, value);
        if (length == 0 || (read_one(fresh, k, usual) == length && !memcmp(value, usual, length)))
            continue;
        if (k->doubled)
            halve(value);
        options_note(o, k->level, k->name, value, length);
        (void)REAL(setsockopt)(private_fd, k->level, k->name, value, length);
    }
}

void options_apply(const struct options *o, int connection)
{
    for (unsigned i = 0; i < o->n; i++) {
        const struct option *option = &o->items[i];
        (void)REAL(setsockopt)(
            connection, option->level, option->name, option->value, option->length);
    }
}
