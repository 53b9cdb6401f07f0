/* Listening sockets. */
#include "io/sockets/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
};

/* 0: nobody answers there, and what may lie at `path` is a dead socket that was removed. */
static int remove_stale(const char *path, const struct sockaddr_un *address, struct err *e)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : err_sys(e, -errno, "look at \"%s\"", path);
    if (!S_ISSOCK(st.st_mode))
        return err_set(
            e, -EEXIST, "listen on \"%s\": something that is no socket lies there", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_sys(e, -errno, "listen on \"%s\"", path);
    int rc = connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 ? -errno : 0;
    close(fd);
    if (rc != -ECONNREFUSED && rc != -ENOENT)
        return err_set(e, -EADDRINUSE, "listen on \"%s\": another process answers there", path);
    if (unlink(path) < 0 && errno != ENOENT)
        return err_sys(e, -errno, "remove stale socket \"%s\"", path);
    return 0;
}

static int bind_and_listen(int fd, const union address *address, socklen_t len, int backlog,
    const char *name, struct err *e)
{
    if (bind(fd, &address->any, len) < 0 || listen(fd, backlog) < 0) {
        int rc = err_sys(e, -errno, "listen on \"%s\"", name);
        close(fd);
        return rc;
    }
    return fd;
}

static int open_unix(const char *path, int backlog, struct err *e)
{
    union address address = {.un = {.sun_family = AF_UNIX}};
    strcpy(address.un.sun_path, path);
    int rc = remove_stale(path, &address.un, e);
    if (rc < 0)
        return rc;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_sys(e, -errno, "listen on \"%s\"", path);
    fd = bind_and_listen(fd, &address, sizeof address.un, backlog, path, e);
    if (fd < 0)
        return fd;
    if (chmod(path, 0666) < 0) {
        rc = err_sys(e, -errno, "open \"%s\" to its users", path);
        close(fd);
        unlink(path);
        return rc;
    }
    return fd;
}

/* Returns the length of the socket address. */
static socklen_t to_address(const struct endpoint *ep, union address *out)
{
    if (ep->family == ENDPOINT_INET) {
        out->in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(ep->port)};
        memcpy(&out->in.sin_addr, ep->addr, sizeof out->in.sin_addr);
        return sizeof out->in;
    }
    out->in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(ep->port)};
    memcpy(&out->in6.sin6_addr, ep->addr, sizeof out->in6.sin6_addr);
    return sizeof out->in6;
}

static bool is_any_of_both(const struct endpoint *ep)
{
    static const unsigned char zero[16];
    return ep->family == ENDPOINT_INET6 && memcmp(ep->addr, zero, sizeof zero) == 0;
}

static int open_tcp(const struct endpoint *ep, int backlog, struct err *e)
{
    char name[ENDPOINT_TEXT_MAX];
    union address address = {0};
    int yes = 1;
    int no = 0;
    socklen_t len = to_address(ep, &address);
    endpoint_text(ep, name);
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 && errno == EAFNOSUPPORT && is_any_of_both(ep)) {
        const struct endpoint ipv4 = {.family = ENDPOINT_INET, .port = ep->port};
        return open_tcp(&ipv4, backlog, e);
    }
    if (fd < 0)
        return err_sys(e, -errno, "listen on \"%s\"", name);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (ep->family == ENDPOINT_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    return bind_and_listen(fd, &address, len, backlog, name, e);
}

int listener_open(const struct endpoint *ep, int backlog, struct err *e)
{
    return ep->family == ENDPOINT_UNIX ? open_unix(ep->path, backlog, e) : open_tcp(ep, backlog, e);
}

static bool is_listening_stream(int fd)
{
    int type = 0;
    int listening = 0;
    socklen_t len = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening;
}

int listener_address(int fd, struct endpoint *out)
{
    union address address = {0};
    socklen_t len = sizeof address;
    struct endpoint ep = {0};
    if (!is_listening_stream(fd) || getsockname(fd, &address.any, &len) < 0)
        return -ENOTSOCK;
    if (address.any.sa_family == AF_INET) {
        ep.family = ENDPOINT_INET;
        ep.port = ntohs(address.in.sin_port);
        memcpy(ep.addr, &address.in.sin_addr, sizeof address.in.sin_addr);
    } else if (address.any.sa_family == AF_INET6) {
        ep.family = ENDPOINT_INET6;
        ep.port = ntohs(address.in6.sin6_port);
        memcpy(ep.addr, &address.in6.sin6_addr, sizeof address.in6.sin6_addr);
    } else if (address.any.sa_family == AF_UNIX && address.un.sun_path[0] == '/') {
        ep.family = ENDPOINT_UNIX;
        memcpy(ep.path, address.un.sun_path, sizeof ep.path - 1);
    } else {
        return -ENOTSOCK;
    }
    *out = ep;
    return 0;
}

uint16_t listener_port(int fd)
{
    union address address = {0};
    socklen_t len = sizeof address;
    if (getsockname(fd, &address.any, &len) < 0)
        return 0;
    if (address.any.sa_family == AF_INET)
        return ntohs(address.in.sin_port);
    return address.any.sa_family == AF_INET6 ? ntohs(address.in6.sin6_port) : 0;
}
