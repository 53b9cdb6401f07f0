/* Where the keeper is asked. */
#include "io/keep/keeper_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* One that is about to end has its lock for a moment longer than its socket. */
enum { LOCK_TRIES = 100, LOCK_PAUSE_MS = 10 };

/* The file stays: whoever removed it could remove another's. */
static int take_lock(const char *path)
{
    char name[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 8];
    snprintf(name, sizeof name, "%s.lock", path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    for (unsigned i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
        if (i == LOCK_TRIES || errno != EWOULDBLOCK) {
            int r = errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
            close(fd);
            return r;
        }
        (void)poll(NULL, 0, LOCK_PAUSE_MS);
    }
    return fd;
}

static int listen_at(const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct stat st;
    strcpy(un.sun_path, path);
    /* With the lock in our hands, a socket there is one of the dead. */
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    mode_t before = umask(0177);
    int r = bind(fd, (struct sockaddr *)&un, sizeof un) < 0 ? -errno : 0;
    umask(before);
    if (r == 0 && listen(fd, SOMAXCONN) < 0)
        r = -errno;
    if (r == 0)
        return fd;
    close(fd);
    return r == -EADDRINUSE ? -EEXIST : r;
}

int keeper_socket_open(struct keeper_socket *s, const char *path, struct err *e)
{
    *s = (struct keeper_socket){.path = path, .fd = -1, .lock = -1};
    if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return err_sys(e, -ENAMETOOLONG, "listening on \"%s\"", path);
    s->lock = take_lock(path);
    if (s->lock == -EADDRINUSE)
        return err_set(e, -EADDRINUSE, "listening on \"%s\": another keeper does", path);
    if (s->lock < 0)
        return err_sys(e, s->lock, "locking \"%s.lock\"", path);
    s->fd = listen_at(path);
    if (s->fd >= 0)
        return 0;
    close(s->lock);
    return err_sys(e, s->fd, "listening on \"%s\"", path);
}

void keeper_socket_close(struct keeper_socket *s)
{
    unlink(s->path);
    close(s->fd);
    close(s->lock);
}
