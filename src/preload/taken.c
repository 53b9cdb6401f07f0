/* See taken.h. One lock for both tables; nothing else is locked or called back under it. */
#include "preload/taken.h"

#include "preload/fds.h"
#include "preload/handover.h"
#include "preload/real.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

enum { TAKEN_MAX = 32, WATCHES_MAX = 64 };

struct watch {
    bool used;
    unsigned taken;
    int epfd;
    int fd;
    struct epoll_event event; /* as the application wants it */
};

static struct taken table[TAKEN_MAX];
static struct watch watches[WATCHES_MAX];
static _Atomic uint8_t index_of[FDS_MAX]; /* of a FD_TAKEN descriptor, into table */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

/* The epoll sets belong to the parent, who goes on looking after them. */
static void after_fork_in_child(void)
{
    for (unsigned i = 0; i < WATCHES_MAX; i++) {
        if (watches[i].used)
            fds_mark(watches[i].epfd, FD_FOREIGN);
    }
    memset(watches, 0, sizeof watches);
    for (unsigned i = 0; i < TAKEN_MAX; i++)
        table[i].watches = 0;
    pthread_mutex_unlock(&lock);
}

void taken_init(void)
{
    pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

const struct taken *taken_of(int fd)
{
    return &table[index_of[fd]];
}

static void set_add(int set, int fd, struct epoll_event event)
{
    (void)REAL(epoll_ctl)(set, EPOLL_CTL_ADD, fd, &event);
}

static void set_remove(int set, int fd)
{
    struct epoll_event none = {0};
    (void)REAL(epoll_ctl)(set, EPOLL_CTL_DEL, fd, &none);
}

/* The nested set. Forked children share it: what is there already, or gone already, is fine. */
static void taken_settle(struct taken *t)
{
    struct epoll_event in = {.events = EPOLLIN};
    set_remove(t->set, t->public_fd);
    if (handover_is_active() && t->watches == 0)
        set_add(t->set, t->public_fd, in);
}

/* Removing and adding again makes the kernel look whether a caller waits. */
static void watch_settle(struct watch *w)
{
    struct taken *t = &table[w->taken];
    struct epoll_event event = w->event;
    set_remove(w->epfd, t->public_fd);
    if (!handover_is_active() || !(event.events & EPOLLIN))
        return;
    event.events &= EPOLLIN | EPOLLET | EPOLLWAKEUP;
    event.events |= EPOLLEXCLUSIVE;
    if (REAL(epoll_ctl)(w->epfd, EPOLL_CTL_ADD, t->public_fd, &event) == 0 || errno != EINVAL)
        return;
    event.events &= ~(unsigned)EPOLLEXCLUSIVE; /* Linux before 4.5 */
    set_add(w->epfd, t->public_fd, event);
}

static struct watch *watch_find(int epfd, int fd)
{
    for (unsigned i = 0; i < WATCHES_MAX; i++) {
        if (watches[i].used && watches[i].epfd == epfd && watches[i].fd == fd)
            return &watches[i];
    }
    return NULL;
}

/* One for each pair of epoll set and taken socket: its duplicate has one number. */
static bool watch_can_be(int epfd, unsigned taken, const struct epoll_event *event)
{
    if (!handover_is_worker() || (event->events & EPOLLONESHOT) || epfd >= FDS_MAX)
        return false;
    for (unsigned i = 0; i < WATCHES_MAX; i++) {
        if (watches[i].used && watches[i].epfd == epfd && watches[i].taken == taken)
            return false;
    }
    return true;
}

static void watch_begin(int epfd, int fd, const struct epoll_event *event)
{
    unsigned taken = index_of[fd];
    for (unsigned i = 0; watch_can_be(epfd, taken, event) && i < WATCHES_MAX; i++) {
        struct watch *w = &watches[i];
        if (w->used)
            continue;
        *w = (struct watch){.used = true, .taken = taken, .epfd = epfd, .fd = fd, .event = *event};
        fds_mark(epfd, FD_EPOLL);
        table[taken].watches++;
        handover_count_watch(1);
        taken_settle(&table[taken]);
        watch_settle(w);
        return;
    }
}

static void watch_end(struct watch *w)
{
    struct taken *t = &table[w->taken];
    int epfd = w->epfd;
    bool last = true;
    set_remove(epfd, t->public_fd);
    w->used = false;
    t->watches--;
    handover_count_watch(-1);
    taken_settle(t);
    for (unsigned i = 0; i < WATCHES_MAX; i++)
        last = last && !(watches[i].used && watches[i].epfd == epfd);
    if (last)
        fds_mark(epfd, FD_FOREIGN);
}

static void taken_drop(struct taken *t)
{
    fds_drop(t->set);
    fds_drop(t->private_fd);
    fds_drop(t->public_fd);
    fds_drop(t->control_fd);
    /* A thread may still be in accept() with it. */
    *t = (struct taken){.set = -1, .private_fd = -1, .public_fd = -1, .control_fd = -1};
}

/* Makes the set; all descriptors of `t` are valid or -1 afterwards. */
static int taken_open(struct taken *t, const struct listener *l)
{
    struct epoll_event in = {.events = EPOLLIN};
    int set = epoll_create1(EPOLL_CLOEXEC);
    t->set = set < 0 ? -1 : fds_keep(set);
    if (set >= 0)
        (void)REAL(close)(set);
    t->private_fd = fds_keep(l->private_fd);
    t->public_fd = fds_keep(l->public_fd);
    t->control_fd = fds_keep(handover_control_fd());
    if (t->set < 0 || t->private_fd < 0 || t->public_fd < 0 || t->control_fd < 0)
        return -1;
    if (REAL(epoll_ctl)(t->set, EPOLL_CTL_ADD, t->private_fd, &in) < 0)
        return -1;
    if (!handover_control_ended())
        set_add(t->set, t->control_fd, in);
    taken_settle(t);
    return 0;
}

/* Puts the set into the place of the application's socket, with that one's flags. */
static int taken_replace(const struct taken *t, int fd)
{
    int status = REAL(fcntl)(fd, F_GETFL), flags = REAL(fcntl)(fd, F_GETFD);
    if (status < 0 || flags < 0 || REAL(fcntl)(t->set, F_SETFL, status & O_NONBLOCK) < 0)
        return -1;
    return REAL(dup3)(t->set, fd, (flags & FD_CLOEXEC) ? O_CLOEXEC : 0) < 0 ? -1 : 0;
}

/* What getsockname() will say. The kernel ends a path with a zero if bind() got none. */
static void taken_name(struct taken *t, const struct sockaddr *name, socklen_t length)
{
    const char *path = ((const struct sockaddr_un *)name)->sun_path;
    size_t head = offsetof(struct sockaddr_un, sun_path);
    t->name_length = length < sizeof t->name ? length : sizeof t->name;
    memcpy(&t->name, name, t->name_length);
    if (name->sa_family == AF_UNIX && path[0] != '\0')
        t->name_length = (socklen_t)(head + strnlen(path, length - head) + 1);
}

static int taken_fill(
    struct taken *t, int fd, unsigned listener, const struct sockaddr *name, socklen_t length)
{
    int family = AF_UNSPEC;
    socklen_t family_length = sizeof family;
    (void)REAL(getsockopt)(fd, SOL_SOCKET, SO_DOMAIN, &family, &family_length);
    t->listener = listener;
    t->family = (sa_family_t)family;
    taken_name(t, name, length);
    int r = taken_open(t, handover_listener(listener));
    if (r == 0) {
        options_take(&t->options, fd, t->public_fd, t->private_fd);
        r = taken_replace(t, fd);
    }
    if (r < 0) {
        int saved = errno;
        taken_drop(t);
        errno = saved;
        return -1;
    }
    return 0;
}

int taken_make(int fd, unsigned listener, const struct sockaddr *name, socklen_t length)
{
    struct taken *t = NULL;
    int r = -1;
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; !t && i < TAKEN_MAX; i++) {
        if (table[i].refs == 0)
            t = &table[i];
    }
    errno = ENOBUFS;
    if (t && (unsigned)fd < FDS_MAX && taken_fill(t, fd, listener, name, length) == 0) {
        t->refs = 1;
        index_of[fd] = (uint8_t)(t - table);
        fds_mark(fd, FD_TAKEN);
        r = 0;
    }
    pthread_mutex_unlock(&lock);
    return r;
}

