/* A whole daemon on its own loop, asked over its real control socket. */
#pragma once

#include "canned.h"
#include "daemon/daemon.h"
#include "daemon/verbs/operation.h"
#include "daemon/workers/load.h"
#include "daemon/workers/supervisor.h"
#include "lib/scratch.h"
#include "lib/witness.h"
#include "offspring.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

struct daemon_rig {
    struct daemon d;
    struct pump pump; /* on the daemon's loop */
    struct canned health;
    struct scratch scratch;
    char config_path[160];
    const char *wanted;
};

struct daemon_rig_answer {
    int fd;
    bool ended;
    int status;
    char text[256 * 1024];
    size_t len;
    const char *body;
};

/* Writes the configuration: one worker, quick probes, `more` at the end. */
static inline void daemon_rig_configure(struct daemon_rig *r, const char *exec, const char *more)
{
    char text[4096];
    snprintf(text, sizeof text,
        "[Agent]\nExecStart=%s\nTimeoutStopSec=10s\n"
        "[Health]\nUrl=%s\nTimeout=20s\nRise=1\nFall=2\nInterval=100ms\nStartInterval=10ms\n"
        "FastInterval=10ms\n"
        "[Restart]\nDelay=10ms\nMaxDelay=20ms\n"
        "[Drain]\nLinger=0\nCountInterval=100ms\nWaitFor=\n"
        "[Admin]\nListen=\nStateDirectory=%s/state\nControlSocket=%s/s\n%s",
        exec, r->health.url, r->scratch.dir, r->scratch.dir, more);
    scratch_write(&r->scratch, "v.conf", text);
}

static inline bool daemon_rig_heard(void *arg)
{
    return witness_heard(((struct daemon_rig *)arg)->wanted);
}

static inline void daemon_rig_hear(struct daemon_rig *r, const char *part)
{
    r->wanted = part;
    if (!pump_try(&r->pump, daemon_rig_heard, r, 20 * USEC_PER_SEC))
        fail_msg("\"%s\" was not told, but\n%s", part, strbuf_text(&witness_text));
}

/* Before daemon_rig_start(): somewhere to write to and somebody to answer the probes. */
static inline void daemon_rig_init(struct daemon_rig *r)
{
    memset(r, 0, sizeof *r);
    r->health.answer = "HTTP/1.0 200 OK\r\n\r\nfine";
    witness_begin();
    scratch_init(&r->scratch);
    assert_int_equal(chmod(r->scratch.dir, 0755), 0);
    canned_start(&r->health);
    snprintf(r->config_path, sizeof r->config_path, "%s/v.conf", r->scratch.dir);
}

/* With its worker verified. */
static inline void daemon_rig_start(struct daemon_rig *r)
{
    struct err e = {0};
    struct config *config = NULL;
    struct strbuf complaints = STRBUF_INIT;
    if (load_config(r->config_path, &config, &complaints) < 0)
        fail_msg("%s", strbuf_text(&complaints));
    const struct daemon_start start = {
        .config_path = r->config_path, .config = config, .complaints = ""};
    if (daemon_init(&r->d, &start, &e) < 0)
        fail_msg("%s", e.msg);
    log_set_max_level(LOG_LEVEL_DEBUG);
    r->pump = (struct pump){.loop = r->d.loop};
    r->pump.tick = timer_new(r->d.loop, pump_on_tick, &r->pump);
    supervisor_start(r->d.supervisor);
    daemon_rig_hear(r, "daemon-ready|");
    strbuf_reset(&witness_text);
}

static inline bool daemon_rig_none_left(void *arg)
{
    struct daemon_rig *r = arg;
    return supervisor_fleet(r->d.supervisor)->n_slots == 0;
}

static inline void daemon_rig_fini(struct daemon_rig *r)
{
    supervisor_kill(r->d.supervisor);
    pump_until(&r->pump, daemon_rig_none_left, r);
    pump_until(&r->pump, offspring_gone, NULL);
    timer_free(r->pump.tick);
    daemon_fini(&r->d);
    canned_stop(&r->health);
    scratch_fini(&r->scratch);
    witness_end();
}

static inline bool daemon_rig_answered(void *arg)
{
    struct daemon_rig_answer *a = arg;
    while (!a->ended) {
        ssize_t n = recv(a->fd, a->text + a->len, sizeof a->text - 1 - a->len, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            break;
        a->ended = n <= 0;
        a->len += n > 0 ? (size_t)n : 0;
    }
    return a->ended;
}

/* One request; the answer is static. */
static inline const struct daemon_rig_answer *daemon_rig_ask(
    struct daemon_rig *r, const char *method, const char *path, const char *body)
{
    static struct daemon_rig_answer a;
    char request[2048];
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path, sizeof un.sun_path, "%s/s", r->scratch.dir);
    a = (struct daemon_rig_answer){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(connect(a.fd, (struct sockaddr *)&un, sizeof un), 0);
    int len = snprintf(request, sizeof request,
        "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
        method, path, body ? strlen(body) : 0, body ? body : "");
    assert_int_equal(send(a.fd, request, (size_t)len, MSG_NOSIGNAL), len);
    pump_until(&r->pump, daemon_rig_answered, &a);
    close(a.fd);
    a.text[a.len] = '\0';
    a.status = a.len > 12 ? atoi(a.text + 9) : 0;
    a.body = strstr(a.text, "\r\n\r\n");
    a.body = a.body ? a.body + 4 : "";
    return &a;
}

static inline bool daemon_rig_op_ended(void *arg)
{
    return !operation_running(arg);
}

/* Asks for a verb, which begins. */
static inline struct operation *daemon_rig_begin(
    struct daemon_rig *r, const char *path, const char *body)
{
    const struct daemon_rig_answer *a = daemon_rig_ask(r, "POST", path, body);
    if (a->status != 202)
        fail_msg("%s: %d %s", path, a->status, a->body);
    struct cJSON *o = cJSON_Parse(a->body);
    struct cJSON *id = cJSON_GetObjectItem(cJSON_GetObjectItem(o, "operation"), "id");
    struct operation *op = operation_find(r->d.operations, (uint64_t)id->valuedouble);
    cJSON_Delete(o);
    assert_non_null(op);
    return op;
}

/* Waits for its verdict: "done: message". Static. */
static inline const char *daemon_rig_verdict(struct daemon_rig *r, struct operation *op)
{
    static char verdict[2048];
    pump_until(&r->pump, daemon_rig_op_ended, op);
    struct cJSON *o = operation_json(op, 0);
    snprintf(verdict, sizeof verdict, "%s: %s", cJSON_GetObjectItem(o, "state")->valuestring,
        cJSON_GetObjectItem(o, "message")->valuestring);
    cJSON_Delete(o);
    return verdict;
}

static inline const char *daemon_rig_do(struct daemon_rig *r, const char *path, const char *body)
{
    return daemon_rig_verdict(r, daemon_rig_begin(r, path, body));
}

#define daemon_rig_must_say(text, part)                                                            \
    do {                                                                                           \
        const char *said_ = (text);                                                                \
        if (!strstr(said_, part))                                                                  \
            fail_msg("\"%s\" is not in\n%s", part, said_);                                         \
    } while (0)
