/* See supervisor.h. */
#include "preload/supervisor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_FD = 5, ASSIGNMENTS_MAX = 8 };

static const char *assignments[ASSIGNMENTS_MAX];

/* Above every number that a worker gets its descriptors under. */
static int move_high(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    assert_true(high >= 0);
    close(fd);
    return high;
}

static socklen_t address_of(const struct entrance *e, struct sockaddr_storage *out)
{
    struct sockaddr_un *un = (struct sockaddr_un *)out;
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    memset(out, 0, sizeof *out);
    if (e->path[0] == '\0') {
        in->sin_family = AF_INET;
        in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        in->sin_port = htons(e->port);
        return sizeof *in;
    }
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, e->path, strlen(e->path));
    size_t length = offsetof(struct sockaddr_un, sun_path) + strlen(e->path);
    if (e->path[0] == '@')
        un->sun_path[0] = '\0';
    return (socklen_t)length;
}

static void bind_any(int fd, bool v6)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (v6)
        assert_int_equal(bind(fd, (struct sockaddr *)&in6, sizeof in6), 0);
    else
        assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
}

void entrance_open(struct entrance *e, const char *address)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    bool v6 = strcmp(address, "[::]") == 0;
    bool path = address[0] == '/' || address[0] == '@';
    int zero = 0;
    memset(e, 0, sizeof *e);
    e->fd = socket(path ? AF_UNIX : v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(e->fd >= 0);
    if (path) {
        snprintf(e->path, sizeof e->path, "%s", address);
        length = address_of(e, &name);
        assert_int_equal(bind(e->fd, (struct sockaddr *)&name, length), 0);
    } else {
        if (v6)
            assert_int_equal(setsockopt(e->fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero), 0);
        bind_any(e->fd, v6);
        assert_int_equal(getsockname(e->fd, (struct sockaddr *)&name, &length), 0);
        e->port = ntohs(((struct sockaddr_in *)&name)->sin_port);
    }
    assert_int_equal(listen(e->fd, 1024), 0);
    e->fd = move_high(e->fd);
}

void entrance_close(struct entrance *e)
{
    close(e->fd);
    if (e->path[0] == '/')
        unlink(e->path);
    e->fd = -1;
}

void worker_environment(const char *assignment)
{
    unsigned i = 0;
    if (!assignment) {
        memset(assignments, 0, sizeof assignments);
        return;
    }
    while (assignments[i])
        i++;
    assert_true(i + 1 < ASSIGNMENTS_MAX);
    assignments[i] = assignment;
}

static void must_setenv(const char *name, const char *format, ...)
{
    char value[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    setenv(name, value, 1);
}

/* A program built with our sanitizers has their library behind the shim, which they dislike. */
static void set_environment(const char *program, const struct entrance *public, unsigned n)
{
    bool own = strcmp(program, getenv("VOXKEEPER_SERVER")) == 0;
    must_setenv("LD_PRELOAD", "%s", getenv(own ? "VOXKEEPER_SHIM_CHECKED" : "VOXKEEPER_SHIM"));
    must_setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0");
    must_setenv("UV_USE_IO_URING", "0");
    must_setenv(VK_HANDOVER_ENV_PID, "%d", getpid());
    must_setenv(VK_HANDOVER_ENV_CONTROL, "%d", FIRST_FD);
    for (unsigned i = 0; i < n; i++) {
        char name[64], address[128];
        snprintf(name, sizeof name, VK_HANDOVER_ENV_LISTEN "%u", i + 1);
        snprintf(address, sizeof address, "%u", public[i].port);
        must_setenv(name, "%d %d %s", FIRST_FD + 1 + 2 * (int)i, FIRST_FD + 2 + 2 * (int)i,
            public[i].path[0] ? public[i].path : address);
    }
    for (unsigned i = 0; assignments[i]; i++)
        putenv((char *)(uintptr_t)assignments[i]);
}

static void exec_program(const char *const *argv, const struct entrance *first)
{
    const char *words[16];
    char port[128];
    unsigned n = 0;
    snprintf(port, sizeof port, "%u", first->port);
    for (; argv[n] && n < 15; n++) {
        words[n] = argv[n];
        if (strcmp(argv[n], "PORT") == 0)
            words[n] = first->path[0] ? first->path : port;
    }
    words[n] = NULL;
    execvp(words[0], (char *const *)(uintptr_t)words);
    perror(words[0]);
    _exit(127);
}

void worker_start(struct worker *w, struct entrance *public, unsigned n, const char *const *argv)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    pair[1] = move_high(pair[1]);
    for (unsigned i = 0; i < n; i++)
        entrance_open(&w->private[i], "127.0.0.1");
    w->n_entrances = n;
    w->control = pair[0];
    w->pid = fork();
    if (w->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* when a test fails */
        dup2(pair[1], FIRST_FD);
        for (unsigned i = 0; i < n; i++) {
            dup2(public[i].fd, FIRST_FD + 1 + 2 * (int)i);
            dup2(w->private[i].fd, FIRST_FD + 2 + 2 * (int)i);
        }
        set_environment(argv[0], public, n);
        exec_program(argv, &public[0]);
    }
    assert_true(w->pid > 0);
    close(pair[1]);
}

