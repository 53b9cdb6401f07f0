/* See said.h. */
#include "daemon/workers/said.h"

#include "base/text.h"
#include "daemon/workers/environment.h"
#include "io/child/child.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct said {
    struct worker_notify *socket;
    usec_t watchdog;
    struct strbuf status;
    int error;
    void (*on_wish)(const struct notify_wish *wish, void *arg);
    void *arg;
};

static void on_message(const struct notify_message *m, void *arg)
{
    struct said *s = arg;
    if (m->status) {
        strbuf_reset(&s->status);
        text_escape(&s->status, m->status, m->status_len, LIMIT_NOTIFY_STATUS);
    }
    if (m->has_error)
        s->error = m->error;
    if (!notify_wish_is_empty(&m->wish))
        s->on_wish(&m->wish, s->arg);
}

/* Where the control socket is we may write, and it is nobody else's. Returns owned or NULL. */
static char *runtime_directory(const struct config *config)
{
    const char *path = config->admin.control_socket;
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash && slash > path ? strndup(path, (size_t)(slash - path)) : NULL;
}

void said_sweep(const struct config *config)
{
    char *directory = runtime_directory(config);
    if (directory)
        worker_notify_sweep(directory);
    free(directory);
}

static struct said *said_alloc(const struct config *config,
    void (*on_wish)(const struct notify_wish *wish, void *arg), void *arg, struct err *e)
{
    struct said *s = calloc(1, sizeof *s);
    if (!s) {
        err_sys(e, -ENOMEM, "preparing the worker's notify socket");
        return NULL;
    }
    s->watchdog = config->agent.watchdog;
    s->on_wish = on_wish;
    s->arg = arg;
    return s;
}

/* Without a socket it is nothing. */
static struct said *said_with(struct said *s, struct worker_notify *socket)
{
    s->socket = socket;
    if (socket)
        return s;
    free(s);
    return NULL;
}

struct said *said_new(struct loop *l, const struct config *config,
    void (*on_wish)(const struct notify_wish *wish, void *arg), void *arg, struct err *e)
{
    struct said *s = said_alloc(config, on_wish, arg, e);
    if (!s)
        return NULL;
    char *directory = runtime_directory(config);
    const struct worker_notify_spec spec = {.loop = l,
        .directory = directory,
        .user = config->agent.user,
        .on_message = on_message,
        .arg = s};
    s = said_with(s, worker_notify_new(&spec, e));
    free(directory);
    return s;
}

struct said *said_adopt(struct loop *l, const struct config *config, int fd, pid_t main_pid,
    void (*on_wish)(const struct notify_wish *wish, void *arg), void *arg, struct err *e)
{
    struct said *s = said_alloc(config, on_wish, arg, e);
    if (!s) {
        close(fd);
        return NULL;
    }
    const struct worker_notify_spec spec = {.loop = l, .on_message = on_message, .arg = s};
    s = said_with(s, worker_notify_adopt(&spec, fd, e));
    if (s)
        said_started(s, main_pid);
    return s;
}

int said_add_environment(const struct said *s, struct strlist *env, char **out_pid_text)
{
    /* As long as any process id. */
    static const char room[] = "00000000000";
    char usec[24];
    *out_pid_text = NULL;
    if (!environment_put(env, "NOTIFY_SOCKET", worker_notify_address(s->socket)))
        return -ENOMEM;
    if (s->watchdog == 0)
        return 0;
    snprintf(usec, sizeof usec, "%" PRIu64, s->watchdog);
    if (!environment_put(env, "WATCHDOG_USEC", usec))
        return -ENOMEM;
    char *entry = environment_put(env, "WATCHDOG_PID", room);
    if (!entry)
        return -ENOMEM;
    *out_pid_text = entry + strlen("WATCHDOG_PID=");
    return 0;
}

void said_started(struct said *s, pid_t main_pid)
{
    worker_notify_listen(s->socket, main_pid);
}

void said_hear(struct said *s)
{
    worker_notify_hear(s->socket);
}

void said_ended(struct said *s)
{
    worker_notify_end(s->socket);
}

void said_free(struct said *s)
{
    if (!s)
        return;
    worker_notify_free(s->socket);
    strbuf_fini(&s->status);
    free(s);
}

usec_t said_watchdog(const struct said *s)
{
    return s->watchdog;
}

const char *said_status(const struct said *s)
{
    return s ? strbuf_text(&s->status) : "";
}

int said_error(const struct said *s)
{
    return s->error;
}

uint64_t said_ignored(const struct said *s)
{
    return worker_notify_ignored(s->socket);
}

struct worker_notify *said_socket(const struct said *s)
{
    return s->socket;
}
