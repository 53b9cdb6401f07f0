/* Opening, taking and giving back the public sockets. */
#include "daemon/workers/front_sockets.h"

#include "base/log.h"
#include "io/keep/keep.h"
#include "io/sockets/listener.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel caps it; callers wait here while no worker accepts. */
enum { PUBLIC_BACKLOG = 4096 };

static int index_of(const struct front_sockets *s, const struct endpoint *ep)
{
    for (unsigned i = 0; i < s->n; i++) {
        if (endpoint_equal(&s->endpoints[i], ep))
            return (int)i;
    }
    return -1;
}

/* Where there is no IPv6, a port alone means all addresses of IPv4 to the manager. */
static bool stands_for(const struct endpoint *at, const struct endpoint *ep)
{
    static const unsigned char any[16];
    return endpoint_equal(at, ep) ||
           (at->family == ENDPOINT_INET && ep->family == ENDPOINT_INET6 && at->port == ep->port &&
               memcmp(at->addr, any, 4) == 0 && memcmp(ep->addr, any, sizeof any) == 0);
}

/* The inherited socket at `ep`, or -1; *out_in_the_way is one that keeps us from binding it. */
static int find_inherited(const struct inherited *in, const struct endpoint *ep,
    const struct inherited_fd **out_in_the_way)
{
    *out_in_the_way = NULL;
    for (size_t i = 0; in && i < in->n; i++) {
        struct endpoint at;
        if (listener_address(in->items[i].fd, &at) < 0)
            continue;
        if (stands_for(&at, ep))
            return (int)i;
        if (endpoint_collide(&at, ep))
            *out_in_the_way = &in->items[i];
    }
    return -1;
}

static int explain(const struct inherited_fd *in_the_way, struct err *e)
{
    struct endpoint at;
    char name[ENDPOINT_TEXT_MAX];
    if (!in_the_way || listener_address(in_the_way->fd, &at) < 0)
        return e->code;
    return err_wrap(e, "Listen= does not name %s, which the service manager passed as \"%s\"",
        endpoint_text(&at, name), in_the_way->name);
}

/* As people write the address, with '_' for what a name may not have. */
static const char *kept_name(const struct endpoint *ep, char buf[KEEP_NAME_MAX])
{
    static const char prefix[] = "listen-";
    char text[ENDPOINT_TEXT_MAX];
    endpoint_text(ep, text);
    int n = snprintf(buf, KEEP_NAME_MAX, "%s%s", prefix, text);
    /* The end of a long path tells more than its beginning. */
    if (n >= KEEP_NAME_MAX)
        snprintf(buf, KEEP_NAME_MAX, "%s%s", prefix,
            text + strlen(text) - (KEEP_NAME_MAX - sizeof prefix));
    for (char *c = buf; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr(".-_", *c))
            *c = '_';
    }
    return buf;
}

static void keep_socket(struct keep *keep, const struct endpoint *ep, int fd)
{
    struct err e = {0};
    char name[KEEP_NAME_MAX];
    if (keep && keep_add(keep, kept_name(ep, name), fd, &e) < 0)
        log_printf(LOG_LEVEL_WARNING, "callers would not outlive voxkeeperd: %s", e.msg);
}

static int take_kept(struct keep *keep, const struct endpoint *ep)
{
    char name[KEEP_NAME_MAX];
    return keep ? keep_take(keep, kept_name(ep, name)) : -1;
}

static int open_one(struct front_sockets *fresh, const struct endpoint *ep,
    struct front_sources sources, struct err *e)
{
    struct inherited *in = sources.inherited;
    const struct inherited_fd *in_the_way = NULL;
    int found = find_inherited(in, ep, &in_the_way);
    fresh->endpoints[fresh->n] = *ep;
    fresh->inherited_as[fresh->n] = NULL;
    if (found >= 0) {
        char *name = strdup(in->items[found].name);
        if (!name)
            return err_sys(e, -ENOMEM, "taking an inherited socket");
        fresh->inherited_as[fresh->n] = name;
        fresh->fds[fresh->n] = inherited_take(in, (size_t)found);
        keep_socket(sources.keep, ep, fresh->fds[fresh->n++]);
        return 0;
    }
    int fd = take_kept(sources.keep, ep);
    if (fd < 0) {
        fd = listener_open(ep, PUBLIC_BACKLOG, e);
        if (fd < 0)
            return fd == -EADDRINUSE ? explain(in_the_way, e) : fd;
        keep_socket(sources.keep, ep, fd);
    }
    fresh->fds[fresh->n++] = fd;
    return 0;
}

int front_sockets_open(struct front_sockets *fresh, const struct front_sockets *have,
    const struct endpoint *wanted, unsigned n, struct front_sources sources, struct err *e)
{
    *fresh = (struct front_sockets){0};
    for (unsigned i = 0; i < n; i++) {
        if (index_of(have, &wanted[i]) >= 0) {
            fresh->endpoints[fresh->n] = wanted[i];
            fresh->fds[fresh->n++] = -1;
            continue;
        }
        int r = open_one(fresh, &wanted[i], sources, e);
        if (r < 0) {
            front_sockets_close(fresh, sources);
            return r;
        }
    }
    return 0;
}

void front_sockets_replace(
    struct front_sockets *have, struct front_sockets *fresh, struct front_sources sources)
{
    for (unsigned i = 0; i < fresh->n; i++) {
        int old = fresh->fds[i] < 0 ? index_of(have, &fresh->endpoints[i]) : -1;
        if (old < 0)
            continue;
        fresh->fds[i] = have->fds[old];
        fresh->inherited_as[i] = have->inherited_as[old];
        have->fds[old] = -1;
        have->inherited_as[old] = NULL;
    }
    front_sockets_close(have, sources);
    *have = *fresh;
    fresh->n = 0;
}

void front_sockets_close(struct front_sockets *s, struct front_sources sources)
{
    char name[KEEP_NAME_MAX];
    for (unsigned i = 0; sources.keep && i < s->n; i++) {
        if (s->fds[i] >= 0)
            keep_remove(sources.keep, kept_name(&s->endpoints[i], name));
    }
    front_sockets_leave(s, sources.inherited);
}

void front_sockets_leave(struct front_sockets *s, struct inherited *in)
{
    for (unsigned i = 0; i < s->n; i++) {
        /* The manager goes on listening: a later Listen= can have it back. */
        if (s->inherited_as[i])
            (void)inherited_give(in, s->fds[i], s->inherited_as[i]);
        else if (s->fds[i] >= 0)
            close(s->fds[i]);
        free(s->inherited_as[i]);
    }
    *s = (struct front_sockets){0};
}

bool front_sockets_inherited(const struct front_sockets *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        if (s->inherited_as[i])
            return true;
    }
    return false;
}

void front_sockets_warn_unused(const struct inherited *in, const char *why)
{
    for (size_t i = 0; in && i < in->n; i++) {
        struct endpoint at;
        char name[ENDPOINT_TEXT_MAX];
        if (listener_address(in->items[i].fd, &at) == 0)
            log_printf(LOG_LEVEL_WARNING,
                "callers at %s wait for ever: the service manager passed it as \"%s\", and %s",
                endpoint_text(&at, name), in->items[i].name, why);
    }
}
