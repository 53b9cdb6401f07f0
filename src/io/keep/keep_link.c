/* The connection to the keeper: its greeting, and what to do when it goes. */
#include "io/keep/fd_message.h"
#include "io/keep/keep_parts.h"
#include "io/keep/keeper_words.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    GREETING_MAX_MS = 5000,
    END_MAX_MS = 1000,
    RESTART_PAUSE = 10 * USEC_PER_SEC, /* one that goes twice within this is given up */
};

static int connect_to(const char *path, struct err *e)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    if (strlen(path) >= sizeof un.sun_path)
        return err_sys(e, -ENAMETOOLONG, "asking the keeper at \"%s\"", path);
    strcpy(un.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_sys(e, -errno, "asking the keeper at \"%s\"", path);
    int r = connect(fd, (struct sockaddr *)&un, sizeof un) < 0 ? -errno : 0;
    if (r == -ECONNREFUSED)
        r = -ENOENT;
    if (r == -EAGAIN)
        r = -ETIMEDOUT;
    if (r == 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        r = -errno;
    if (r == 0 && peer.uid != geteuid())
        r = -EPERM;
    if (r == 0)
        return fd;
    close(fd);
    return err_sys(e, r, "asking the keeper at \"%s\"", path);
}

/* "FDSTORE=1" and a line "FDNAME=..." for each descriptor. */
static int take_batch(struct keep *k, char *text, const int *fds, unsigned n_fds)
{
    unsigned n = 0;
    int r = 0;
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        if (strncmp(line, KEEPER_NAME, strlen(KEEPER_NAME)) != 0)
            continue;
        if (n == n_fds)
            return -EMFILE; /* we have no room for all of them */
        int fd = fds[n++];
        int found = keep_found(k, line + strlen(KEEPER_NAME), fd, KEPT_TOLD);
        r = r < 0 ? r : found;
    }
    while (n < n_fds)
        close(fds[n++]);
    return r;
}

/* Returns 1 when all is said, 0 when there is more to come, or a negative errno. */
static int take_greeting(struct keep *k, int fd)
{
    char text[KEEPER_MESSAGE_MAX];
    int fds[FD_MESSAGE_FDS];
    unsigned n_fds = 0;
    ssize_t n = fd_message_receive(fd, text, sizeof text, fds, &n_fds, MSG_DONTWAIT);
    if (n == -EAGAIN)
        return 0;
    if (n == 0 || n == -ECONNRESET)
        return -ENOENT; /* it was about to end */
    if (n < 0)
        return (int)n;
    if (strncmp(text, KEEPER_BUSY, strlen(KEEPER_BUSY)) == 0)
        return -EBUSY;
    if (strncmp(text, KEEPER_PUT, strlen(KEEPER_PUT)) == 0)
        return take_batch(k, text, fds, n_fds);
    return strcmp(text, KEEPER_READY) == 0;
}

static int await_greeting(struct keep *k, int fd)
{
    usec_t until = usec_add(loop_now(), GREETING_MAX_MS * USEC_PER_MSEC);
    for (;;) {
        int r = take_greeting(k, fd);
        if (r != 0)
            return r < 0 ? r : 0;
        usec_t now = loop_now();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (now >= until)
            return -ETIMEDOUT;
        (void)poll(&p, 1, (int)((until - now) / USEC_PER_MSEC) + 1);
    }
}

int keep_link_connect(struct keep *k, struct err *e)
{
    int fd = connect_to(k->keeper_socket, e);
    if (fd < 0)
        return fd;
    int r = await_greeting(k, fd);
    if (r == 0)
        return keep_link_watch(k, fd, e);
    close(fd);
    if (r == -EBUSY)
        return err_set(
            e, r, "asking the keeper at \"%s\": another voxkeeperd uses it", k->keeper_socket);
    return err_sys(e, r, "asking the keeper at \"%s\"", k->keeper_socket);
}

