/*
 * Redis, step by step, on a connection of the doctor's own.
 *
 *   name → connect → login → PINGs → INFO → MULTI → each command that voxkeeper needs → close
 *
 * Behind MULTI a command is checked against our rights and the server's state, and queued; the
 * transaction is never executed, and ends with the connection.
 */
#include "daemon/doctor/doctor_probe.h"

#include "core/redis_error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_TIME (3 * USEC_PER_SEC)

static void finish(struct doctor_probe *p)
{
    struct doctor *d = p->doctor;
    d->probe = NULL;
    doctor_probe_free(p);
    doctor_part_done(d);
}

/* Allowed in every callback: what is left goes with the next turn. */
void doctor_probe_end(struct doctor_probe *p)
{
    p->over = true;
    timer_arm(p->timer, loop_now());
}

static void fail(struct doctor_probe *p, const char *why)
{
    if (p->over)
        return;
    snprintf(p->out->why, sizeof p->out->why, "%.255s", why);
    doctor_probe_end(p);
}

static usec_t step(struct doctor_probe *p, enum doctor_redis_step next)
{
    usec_t took = usec_sub(loop_now(), p->step_began);
    p->step_began = loop_now();
    p->out->step = next;
    timer_arm(p->timer, usec_add(p->step_began, STEP_TIME));
    return took;
}

static void fail_reply(struct doctor_probe *p, const struct redis_value *reply)
{
    char why[256];
    enum redis_error error = redis_error_class(reply->str, reply->len);
    snprintf(why, sizeof why, "%.*s", (int)(reply->len < 200 ? reply->len : 200), reply->str);
    if (error == REDIS_E_NOAUTH)
        p->out->step = DOCTOR_REDIS_STEP_LOGIN;
    p->out->loading = error == REDIS_E_LOADING;
    fail(p, why);
}

/* ---- the way there ---- */

static void on_info(const struct redis_value *reply, void *arg)
{
    struct doctor_probe *p = arg;
    if (!reply || p->over)
        return;
    p->out->step = DOCTOR_REDIS_STEP_DONE;
    if (reply->type == REDIS_STRING)
        doctor_redis_info(reply->str, p->out);
    else
        doctor_rights_missing(p, "+info");
    redis_conn_send(p->conn, 1, (const char *const[]){"MULTI"}, NULL, doctor_rights_on_multi, p);
}

static void on_pong(const struct redis_value *reply, void *arg)
{
    struct doctor_probe *p = arg;
    if (!reply || p->over)
        return;
    bool refused = reply->type == REDIS_ERROR;
    if (refused && redis_error_class(reply->str, reply->len) != REDIS_E_NOPERM &&
        redis_error_class(reply->str, reply->len) != REDIS_E_MISCONF) {
        fail_reply(p, reply);
        return;
    }
    if (refused && redis_error_class(reply->str, reply->len) == REDIS_E_NOPERM)
        doctor_rights_missing(p, "+ping");
    p->out->pings[p->pings] = step(p, DOCTOR_REDIS_STEP_PING);
    if (++p->pings < DOCTOR_PINGS)
        redis_conn_send(p->conn, 1, (const char *const[]){"PING"}, NULL, on_pong, p);
    else
        redis_conn_send(p->conn, 2, (const char *const[]){"INFO", "everything"}, NULL, on_info, p);
}

static void on_login_failed(const char *what, const struct redis_value *reply, void *arg)
{
    struct doctor_probe *p = arg;
    char why[256];
    if (p->over)
        return;
    if (reply->type == REDIS_ERROR &&
        redis_error_class(reply->str, reply->len) == REDIS_E_LOADING) {
        p->out->step = DOCTOR_REDIS_STEP_PING;
        fail_reply(p, reply);
        return;
    }
    p->out->step = DOCTOR_REDIS_STEP_LOGIN;
    snprintf(why, sizeof why, "%s: %.*s", what, (int)(reply->len < 200 ? reply->len : 200),
        reply->type == REDIS_ERROR ? reply->str : "it answered with something else");
    fail(p, why);
}

static void on_open(void *arg)
{
    struct doctor_probe *p = arg;
    struct err e = {0};
    if (p->over)
        return;
    p->out->connected = step(p, DOCTOR_REDIS_STEP_PING);
    int r = redis_handshake_send(p->conn, &p->login, &e);
    if (r < 0 && r != -ENOTCONN) {
        p->out->step = DOCTOR_REDIS_STEP_LOGIN;
        fail(p, e.msg);
        return;
    }
    redis_conn_send(p->conn, 1, (const char *const[]){"PING"}, NULL, on_pong, p);
}

