/*
 * A day of voxkeeperd in which one call fails: start, worker, probe, status, reload, stop. Each
 * place that makes a fallible call has its turn. Whatever fails, it ends, not by a signal, leaves
 * no process behind, and says why it ended badly.
 */
#include "lib/scratch.h"
#include "loop/canned.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

/* Places are dealt out to so many processes. */
enum { RUNNERS = 4, PLACES_MAX = 8192, MUTE_MS = 3000, DEADLINE_MS = 15000 };

static const char *program; /* a voxkeeperd with daemon_shim.c */
static struct canned health = {.answer = "HTTP/1.0 200 OK\r\n\r\nfine"};

struct day {
    struct scratch scratch;
    pid_t pid;
    int stderr_fd;
    char said[256 * 1024];
    size_t said_len;
    bool ended; /* nobody writes to its stderr any more */
    char place[64];
};

static long now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void bad(struct day *d, const char *what)
{
    fprintf(stderr, "%s: %s; its output:\n%s\n", d->place, what, d->said);
    if (d->pid > 0)
        kill(d->pid, SIGKILL);
    scratch_fini(&d->scratch);
    _exit(1);
}

/* Reads its words until one of them is there; false if it ended first, or said nothing of it. */
static bool hear(struct day *d, const char *part, long patience_ms)
{
    long deadline = now_ms() + patience_ms;
    while (!strstr(d->said, part) && !d->ended) {
        struct pollfd p = {.fd = d->stderr_fd, .events = POLLIN};
        if (now_ms() > deadline)
            return false;
        if (poll(&p, 1, 100) <= 0)
            continue;
        ssize_t n = read(d->stderr_fd, d->said + d->said_len, sizeof d->said - 1 - d->said_len);
        d->ended = n <= 0;
        d->said_len += n > 0 ? (size_t)n : 0;
        d->said[d->said_len] = '\0';
    }
    return strstr(d->said, part) != NULL;
}

static void configure(struct day *d, const char *more)
{
    char text[1024];
    snprintf(text, sizeof text,
        "[Agent]\nExecStart=/bin/sleep 1000\nTimeoutStopSec=100ms\n"
        "[Health]\nUrl=%s\nTimeout=5s\nRise=1\nInterval=100ms\nStartInterval=10ms\n"
        "FastInterval=10ms\n"
        "[Restart]\nDelay=1ms\nMaxDelay=10ms\n[Drain]\nLinger=0\nCountInterval=100ms\nTimeout=1s\n"
        "[Admin]\nListen=\nStateDirectory=%s/state\nControlSocket=%s/s\n%s",
        health.url, d->scratch.dir, d->scratch.dir, more);
    scratch_write(&d->scratch, "v.conf", text);
}

static void start(struct day *d, const char *variable, const char *value)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    d->pid = fork();
    if (d->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setenv(variable, value, 1);
        dup2(ends[1], 2);
        execl(program, program, "--config", scratch_path(&d->scratch, "v.conf"), NULL);
        _exit(127);
    }
    close(ends[1]);
    d->stderr_fd = ends[0];
}

/* Whatever comes of it, also nothing. */
static void ask(struct day *d, const char *request)
{
    char answer[4096];
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = 15};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(un.sun_path, sizeof un.sun_path, "%s/s", d->scratch.dir);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&un, sizeof un) == 0 &&
        send(fd, request, strlen(request), MSG_NOSIGNAL) > 0) {
        ssize_t n;
        while ((n = recv(fd, answer, sizeof answer, 0)) > 0)
            continue;
        if (n < 0 && errno == EAGAIN)
            bad(d, "a request was never answered");
    }
    close(fd);
}

/* Returns whether it had its chance to end its workers. */
static bool judge_end(struct day *d, int status)
{
    bool aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    /* timer_new() and sweeper_new() say that they abort when memory is out; nobody else may. */
    if (aborted && strcmp(d->place, "calloc") == 0 && !strstr(d->said, "Assertion"))
        return false;
    if (WIFSIGNALED(status)) {
        char what[64];
        snprintf(what, sizeof what, "ended by signal %d", WTERMSIG(status));
        bad(d, what);
    }
    if (WEXITSTATUS(status) != 0 && d->said_len == 0)
        bad(d, "ended badly without a word");
    return true;
}

