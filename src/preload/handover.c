/* See handover.h. */
#include "preload/handover.h"

#include "preload/fds.h"
#include "preload/real.h"
#include "preload/taken.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/un.h>

enum { PATIENCE = 10000 };

struct page {
    _Atomic char state; /* VK_HANDOVER_ACTIVATE or _PAUSE; read by drain.cjs: the first byte */
    _Atomic bool ended; /* the supervisor's end of the control socket is gone */
    int changes;        /* readable after each change of state; for drain.cjs: at byte 4 */
    _Atomic int watches;
    _Atomic int accepting;   /* between handover_enter_public() and _leave_ */
    pthread_mutex_t reading; /* whoever reads the control socket, of all processes */
};

_Static_assert(offsetof(struct page, changes) == 4, "as handover.h and drain.cjs have it");

static struct page *page;
static int changes_fd = -1; /* its other end */
static struct listener listeners[VK_HANDOVER_LISTENERS_MAX];
static unsigned n_listeners;
static int control_fd = -1;
static pid_t worker_pid; /* the process that was started with our environment */
static pid_t memory_pid; /* the process whose memory this is */

static void on_forked(void)
{
    memory_pid = getpid();
}

/* Without one the helper looks at the state each time. */
static int open_changes(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -1;
    int kept = fds_keep(ends[0]);
    changes_fd = fds_keep(ends[1]);
    (void)REAL(close)(ends[0]);
    (void)REAL(close)(ends[1]);
    return changes_fd < 0 ? -1 : kept;
}

static void change_state(char state)
{
    if (page->state == state)
        return;
    page->state = state;
    /* A pipe that nobody empties is full some day: nobody waits for it. */
    (void)!write(changes_fd, &state, 1);
}

static bool open_page(bool active)
{
    pthread_mutexattr_t attributes;
    int fd = memfd_create(VK_HANDOVER_MEMFD, MFD_CLOEXEC);
    if (fd < 0)
        return false;
    int kept = fds_keep(fd); /* stays open: the Node helper looks for it */
    (void)REAL(close)(fd);
    if (kept < 0 || ftruncate(kept, sizeof *page) < 0)
        return false;
    void *map = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, kept, 0);
    if (map == MAP_FAILED)
        return false;
    page = map;
    page->state = active ? VK_HANDOVER_ACTIVATE : VK_HANDOVER_PAUSE;
    page->changes = open_changes();
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&page->reading, &attributes);
    return true;
}

static void read_address(struct listener *l, const char *address)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&l->path;
    char *end = NULL;
    unsigned long port = strtoul(address, &end, 10);
    if (*end == '\0' && port > 0 && port <= UINT16_MAX) {
        l->family = AF_INET;
        l->port = (uint16_t)port;
        return;
    }
    size_t length = strnlen(address, sizeof un->sun_path - 1);
    l->family = un->sun_family = AF_UNIX;
    memcpy(un->sun_path, address, length);
    l->path_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (address[0] == '@')
        un->sun_path[0] = '\0';
}

/* Moves a listening socket out of the application's way. Returns the descriptor or -errno. */
static int adopt_listener(int fd)
{
    int listening = 0, kept;
    socklen_t length = sizeof listening;
    if (REAL(getsockopt)(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) < 0)
        return -errno;
    if (!listening)
        return -EINVAL;
    int flags = REAL(fcntl)(fd, F_GETFL);
    (void)REAL(fcntl)(fd, F_SETFL, flags | O_NONBLOCK);
    kept = fds_keep(fd);
    if (kept < 0)
        return -errno;
    (void)REAL(close)(fd);
    return kept;
}

static bool adopt_listeners(struct environment *e)
{
    for (unsigned i = 0; i < e->n_listeners; i++) {
        struct environment_listener *given = &e->listeners[i];
        struct listener *l = &listeners[i];
        l->public_fd = given->public_fd = adopt_listener(given->public_fd);
        l->private_fd = given->private_fd = adopt_listener(given->private_fd);
        int bad = l->public_fd < 0 ? l->public_fd : l->private_fd;
        if (bad < 0) {
            handover_tell(VK_HANDOVER_REFUSED, (int)i, -bad);
            return false;
        }
        read_address(l, given->address);
    }
    n_listeners = e->n_listeners;
    return true;
}

