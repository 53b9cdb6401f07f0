/* See worker_notify_address.h. */
#include "io/child/worker_notify_address.h"

#include "io/child/child_user.h"
#include "io/child/worker_notify.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_PREFIX "notify-"

/* Whether anybody may pass through it to what is in it. */
static bool is_open_to_all(const char *directory)
{
    char path[sizeof(struct sockaddr_un)];
    size_t len = strlen(directory);
    struct stat st;
    if (directory[0] != '/' || len >= sizeof path)
        return false;
    memcpy(path, directory, len + 1);
    while (len > 1) {
        path[len] = '\0';
        if (stat(path, &st) < 0 || !(st.st_mode & S_IXOTH))
            return false;
        while (len > 1 && path[--len] != '/')
            ;
    }
    return true;
}

/* The worker writes to it and nobody else, as far as the kernel lets us say so. */
static int give_to(const char *path, const char *user, struct err *e)
{
    struct child_user account = {0};
    int r = user ? child_user_find(user, NULL, &account, e) : 0;
    if (r == 0 && account.change && chown(path, account.uid, account.gid) < 0)
        r = err_sys(e, -errno, "giving \"%s\" to user \"%s\"", path, user);
    if (r == 0 && chmod(path, S_IRUSR | S_IWUSR) < 0)
        r = err_sys(e, -errno, "protecting \"%s\"", path);
    child_user_fini(&account);
    return r;
}

static int bind_path(int fd, const char *directory, const char *user, struct err *e)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    unsigned long long name = 0;
    if (getrandom(&name, sizeof name, GRND_NONBLOCK) != (ssize_t)sizeof name)
        return err_sys(e, -EAGAIN, "naming a notify socket");
    int len =
        snprintf(un.sun_path, sizeof un.sun_path, "%s/" NAME_PREFIX "%016llx", directory, name);
    if (len < 0 || (size_t)len >= sizeof un.sun_path)
        return err_sys(e, -ENAMETOOLONG, "naming a notify socket in \"%s\"", directory);
    if (bind(fd, (struct sockaddr *)&un, sizeof un) < 0)
        return err_sys(e, -errno, "binding \"%s\"", un.sun_path);
    int r = give_to(un.sun_path, user, e);
    if (r < 0)
        unlink(un.sun_path);
    return r;
}

/* The kernel chooses a name that nobody has. */
static int bind_abstract(int fd, struct err *e)
{
    sa_family_t family = AF_UNIX;
    if (bind(fd, (const struct sockaddr *)&family, sizeof family) < 0)
        return err_sys(e, -errno, "binding the worker's notify socket");
    return 0;
}

static int open_socket(struct err *e)
{
    int on = 1;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_sys(e, -errno, "making the worker's notify socket");
    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0)
        return fd;
    int r = err_sys(e, -errno, "asking for senders on the worker's notify socket");
    close(fd);
    return r;
}

int notify_address_bind(
    const char *directory, const char *user, struct notify_address *out, struct err *e)
{
    struct err unused = {0};
    int fd = open_socket(e);
    if (fd < 0)
        return fd;
    int r = -ENOENT;
    if (directory && (!user || is_open_to_all(directory)))
        r = bind_path(fd, directory, user, &unused);
    if (r < 0) {
        /* A socket is bound once: where the path was had and could not be given, begin anew. */
        close(fd);
        fd = open_socket(e);
        if (fd < 0)
            return fd;
        r = bind_abstract(fd, e);
    }
    if (r == 0)
        r = notify_address_read(fd, out, e);
    if (r == 0)
        return fd;
    close(fd);
    return r;
}

int notify_address_read(int fd, struct notify_address *out, struct err *e)
{
    struct sockaddr_un un = {0};
    socklen_t len = sizeof un;
    if (getsockname(fd, (struct sockaddr *)&un, &len) < 0)
        return err_sys(e, -errno, "reading the address of descriptor %d", fd);
    if (un.sun_family != AF_UNIX || len <= offsetof(struct sockaddr_un, sun_path))
        return err_set(e, -EINVAL, "reading the address of descriptor %d: it has none", fd);
    size_t n = len - offsetof(struct sockaddr_un, sun_path);
    memset(out, 0, sizeof *out);
    memcpy(out->text, un.sun_path, n);
    if (out->text[0] == '\0')
        out->text[0] = '@';
    return 0;
}

void notify_address_remove(struct notify_address *a)
{
    if (a->text[0] == '/')
        unlink(a->text);
    a->text[0] = '\0';
}

/* A socket that somebody holds, be it only for us, takes the connection. */
static bool is_abandoned(const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    memcpy(un.sun_path, path, strlen(path) + 1);
    bool refused = connect(fd, (struct sockaddr *)&un, sizeof un) < 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

void worker_notify_sweep(const char *directory)
{
    char path[sizeof((struct sockaddr_un *)NULL)->sun_path];
    DIR *d = opendir(directory);
    if (!d)
        return;
    for (struct dirent *de = readdir(d); de; de = readdir(d)) {
        int len = snprintf(path, sizeof path, "%s/%s", directory, de->d_name);
        bool ours = strncmp(de->d_name, NAME_PREFIX, strlen(NAME_PREFIX)) == 0;
        if (ours && len > 0 && (size_t)len < sizeof path && is_abandoned(path))
            unlink(path);
    }
    closedir(d);
}