/* Workers of one that aborted, told or not yet. Its keeper ends by itself, without them. */
static void kill_the_rest(void)
{
    char path[64];
    char line[256];
    int pid;
    FILE *children = fopen("/proc/thread-self/children", "re");
    while (children && fscanf(children, "%d", &pid) == 1) {
        snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
        FILE *command = fopen(path, "re");
        size_t n = command ? fread(line, 1, sizeof line, command) : 0;
        if (!memmem(line, n, "--keeper", strlen("--keeper")))
            kill(pid, SIGKILL);
        if (command)
            fclose(command);
    }
    if (children)
        fclose(children);
}

/* We are the reaper of what it leaves behind: nothing, unless it aborted. Workers outlive that. */
static void judge_remains(struct day *d, bool may_remain)
{
    pid_t pid;
    if (may_remain)
        kill_the_rest();
    long deadline = now_ms() + MUTE_MS;
    /* The keeper of one that ended before it could tell it to notices that by itself. */
    while ((pid = waitpid(-1, NULL, may_remain ? 0 : WNOHANG)) > 0 ||
           (pid == 0 && now_ms() < deadline))
        poll(NULL, 0, pid == 0 ? 5 : 0);
    if (pid == 0)
        bad(d, "a process was left behind");
}

static void spend(struct day *d, const char *variable, const char *value)
{
    int status = 0;
    d->said_len = 0;
    d->said[0] = '\0';
    d->ended = false;
    scratch_init(&d->scratch);
    configure(d, "");
    start(d, variable, value);
    /* Without memory for its log it is mute, but there. */
    if (hear(d, "\"daemon-ready\"", MUTE_MS) || !d->ended) {
        ask(d, "GET /api/v1/status HTTP/1.0\r\n\r\n");
        configure(d, "[Restart]\nJitter=77%\n");
        ask(d, "POST /api/v1/reload HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}");
        kill(d->pid, SIGTERM);
    }
    hear(d, "nothing that is ever said: until its end", DEADLINE_MS);
    if (!d->ended)
        bad(d, "does not end");
    if (waitpid(d->pid, &status, 0) != d->pid)
        bad(d, "lost");
    d->pid = 0;
    judge_remains(d, !judge_end(d, status));
    close(d->stderr_fd);
    scratch_fini(&d->scratch);
}

struct place {
    char id[17];
    char name[47];
};

static struct place places[PLACES_MAX];
static unsigned n_places;

static void find_places(void)
{
    static struct day d;
    struct scratch s;
    scratch_init(&s);
    spend(&d, "FAULT_LIST", scratch_path(&s, "list"));
    FILE *f = fopen(scratch_path(&s, "list"), "re");
    assert_non_null(f);
    while (n_places < PLACES_MAX &&
           fscanf(f, "%16s %46s", places[n_places].id, places[n_places].name) == 2)
        n_places++;
    fclose(f);
    scratch_fini(&s);
}

static pid_t run_share(unsigned runner)
{
    static struct day d;
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (unsigned i = runner; i < n_places; i += RUNNERS) {
        snprintf(d.place, sizeof d.place, "%s", places[i].name);
        spend(&d, "FAULT_ID", places[i].id);
    }
    _exit(0);
}

static void every_place_has_its_turn(void **state)
{
    (void)state;
    pid_t runners[RUNNERS];
    find_places();
    assert_true(n_places > 100);
    static const char *const expected[] = {"malloc", "calloc", "strdup", "cJSON", "socket", "bind",
        "pipe2", "open", "uv_loop_init", "uv_signal_start", "child_clone3"};
    for (size_t e = 0; e < sizeof expected / sizeof *expected; e++) {
        unsigned i = 0;
        while (i < n_places && strcmp(places[i].name, expected[e]) != 0)
            i++;
        if (i == n_places)
            fail_msg("%s is never called", expected[e]);
    }
    bool well = true;
    for (unsigned i = 0; i < RUNNERS; i++)
        runners[i] = run_share(i);
    for (unsigned i = 0; i < RUNNERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(runners[i], &status, 0), runners[i]);
        well = well && status == 0;
    }
    printf("%u places\n", n_places);
    assert_true(well);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_place_has_its_turn)};
    assert_int_equal(argc, 2);
    program = argv[1];
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    canned_start(&health);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    canned_stop(&health);
    return failed;
}