bool handover_open(struct environment *e)
{
    int type = 0;
    socklen_t length = sizeof type;
    if (REAL(getsockopt)(e->control_fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0 ||
        type != SOCK_SEQPACKET)
        return false;
    control_fd = fds_keep(e->control_fd);
    if (control_fd < 0)
        return false;
    (void)REAL(close)(e->control_fd);
    e->control_fd = control_fd;
    if (!open_page(e->active)) {
        handover_tell(VK_HANDOVER_REFUSED, -1, errno);
        return false;
    }
    if (!adopt_listeners(e))
        return false;
    worker_pid = memory_pid = getpid();
    pthread_atfork(NULL, NULL, on_forked);
    handover_tell(VK_HANDOVER_HELLO, -1, VK_HANDOVER_VERSION);
    return true;
}

bool handover_in_force(void)
{
    return n_listeners > 0;
}

bool handover_owns_memory(void)
{
    return getpid() == memory_pid;
}

bool handover_is_worker(void)
{
    return memory_pid == worker_pid;
}

bool handover_is_active(void)
{
    return page->state == VK_HANDOVER_ACTIVATE;
}

bool handover_enter_public(void)
{
    page->accepting++;
    return handover_is_active();
}

void handover_leave_public(void)
{
    page->accepting--;
}

/* Other threads and forked children. Not for ever: one may have been killed in there. */
static void wait_for_accepting(void)
{
    for (unsigned i = 0; page->accepting > 0 && i < PATIENCE; i++)
        (void)sched_yield();
}

unsigned handover_listeners(void)
{
    return n_listeners;
}

const struct listener *handover_listener(unsigned index)
{
    return &listeners[index];
}

static uint16_t port_of(const struct sockaddr *name, socklen_t length)
{
    if (name->sa_family == AF_INET && length >= sizeof(struct sockaddr_in))
        return ntohs(((const struct sockaddr_in *)name)->sin_port);
    if (name->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6))
        return ntohs(((const struct sockaddr_in6 *)name)->sin6_port);
    return 0;
}

/* A path may be given with or without its final zero; an abstract name has none. */
static bool same_path(const struct listener *l, const struct sockaddr *name, socklen_t length)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)name;
    size_t head = offsetof(struct sockaddr_un, sun_path);
    if (length <= head || length > sizeof *un)
        return false;
    if (un->sun_path[0] != '\0')
        length = (socklen_t)(head + strnlen(un->sun_path, length - head));
    return length == l->path_length && memcmp(un, &l->path, length) == 0;
}

int handover_find(const struct sockaddr *name, socklen_t length)
{
    if (length < sizeof name->sa_family)
        return -1;
    uint16_t port = port_of(name, length);
    for (unsigned i = 0; i < n_listeners; i++) {
        const struct listener *l = &listeners[i];
        if (l->family == AF_UNIX ? name->sa_family == AF_UNIX && same_path(l, name, length)
                                 : port != 0 && l->port == port)
            return (int)i;
    }
    return -1;
}

bool handover_owns_path(const char *path)
{
    for (unsigned i = 0; i < n_listeners; i++) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&listeners[i].path;
        if (listeners[i].family == AF_UNIX && path && path[0] != '\0' &&
            strcmp(path, un->sun_path) == 0)
            return true;
    }
    return false;
}

int handover_control_fd(void)
{
    return control_fd;
}

bool handover_control_ended(void)
{
    return page->ended;
}

void handover_tell(enum vk_handover_kind kind, int listener, int value)
{
    struct vk_handover_message m = {
        .kind = (uint8_t)kind, .listener = (uint8_t)(listener + 1), .value = (uint16_t)value};
    int saved = errno;
    (void)send(control_fd, &m, sizeof m, MSG_DONTWAIT | MSG_NOSIGNAL);
    errno = saved;
}

static void tell_state(void)
{
    handover_tell(handover_is_active() ? VK_HANDOVER_ACTIVE : VK_HANDOVER_PAUSED, -1, 0);
}

static void report(void)
{
    handover_tell(VK_HANDOVER_HELLO, -1, VK_HANDOVER_VERSION);
    taken_report();
    tell_state();
}

/* Returns false when there is nothing more to read. */
static bool read_message(void)
{
    struct vk_handover_message m = {0};
    ssize_t n = recv(control_fd, &m, sizeof m, MSG_DONTWAIT);
    if (n < 0)
        return errno == EINTR;
    if (n == 0) {
        page->ended = true;
        taken_leave_control();
        return false;
    }
    if (m.kind == VK_HANDOVER_REPORT)
        report();
    if (m.kind == VK_HANDOVER_ACTIVATE || m.kind == VK_HANDOVER_PAUSE) {
        change_state((char)m.kind);
        taken_follow();
        if (m.kind == VK_HANDOVER_PAUSE)
            wait_for_accepting();
        tell_state();
    }
    return true;
}

void handover_listen_to_control(void)
{
    if (page->ended || (!handover_is_worker() && page->watches > 0))
        return;
    int r = pthread_mutex_trylock(&page->reading);
    if (r != 0 && r != EOWNERDEAD) /* somebody else is at it */
        return;
    if (r == EOWNERDEAD)
        pthread_mutex_consistent(&page->reading);
    while (read_message())
        ;
    pthread_mutex_unlock(&page->reading);
}

void handover_count_watch(int by)
{
    page->watches += by;
}