void worker_send(struct worker *w, enum vk_handover_kind kind)
{
    struct vk_handover_message m = {.kind = (uint8_t)kind};
    assert_int_equal(send(w->control, &m, sizeof m, MSG_NOSIGNAL), sizeof m);
}

static struct vk_handover_message next_message(struct worker *w)
{
    struct vk_handover_message m = {0};
    struct pollfd p = {.fd = w->control, .events = POLLIN};
    if (poll(&p, 1, DEADLINE_MS) != 1)
        fail_msg("the worker says nothing");
    assert_int_equal(recv(w->control, &m, sizeof m, 0), sizeof m);
    return m;
}

void worker_expect(struct worker *w, enum vk_handover_kind kind, unsigned listener, unsigned value)
{
    struct vk_handover_message m = next_message(w);
    if (m.kind != kind || m.listener != listener || m.value != value)
        fail_msg("expected %c %u %u, got %c %u %u", (char)kind, listener, value, m.kind, m.listener,
            m.value);
}

void worker_expect_silence(struct worker *w)
{
    struct pollfd p = {.fd = w->control, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 0), 0);
}

void worker_expect_taken(struct worker *w, unsigned n)
{
    unsigned seen = 0;
    worker_expect(w, VK_HANDOVER_HELLO, 0, VK_HANDOVER_VERSION);
    for (unsigned i = 0; i < n; i++) {
        struct vk_handover_message m = next_message(w);
        assert_int_equal(m.kind, VK_HANDOVER_TAKEN);
        seen |= 1U << m.listener;
    }
    assert_int_equal(seen, ((1U << n) - 1) << 1);
}

void worker_activate(struct worker *w)
{
    worker_send(w, VK_HANDOVER_ACTIVATE);
    worker_expect(w, VK_HANDOVER_ACTIVE, 0, 0);
}

void worker_pause(struct worker *w)
{
    worker_send(w, VK_HANDOVER_PAUSE);
    worker_expect(w, VK_HANDOVER_PAUSED, 0, 0);
}

uint64_t worker_cpu_ns(const struct worker *w)
{
    clockid_t clock;
    struct timespec t;
    assert_int_equal(clock_getcpuclockid(w->pid, &clock), 0);
    assert_int_equal(clock_gettime(clock, &t), 0);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

void worker_end(struct worker *w)
{
    int status = 0;
    kill(w->pid, SIGKILL);
    assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
    if (!WIFSIGNALED(status))
        fail_msg("the worker had ended before, with status %#x", (unsigned)status);
    if (w->control >= 0)
        close(w->control);
    for (unsigned i = 0; i < w->n_entrances; i++)
        entrance_close(&w->private[i]);
}

int caller_try(const struct entrance *e)
{
    struct sockaddr_storage name;
    socklen_t length = address_of(e, &name);
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&name, length) == 0)
        return fd;
    close(fd);
    return -1;
}

int caller_connect(const struct entrance *e)
{
    int fd = caller_try(e);
    assert_true(fd >= 0);
    return fd;
}

int caller_ask(const struct entrance *e, const char *path)
{
    char request[256];
    int fd = caller_connect(e);
    int n = snprintf(
        request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
    assert_int_equal(send(fd, request, (size_t)n, MSG_NOSIGNAL), n);
    return fd;
}

bool caller_has_answer(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

const char *caller_answer(int fd, bool head)
{
    static char answer[ANSWER_MAX];
    size_t length = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (;;) {
        if (poll(&p, 1, DEADLINE_MS) != 1)
            fail_msg("a caller gets no answer");
        ssize_t n = recv(fd, answer + length, sizeof answer - 1 - length, 0);
        assert_true(n >= 0);
        if (n == 0)
            break;
        length += (size_t)n;
    }
    close(fd);
    answer[length] = '\0';
    char *body = strstr(answer, "\r\n\r\n");
    assert_non_null(body);
    return head ? answer : body + 4;
}

const char *caller_fetch(const struct entrance *e, const char *path)
{
    return caller_answer(caller_ask(e, path), false);
}
