/*
 * The keeper. It waits for one daemon, and while there is none for the ends of the processes whose
 * pidfds it has. SIGTERM ends it when it keeps nothing; otherwise no signal but SIGKILL does:
 * whoever signals everything at once (^C, the end of a session) means the daemon.
 */
#include "io/keep/keeper.h"

#include "io/child/startup_pages.h"
#include "io/keep/fd_message.h"
#include "io/keep/keeper_parts.h"
#include "io/keep/keeper_words.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long a new one waits for the daemon that started it. */
enum { FIRST_DAEMON_MAX_MS = 10000, FIXED = 4 };

struct keeper {
    struct keeper_socket socket;
    struct keeper_items kept;
    int signals;
    int daemon;  /* -1: none is connected */
    int process; /* the daemon's pidfd; -1: it cannot be seen from here */
    bool served; /* one was */
    bool over;
};

static void say(int socket, const char *word, const char *name)
{
    char text[KEEPER_NAME_MAX + 64];
    int len = snprintf(text, sizeof text, "%s%s", word, name);
    const struct fd_message m = {.text = text, .len = (size_t)len};
    (void)fd_message_send(socket, &m, NULL, 0, MSG_DONTWAIT);
}

static void close_daemon(struct keeper *k)
{
    close(k->daemon);
    k->daemon = -1;
    if (k->process >= 0)
        close(k->process);
    k->process = -1;
}

/* What it started just before its end may hold the connection open for a while longer. */
static bool daemon_has_ended(const struct keeper *k)
{
    struct pollfd p = {.fd = k->process, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

struct order {
    bool put;
    bool drop;
    bool end;
    const char *name; /* NULL: none that can be kept */
};

static struct order read_order(char *text)
{
    struct order o = {0};
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        const char *name = line + strlen(KEEPER_NAME);
        o.put |= strcmp(line, KEEPER_PUT) == 0;
        o.drop |= strcmp(line, KEEPER_DROP) == 0;
        o.end |= strcmp(line, KEEPER_END) == 0;
        if (strncmp(line, KEEPER_NAME, strlen(KEEPER_NAME)) == 0 && *name != '\0' &&
            strlen(name) < KEEPER_NAME_MAX)
            o.name = name;
    }
    return o;
}

static void obey(struct keeper *k, char *text, const int *fds, unsigned n_fds)
{
    struct order o = read_order(text);
    bool taken = o.put && o.name && n_fds == 1;
    for (unsigned i = 0; !taken && i < n_fds; i++)
        close(fds[i]);
    if (o.end)
        k->over = true;
    else if (o.drop && o.name)
        keeper_items_drop(&k->kept, o.name);
    else if (o.put && !(taken && keeper_items_put(&k->kept, o.name, fds[0]) == 0))
        say(k->daemon, KEEPER_FAILED, o.name ? o.name : "");
}

/* Everything that it has said, so that its last words are heard before its end is noticed. */
static void hear_daemon(struct keeper *k)
{
    bool ended = daemon_has_ended(k); /* asked before: then all that it said is there */
    while (k->daemon >= 0 && !k->over) {
        char text[1024];
        int fds[FD_MESSAGE_FDS];
        unsigned n_fds = 0;
        ssize_t n = fd_message_receive(k->daemon, text, sizeof text, fds, &n_fds, MSG_DONTWAIT);
        if (n == -EAGAIN && !ended)
            return;
        if (n > 0)
            obey(k, text, fds, n_fds);
        else if (n != -EMSGSIZE)
            close_daemon(k);
    }
}

static void meet_daemon(struct keeper *k)
{
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    int fd = accept4(k->socket.fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.uid != geteuid()) {
        close(fd);
        return;
    }
    hear_daemon(k); /* it may have ended just now */
    if (k->daemon >= 0) {
        say(fd, KEEPER_BUSY, "");
        close(fd);
        return;
    }
    k->daemon = fd;
    k->process = peer.pid > 0 ? pidfd_open(peer.pid, 0) : -1;
    k->served = true;
    if (keeper_items_greet(&k->kept, fd) < 0)
        close_daemon(k);
}

static void hear_signal(struct keeper *k)
{
    struct signalfd_siginfo info;
    if (read(k->signals, &info, sizeof info) == sizeof info && k->kept.n == 0)
        k->over = true;
}

static bool anybody_lives(const struct keeper *k)
{
    for (size_t i = 0; i < k->kept.n; i++) {
        if (k->kept.items[i].is_process && !k->kept.items[i].ended)
            return true;
    }
    return false;
}

/* Waits for whatever comes next. Returns 0 or -ENOMEM. */
static int turn(struct keeper *k)
{
    struct pollfd *p = calloc(FIXED + k->kept.n, sizeof *p);
    if (!p)
        return -ENOMEM;
    p[0] = (struct pollfd){.fd = k->daemon, .events = POLLIN};
    p[1] = (struct pollfd){.fd = k->socket.fd, .events = POLLIN};
    p[2] = (struct pollfd){.fd = k->signals, .events = POLLIN};
    p[3] = (struct pollfd){.fd = k->process, .events = POLLIN};
    for (size_t i = 0; i < k->kept.n; i++) {
        const struct keeper_item *item = &k->kept.items[i];
        bool watch = k->daemon < 0 && item->is_process && !item->ended;
        p[FIXED + i] = (struct pollfd){.fd = watch ? item->fd : -1, .events = POLLIN};
    }
    int n = poll(p, FIXED + k->kept.n, k->served ? -1 : FIRST_DAEMON_MAX_MS);
    for (size_t i = 0; n > 0 && i < k->kept.n; i++)
        k->kept.items[i].ended |= p[FIXED + i].revents != 0;
    if (n > 0 && (p[0].revents || p[3].revents))
        hear_daemon(k);
    else if (n > 0 && p[1].revents)
        meet_daemon(k);
    if (n > 0 && p[2].revents)
        hear_signal(k);
    k->over = k->over || (n == 0 && !k->served);
    free(p);
    return 0;
}

static void close_others(int ready_fd)
{
    int first = STDERR_FILENO + 1;
    if (ready_fd >= first) {
        close_range((unsigned)first, (unsigned)ready_fd - 1, 0);
        first = ready_fd + 1;
    }
    close_range((unsigned)first, UINT_MAX, 0);
}

/* Of the daemon's surroundings nothing is held: no terminal, no directory, nobody's log. */
static void come_away(int ready_fd)
{
    struct rlimit limit;
    (void)setsid();
    (void)!chdir("/");
    (void)prctl(PR_SET_NAME, "voxkeeper-keep");
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd);
    if (null > STDERR_FILENO)
        close(null);
    if (ready_fd > STDERR_FILENO)
        close(ready_fd);
}

static int watch_signals(void)
{
    sigset_t ends;
    static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        (void)signal(ignored[i], SIG_IGN);
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &ends, NULL);
    return signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
}

int keeper_run(const char *socket_path, int ready_fd, struct err *e)
{
    struct keeper k = {.daemon = -1, .process = -1};
    close_others(ready_fd);
    int r = keeper_socket_open(&k.socket, socket_path, e);
    if (r < 0)
        return r;
    k.signals = watch_signals();
    come_away(ready_fd);
    startup_pages_release();
    while (r == 0 && !k.over && (k.daemon >= 0 || !k.served || anybody_lives(&k)))
        r = turn(&k);
    keeper_socket_close(&k.socket);
    if (k.daemon >= 0)
        close_daemon(&k);
    keeper_items_fini(&k.kept);
    return r < 0 ? err_sys(e, r, "keeping descriptors") : 0;
}