void taken_copied(int fd, int copy)
{
    pthread_mutex_lock(&lock);
    if (fds_kind(fd) == FD_TAKEN && (unsigned)copy < FDS_MAX) {
        index_of[copy] = index_of[fd];
        table[index_of[fd]].refs++;
        fds_mark(copy, FD_TAKEN);
    }
    pthread_mutex_unlock(&lock);
}

void taken_closing(int fd)
{
    int closed = -1;
    pthread_mutex_lock(&lock);
    if (fds_kind(fd) == FD_TAKEN) {
        struct taken *t = &table[index_of[fd]];
        for (unsigned i = 0; i < WATCHES_MAX; i++) {
            if (watches[i].used && watches[i].fd == fd)
                watch_end(&watches[i]);
        }
        fds_mark(fd, FD_FOREIGN);
        if (--t->refs == 0) {
            closed = (int)t->listener;
            taken_drop(t);
        }
    }
    pthread_mutex_unlock(&lock);
    if (closed >= 0 && handover_is_worker())
        handover_tell(VK_HANDOVER_CLOSED, closed, 0);
}

void taken_closing_set(int epfd)
{
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < WATCHES_MAX; i++) {
        if (watches[i].used && watches[i].epfd == epfd)
            watch_end(&watches[i]);
    }
    pthread_mutex_unlock(&lock);
}

