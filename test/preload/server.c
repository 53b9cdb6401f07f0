/*
 * A server of many kinds, none of which knows of voxkeeper.
 *
 * Usage: server KIND ADDRESS...   ADDRESS: a port of 127.0.0.1, 6:PORT for [::], or a path
 *
 * Answers every request with its process id, and: /name what getsockname() says, /peer what
 * accept() said, /options, /inherited what connections have of the socket, /change the same and
 * then other options, /children what a child of ours sees, /reopen after which it has closed and
 * opened its first socket again, /dup the same with a duplicate, /closeall, /other, /many after
 * which it has 2000 descriptors more.
 */
#include "preload/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

int server_sockets[SOCKETS_MAX];
unsigned server_n_sockets;
static const char *addresses[SOCKETS_MAX];

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}

static int open_path(const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t length = strlen(path);
    memcpy(un.sun_path, path, length);
    if (path[0] == '@')
        un.sun_path[0] = '\0';
    else
        (void)unlink(path);
    must(bind(fd, (struct sockaddr *)&un,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0,
        "bind");
    return fd;
}

static int open_port(const char *address)
{
    int one = 1, fd;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    bool v6 = strncmp(address, "6:", 2) == 0;
    fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    in.sin_port = in6.sin6_port = htons((uint16_t)atoi(address + (v6 ? 2 : 0)));
    must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0, "SO_REUSEADDR");
    must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0, "TCP_NODELAY");
    must(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) == 0, "SO_REUSEPORT");
    if (v6)
        must(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) == 0, "IPV6_V6ONLY");
    must(bind(fd, v6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in,
             v6 ? sizeof in6 : sizeof in) == 0,
        "bind");
    return fd;
}

int server_open(const char *address)
{
    int fd = address[0] == '/' || address[0] == '@' ? open_path(address) : open_port(address);
    must(listen(fd, 128) == 0, "listen");
    return fd;
}

static void print_name(
    char *out, size_t size, const struct sockaddr_storage *name, socklen_t length)
{
    char text[INET6_ADDRSTRLEN] = "";
    const struct sockaddr_in *in = (const struct sockaddr_in *)name;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)name;
    const struct sockaddr_un *un = (const struct sockaddr_un *)name;
    if (name->ss_family == AF_INET && length == sizeof *in)
        snprintf(out, size, "%s %u", inet_ntop(AF_INET, &in->sin_addr, text, sizeof text),
            ntohs(in->sin_port));
    else if (name->ss_family == AF_INET6 && length == sizeof *in6)
        snprintf(out, size, "%s %u", inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text),
            ntohs(in6->sin6_port));
    else
        snprintf(out, size, "unix %s", length > sizeof name->ss_family ? un->sun_path : "unnamed");
}

static void print_options(char *out, size_t size, int fd)
{
    static const int options[] = {SO_TYPE, SO_ACCEPTCONN, SO_DOMAIN, SO_ERROR};
    int n = 0;
    for (unsigned i = 0; i < 4; i++) {
        int value = -1;
        socklen_t length = sizeof value;
        (void)getsockopt(fd, SOL_SOCKET, options[i], &value, &length);
        n += snprintf(out + n, size - (size_t)n, "%d ", value);
    }
    int one = 1;
    n += snprintf(out + n, size - (size_t)n, "%d",
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one));
}

static int number_of(int fd, int level, int option)
{
    int value = -1;
    socklen_t length = sizeof value;
    (void)getsockopt(fd, level, option, &value, &length);
    return value;
}

/* Of a connection, of the socket that accepted it, and whether that took new ones for those to
 * come. */
static void print_inherited(char *out, size_t size, int connection, bool change)
{
    static const struct {
        int level, option, value;
    } options[] = {{SOL_SOCKET, SO_KEEPALIVE, 1}, {SOL_SOCKET, SO_RCVBUF, 50000},
        {IPPROTO_TCP, TCP_KEEPIDLE, 77}, {IPPROTO_TCP, TCP_NODELAY, -1}};
    int n = 0;
    for (unsigned i = 0; i < 4; i++) {
        int level = options[i].level, option = options[i].option, value = options[i].value;
        n += snprintf(out + n, size - (size_t)n, "%d/%d ", number_of(connection, level, option),
            number_of(server_sockets[0], level, option));
        if (change && value >= 0)
            (void)setsockopt(server_sockets[0], level, option, &value, sizeof value);
    }
}