/* Its workers go on; whoever runs has to find another who holds what is theirs. */
static void on_lost(struct keep *k)
{
    struct err why = {0};
    usec_t now = loop_now();
    bool again = k->keeper_lost_at == 0 || now - k->keeper_lost_at > RESTART_PAUSE;
    keep_link_close(k);
    keep_untell(k);
    k->keeper_lost_at = now;
    int r = again ? keep_start_keeper(k, &why) : err_set(&why, -EAGAIN, "it went again and again");
    if (r == 0) {
        log_printf(LOG_LEVEL_WARNING, "the keeper went; started another");
    } else {
        k->where = KEEP_NOWHERE;
        log_printf(
            LOG_LEVEL_ERR, "the keeper went: %s; workers end with voxkeeper's own end", why.msg);
    }
    keep_send(k);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct keep *k = ((struct keep_link *)poll->data)->keep;
    char text[256];
    int fds[FD_MESSAGE_FDS];
    unsigned n_fds = 0;
    (void)status;
    (void)events;
    ssize_t n = fd_message_receive(k->socket, text, sizeof text, fds, &n_fds, MSG_DONTWAIT);
    for (unsigned i = 0; i < n_fds; i++)
        close(fds[i]);
    if (n > 0 && strncmp(text, KEEPER_FAILED, strlen(KEEPER_FAILED)) == 0)
        log_printf(LOG_LEVEL_ERR, "the keeper could not keep \"%s\"", text + strlen(KEEPER_FAILED));
    else if (n <= 0 && n != -EAGAIN)
        on_lost(k);
}

int keep_link_watch(struct keep *k, int fd, struct err *e)
{
    struct keep_link *link = calloc(1, sizeof *link);
    int r = link ? uv_poll_init(loop_uv(k->loop), &link->poll, fd) : -ENOMEM;
    if (r < 0) {
        free(link);
        close(fd);
        return err_sys(e, r, "watching the keeper");
    }
    link->poll.data = link;
    link->keep = k;
    k->link = link;
    k->socket = fd;
    keep_lodge(k);
    uv_unref((uv_handle_t *)&link->poll);
    r = uv_poll_start(&link->poll, UV_READABLE, on_event);
    if (r == 0)
        return 0;
    keep_link_close(k);
    return err_sys(e, r, "watching the keeper");
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void keep_link_close(struct keep *k)
{
    if (!k->link)
        return;
    uv_close((uv_handle_t *)&k->link->poll, on_closed);
    close(k->socket);
    k->link = NULL;
    k->socket = -1;
}

static int keeper_pidfd(const struct keep *k)
{
    struct ucred keeper;
    socklen_t len = sizeof keeper;
    if (getsockopt(k->socket, SOL_SOCKET, SO_PEERCRED, &keeper, &len) < 0)
        return -1;
    return pidfd_open(keeper.pid, 0);
}

/* It has closed its end and is about to be gone; `ours`: a child that nobody else waits for. */
static void await_end(int pidfd, bool ours)
{
    siginfo_t info;
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    if (pidfd < 0)
        return;
    if (poll(&p, 1, END_MAX_MS) == 1 && ours)
        (void)waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG);
    close(pidfd);
}

void keep_link_end(struct keep *k)
{
    int pidfd = keeper_pidfd(k);
    const struct fd_message m = {.text = KEEPER_END, .len = strlen(KEEPER_END)};
    usec_t until = usec_add(loop_now(), END_MAX_MS * USEC_PER_MSEC);
    int r = 0;
    while ((r = fd_message_send(k->socket, &m, NULL, 0, MSG_DONTWAIT)) == -EAGAIN &&
           loop_now() < until)
        (void)poll(NULL, 0, 5);
    char text[256];
    ssize_t n = r < 0 ? 0 : 1;
    while (n > 0 && loop_now() < until) {
        struct pollfd p = {.fd = k->socket, .events = POLLIN};
        n = poll(&p, 1, END_MAX_MS) == 1 ? recv(k->socket, text, sizeof text, MSG_DONTWAIT) : 0;
    }
    await_end(pidfd, k->keeper_pid > 0);
    keep_link_close(k);
}