static void taken_watch(int epfd, int op, int fd, const struct epoll_event *event)
{
    struct watch *w = watch_find(epfd, fd);
    if (w && (op == EPOLL_CTL_DEL || (event->events & EPOLLONESHOT))) {
        watch_end(w);
    } else if (w) {
        w->event = *event;
        watch_settle(w);
    } else if (op != EPOLL_CTL_DEL) {
        watch_begin(epfd, fd, event);
    }
}

int taken_control(int epfd, int op, int fd, struct epoll_event *event)
{
    struct epoll_event plain = {0};
    if (event) {
        plain = *event;
        plain.events &= ~(unsigned)EPOLLEXCLUSIVE; /* which no nested set may have */
    }
    pthread_mutex_lock(&lock);
    int r = REAL(epoll_ctl)(epfd, op, fd, event ? &plain : NULL);
    int saved = errno;
    if (r == 0 && fds_kind(fd) == FD_TAKEN)
        taken_watch(epfd, op, fd, &plain);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return r;
}

int taken_option(int fd, int level, int option, const void *value, socklen_t length)
{
    int r = 0;
    pthread_mutex_lock(&lock);
    if (fds_kind(fd) == FD_TAKEN) {
        struct taken *t = &table[index_of[fd]];
        r = REAL(setsockopt)(t->private_fd, level, option, value, length);
        /* The private listener is of one family, the application's may be of another. */
        if (level != SOL_SOCKET && level != IPPROTO_TCP)
            r = 0;
        if (r == 0 && options_know(level, option))
            options_note(&t->options, level, option, value, length);
    }
    pthread_mutex_unlock(&lock);
    return r;
}

void taken_follow(void)
{
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < TAKEN_MAX; i++) {
        if (table[i].refs > 0)
            taken_settle(&table[i]);
    }
    for (unsigned i = 0; i < WATCHES_MAX; i++) {
        if (watches[i].used)
            watch_settle(&watches[i]);
    }
    pthread_mutex_unlock(&lock);
}

void taken_report(void)
{
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < TAKEN_MAX; i++) {
        if (table[i].refs > 0)
            handover_tell(VK_HANDOVER_TAKEN, (int)table[i].listener, 0);
    }
    pthread_mutex_unlock(&lock);
}

void taken_leave_control(void)
{
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < TAKEN_MAX; i++) {
        if (table[i].refs > 0)
            set_remove(table[i].set, table[i].control_fd);
    }
    pthread_mutex_unlock(&lock);
}