static void print_children(char *out, size_t size)
{
    FILE *f = popen("echo ${LD_PRELOAD-none} $(env | grep -c VOXKEEPER_HANDOVER);"
                    "ls -l /proc/self/fd | grep -c -e socket: -e eventpoll -e memfd",
        "r");
    size_t n = f ? fread(out, 1, size - 1, f) : 0;
    out[n] = '\0';
    if (f)
        pclose(f);
}

static void reopen(bool with_copy)
{
    int old = server_sockets[0], copy = with_copy ? dup(old) : -1;
    close(old);
    server_changed(old, -1);
    if (with_copy) {
        server_sockets[0] = fcntl(copy, F_DUPFD_CLOEXEC, 50);
        close(copy);
    } else {
        server_sockets[0] = server_open(addresses[0]);
    }
    server_changed(-1, server_sockets[0]);
}

/* As some programs do at their start; what is at 40 is ours to be closed. */
static void print_close_all(char *out, size_t size, int connection)
{
    int victim = fcntl(0, F_DUPFD, 40), left = 0;
    for (int fd = 900; fd < 1024; fd++)
        left += close(fd) == 0;
    if (server_sockets[0] < 40 && connection < 40)
        (void)close_range(40, ~0U, 0);
    snprintf(out, size, "%d %d", left, fcntl(victim, F_GETFD));
}

static void answer_to(const char *path, int connection, char *out, size_t size)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    if (strcmp(path, "/name") == 0) {
        (void)getsockname(server_sockets[server_n_sockets - 1], (struct sockaddr *)&name, &length);
        print_name(out, size, &name, length);
    } else if (strcmp(path, "/options") == 0) {
        print_options(out, size, server_sockets[0]);
    } else if (strcmp(path, "/inherited") == 0 || strcmp(path, "/change") == 0) {
        print_inherited(out, size, connection, strcmp(path, "/change") == 0);
    } else if (strcmp(path, "/children") == 0) {
        print_children(out, size);
    } else if (strcmp(path, "/closeall") == 0) {
        print_close_all(out, size, connection);
    } else if (strcmp(path, "/many") == 0) {
        unsigned n = 0;
        while (n < 2000 && dup(0) >= 0)
            n++;
        snprintf(out, size, "%u", n);
    } else if (strcmp(path, "/other") == 0) {
        int other = server_open("0");
        (void)getsockname(other, (struct sockaddr *)&name, &length);
        print_name(out, size, &name, length);
        close(other);
    } else {
        snprintf(out, size, "%d", getpid());
    }
}

void server_handle(int connection, const struct sockaddr_storage *peer, socklen_t length)
{
    char request[1024], path[64] = "", body[1024], answer[2048];
    size_t n = 0;
    request[0] = '\0';
    while (!strstr(request, "\r\n\r\n") && n < sizeof request - 1) {
        ssize_t got = recv(connection, request + n, sizeof request - 1 - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
        request[n] = '\0';
    }
    sscanf(request, "GET %63s", path);
    if (strcmp(path, "/peer") == 0)
        print_name(body, sizeof body, peer, length);
    else
        answer_to(path, connection, body, sizeof body);
    if (strcmp(path, "/reopen") == 0 || strcmp(path, "/dup") == 0)
        reopen(strcmp(path, "/dup") == 0);
    int size = snprintf(answer, sizeof answer,
        "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", strlen(body),
        body);
    (void)send(connection, answer, (size_t)size, MSG_NOSIGNAL);
    close(connection);
}

bool server_accept(int fd)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    int connection = accept(fd, (struct sockaddr *)&peer, &length);
    if (connection < 0)
        return false;
    fcntl(connection, F_SETFD, FD_CLOEXEC);
    server_handle(connection, &peer, length);
    return true;
}

int main(int argc, char **argv)
{
    must(argc >= 3 && argc <= 2 + SOCKETS_MAX, "usage");
    for (int i = 2; i < argc; i++) {
        addresses[i - 2] = argv[i];
        server_sockets[server_n_sockets++] = server_open(argv[i]);
    }
    return server_run(argv[1]);
}
