/* A loop that turns until something holds, and a real redis-server of the test's own. */
#pragma once

#include "cmocka_all.h"

#include "io/loop/loop.h"
#include "io/loop/loop_uv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RIG_DEADLINE_SEC = 20, RIG_ARGS_MAX = 40 };

/* ---- turning the loop ---- */

static inline void rig_on_deadline(void *arg)
{
    *(bool *)arg = true;
}

/* Turns the loop until `done(arg)`; false when the deadline came first. */
static inline bool rig_turn(struct loop *l, bool (*done)(void *arg), void *arg, usec_t within)
{
    bool late = false;
    struct timer *t = timer_new(l, rig_on_deadline, &late);
    timer_arm(t, loop_now() + within);
    while (!done(arg) && !late)
        uv_run(loop_uv(l), UV_RUN_ONCE);
    timer_free(t);
    return done(arg);
}

#define rig_wait(l, done, arg)                                                                     \
    do {                                                                                           \
        if (!rig_turn(l, done, arg, RIG_DEADLINE_SEC * USEC_PER_SEC))                              \
            fail_msg("waited in vain for " #done);                                                 \
    } while (0)

/* ---- redis-server ---- */

struct rig_redis {
    char dir[80]; /* the socket's path must fit into a sockaddr_un */
    char socket[100];
    char url[120];
    pid_t pid;
};

static inline void rig_redis_exec(const struct rig_redis *r, const char *const *extra)
{
    const char *argv[RIG_ARGS_MAX] = {"redis-server", "--port", "0", "--unixsocket", r->socket,
        "--dir", r->dir, "--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel",
        "warning", "--logfile", "redis.log", "--enable-debug-command", "yes"};
    int n = 19;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when the test itself is killed */
    while (extra && *extra && n < RIG_ARGS_MAX - 1)
        argv[n++] = *extra++;
    execvp(argv[0], (char *const *)argv);
    perror("redis-server");
    _exit(127);
}

/* A port that was free a moment ago, for what cannot do without: replication, the cluster's bus. */
static inline void rig_free_port(char port[8])
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof addr;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    close(fd);
    snprintf(port, 8, "%d", ntohs(addr.sin_port));
}

/* Connects synchronously, for setting up and looking; NULL when nobody listens. */
static inline redisContext *rig_redis_try(const struct rig_redis *r)
{
    redisContext *c = redisConnectUnix(r->socket);
    if (c && c->err) {
        redisFree(c);
        c = NULL;
    }
    return c;
}

static inline redisContext *rig_redis_connect(const struct rig_redis *r)
{
    for (int i = 0; i < RIG_DEADLINE_SEC * 200; i++) {
        redisContext *c = rig_redis_try(r);
        if (c)
            return c;
        assert_int_equal(waitpid(r->pid, NULL, WNOHANG), 0);
        usleep(5000); /* redis tells nobody when it listens */
    }
    fail_msg("redis-server does not listen on %s", r->socket);
    return NULL;
}

static inline void rig_redis_start(struct rig_redis *r, const char *const *extra)
{
    r->pid = fork();
    assert_true(r->pid >= 0);
    if (r->pid == 0)
        rig_redis_exec(r, extra);
    redisFree(rig_redis_connect(r));
}

static inline void rig_redis_init(struct rig_redis *r)
{
    memset(r, 0, sizeof *r);
    const char *tmp = getenv("TMPDIR");
    snprintf(r->dir, sizeof r->dir, "%s/voxkeeper-redis-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(r->dir));
    snprintf(r->socket, sizeof r->socket, "%s/s", r->dir);
    snprintf(r->url, sizeof r->url, "unix://%s", r->socket);
}

static inline void rig_redis_stop(struct rig_redis *r)
{
    if (r->pid <= 0)
        return;
    kill(r->pid, SIGKILL);
    waitpid(r->pid, NULL, 0);
    unlink(r->socket);
    r->pid = 0;
}

static inline void rig_redis_fini(struct rig_redis *r)
{
    rig_redis_stop(r);
    static const char *const files[] = {"redis.log", "dump.rdb", "password"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", r->dir, files[i]);
        unlink(path);
    }
    rmdir(r->dir);
}

/* Runs one command; the caller frees the reply. An error reply fails the test. */
static inline redisReply *rig_redis_do(redisContext *c, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    redisReply *reply = redisvCommand(c, format, ap);
    va_end(ap);
    if (!reply)
        fail_msg("%s: %s", format, c->errstr);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", format, reply->str);
    return reply;
}

#define rig_redis_run(...) freeReplyObject(rig_redis_do(__VA_ARGS__))

static inline long long rig_redis_int(redisContext *c, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    redisReply *reply = redisvCommand(c, format, ap);
    va_end(ap);
    assert_non_null(reply);
    if (reply->type != REDIS_REPLY_INTEGER)
        fail_msg("%s: no number: %s", format, reply->str ? reply->str : "?");
    long long value = reply->integer;
    freeReplyObject(reply);
    return value;
}