static void on_lost(const char *why, void *arg)
{
    struct doctor_probe *p = arg;
    bool more = p->out->step == DOCTOR_REDIS_STEP_CONNECT && p->next_address < p->found.n;
    if (p->over || more)
        return;
    if (p->out->step == DOCTOR_REDIS_STEP_CONNECT)
        p->out->connected = usec_sub(loop_now(), p->step_began);
    if (redis_error_class(why, strlen(why)) == REDIS_E_NOAUTH)
        p->out->step = DOCTOR_REDIS_STEP_LOGIN; /* protected mode */
    fail(p, why[0] ? why : "the connection was lost");
}

static void connect_next(struct doctor_probe *p);

static void on_closed(void *arg)
{
    struct doctor_probe *p = arg;
    p->conn = NULL;
    if (!p->over)
        connect_next(p);
}

static void connect_next(struct doctor_probe *p)
{
    static const struct redis_conn_events events = {on_open, on_lost, on_closed};
    struct err e = {.msg = "there is no address"};
    while (!p->conn && p->next_address < p->found.n) {
        const char *ip = p->found.address[p->next_address++];
        p->conn = redis_conn_open(p->doctor->spec.loop, p->url.is_unix ? p->url.path : NULL, ip,
            p->url.port, &events, p, &e);
    }
    if (!p->conn)
        fail(p, e.msg);
}

static void on_resolved(const struct resolve_result *result, void *arg)
{
    struct doctor_probe *p = arg;
    p->resolve = NULL;
    if (p->over)
        return;
    if (result->n == 0) {
        p->out->resolved = usec_sub(loop_now(), p->step_began);
        fail(p, result->why);
        return;
    }
    p->out->resolved = step(p, DOCTOR_REDIS_STEP_CONNECT);
    p->found = *result;
    connect_next(p);
}

/* A step took too long; or all is said, and the rest goes. */
static void on_due(void *arg)
{
    struct doctor_probe *p = arg;
    char span[SPAN_TEXT_MAX];
    if (!p->over) {
        p->out->timed_out = true;
        snprintf(
            p->out->why, sizeof p->out->why, "no answer within %s", span_format(STEP_TIME, span));
        if (p->out->step == DOCTOR_REDIS_STEP_DNS)
            p->out->resolved = STEP_TIME;
        else if (p->out->step == DOCTOR_REDIS_STEP_CONNECT)
            p->out->connected = STEP_TIME;
    }
    finish(p);
}

static void begin(struct doctor_probe *p)
{
    struct err e = {0};
    p->step_began = loop_now();
    step(p, DOCTOR_REDIS_STEP_DNS);
    if (p->url.is_unix || resolve_is_numeric(p->url.host)) {
        step(p, DOCTOR_REDIS_STEP_CONNECT);
        p->found.n = 1;
        snprintf(p->found.address[0], RESOLVE_TEXT_MAX, "%.*s", RESOLVE_TEXT_MAX - 1, p->url.host);
        connect_next(p);
        return;
    }
    p->resolve = resolve_new(p->doctor->spec.loop, p->url.host, on_resolved, p, &e);
    if (!p->resolve)
        fail(p, e.msg);
}

struct doctor_probe *doctor_probe_new(struct doctor *d)
{
    const struct config *c = d->spec.config;
    struct err e = {0};
    struct doctor_probe *p = c->redis.url ? calloc(1, sizeof *p) : NULL;
    if (!p)
        return NULL;
    if (redis_url_parse(c->redis.url, &p->url, &e) < 0) {
        free(p);
        return NULL;
    }
    p->doctor = d;
    p->out = &d->redis;
    if (c->redis.username)
        snprintf(p->url.username, sizeof p->url.username, "%s", c->redis.username);
    if (c->redis.password_credential)
        p->password_file = strdup(c->redis.password_credential);
    p->login = (struct redis_login){
        p->url.username, p->url.password, p->password_file, p->url.db, on_login_failed, p};
    redis_url_address(&p->url, p->out->address);
    redis_url_cli(&p->url, p->out->cli);
    snprintf(p->out->host, sizeof p->out->host, "%s", p->url.host);
    snprintf(p->out->user, sizeof p->out->user, "%.127s", p->url.username);
    doctor_rights_begin(p, c);
    p->timer = timer_new(d->spec.loop, on_due, p);
    d->waiting++;
    begin(p);
    return p;
}

void doctor_probe_free(struct doctor_probe *p)
{
    if (!p)
        return;
    p->over = true;
    resolve_free(p->resolve);
    redis_conn_free(p->conn);
    timer_free(p->timer);
    free(p->password_file);
    explicit_bzero(&p->url, sizeof p->url);
    free(p);
}
