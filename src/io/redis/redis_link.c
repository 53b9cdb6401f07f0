/*
 * Our connection to Redis, kept alive for ever.
 *
 * One timer, armed for link_deadline(): the next retry, the end of an attempt, the next PING, or
 * the moment at which silence means that the connection is dead, as far as we were awake to hear.
 */
#include "io/redis/redis_link.h"

#include "base/text.h"
#include "core/redis_url.h"
#include "io/loop/patience.h"
#include "io/redis/redis_conn.h"
#include "io/redis/redis_handshake.h"
#include "io/redis/redis_policy.h"
#include "io/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct redis_link {
    struct loop *loop;
    struct redis_url url;
    char *password_file;
    struct redis_login login;
    usec_t connect_timeout, command_timeout, ping_interval;
    void (*on_state)(enum redis_link_state state, const char *why, void *arg);
    void *arg;

    enum redis_link_state state;
    char why[256];
    char address[REDIS_URL_TEXT_MAX];
    struct patience *timer;
    struct resolve *resolve; /* may outlast the attempt that began it */
    struct resolve_result found;
    int next_address;
    struct redis_conn *conn;
    bool attempting;               /* from the start of an attempt to the first PING's answer */
    bool opened;                   /* the connection under way was established */
    bool counted;                  /* and was up once */
    enum redis_link_state verdict; /* what the end of this connection means; DOWN by default */
    unsigned failures;             /* in a row */
    usec_t attempt_until, retry_at;
    usec_t ping_at;      /* the next one */
    usec_t ping_sent_at; /* USEC_INFINITY: none is on its way */
    usec_t ping_latency;
    uint64_t connects;
    struct redis_usage usage;
};

static void connect_next(struct redis_link *r);

/* *span: how long Redis has until then; 0: nothing is expected of it. */
static usec_t link_deadline(const struct redis_link *r, usec_t *span)
{
    *span = r->attempting && !r->opened ? r->connect_timeout : r->command_timeout;
    if (r->attempting)
        return r->attempt_until;
    usec_t since = r->conn ? redis_conn_waiting_since(r->conn) : USEC_INFINITY;
    usec_t ping = r->ping_sent_at == USEC_INFINITY ? r->ping_at : USEC_INFINITY;
    if (usec_add(since, *span) < ping)
        return usec_add(since, *span);
    *span = 0;
    return r->conn ? ping : r->retry_at;
}

static void rearm(struct redis_link *r)
{
    usec_t span;
    usec_t at = link_deadline(r, &span);
    patience_arm(r->timer, at, span);
}

/* The last thing a function does: the callback may free the link. */
static void set_state(struct redis_link *r, enum redis_link_state state, const char *why)
{
    bool changed = state != r->state || (state == REDIS_LINK_UP && strcmp(why, r->why) != 0);
    r->state = state;
    snprintf(r->why, sizeof r->why, "%.*s", (int)sizeof r->why - 1, why);
    text_blank_controls(r->why); /* it may come from the server, and goes to terminals */
    if (changed && r->on_state)
        r->on_state(state, r->why, r->arg);
}

/* Plans the next attempt. */
static void plan_retry(struct redis_link *r, enum redis_link_state state)
{
    r->attempting = false;
    r->retry_at = usec_add(loop_now(), redis_policy_retry(state, r->failures));
    r->failures++;
    rearm(r);
}

/* Ends the connection for what a reply said. */
static void give_up(struct redis_link *r, enum redis_link_state verdict, const char *what,
    const struct redis_value *v)
{
    char why[192];
    if (v->type == REDIS_ERROR)
        snprintf(why, sizeof why, "%s: %.*s", what, (int)v->len, v->str);
    else
        snprintf(why, sizeof why, "%s: it answered with something else", what);
    r->verdict = verdict;
    redis_conn_drop(r->conn, why);
}

static void on_handshake_failed(const char *what, const struct redis_value *reply, void *arg)
{
    struct redis_link *r = arg;
    enum redis_error error =
        reply->type == REDIS_ERROR ? redis_error_class(reply->str, reply->len) : REDIS_E_PROTOCOL;
    enum redis_link_state state = redis_policy_state(error);
    give_up(r, state == REDIS_LINK_UP ? REDIS_LINK_LOADING : state, what, reply);
}

static void on_pong(const struct redis_value *reply, void *arg)
{
    struct redis_link *r = arg;
    if (!reply)
        return; /* on_lost() told it */
    enum redis_error error = REDIS_E_NONE;
    if (reply->type == REDIS_ERROR)
        error = redis_error_class(reply->str, reply->len);
    else if (reply->type != REDIS_STATUS || strcmp(reply->str, "PONG") != 0)
        error = REDIS_E_PROTOCOL;
    enum redis_link_state state = redis_policy_state(error);
    if (state == REDIS_LINK_DOWN || state == REDIS_LINK_REFUSED) {
        give_up(r, state, "PING", reply);
        return;
    }
    usec_t now = loop_now();
    if (state == REDIS_LINK_UP) {
        r->connects += !r->counted;
        r->counted = true;
        r->failures = 0;
        r->ping_latency = usec_sub(now, r->ping_sent_at);
        histogram_add(&r->usage.pings, r->ping_latency);
    }
    r->attempting = false;
    r->ping_sent_at = USEC_INFINITY;
    r->ping_at =
        usec_add(now, state == REDIS_LINK_UP ? r->ping_interval : REDIS_POLICY_PING_LOADING);
    rearm(r);
    char why[sizeof r->why] = "";
    if (error != REDIS_E_NONE)
        snprintf(why, sizeof why, "%.*s", (int)reply->len, reply->str);
    set_state(r, state, why);
}

static void send_ping(struct redis_link *r)
{
    if (redis_conn_send(r->conn, 1, (const char *const[]){"PING"}, NULL, on_pong, r) == 0)
        r->ping_sent_at = loop_now();
}

static void on_open(void *arg)
{
    struct redis_link *r = arg;
    struct err e = {0};
    r->opened = true;
    int error = redis_handshake_send(r->conn, &r->login, &e);
    if (error < 0 && error != -ENOTCONN) {
        r->verdict = REDIS_LINK_REFUSED;
        redis_conn_drop(r->conn, e.msg);
        return;
    }
    /* Connected: what is left of the attempt is a matter of answering. */
    r->attempt_until = usec_add(loop_now(), r->command_timeout);
    rearm(r);
    send_ping(r);
}

static void on_lost(const char *why, void *arg)
{
    struct redis_link *r = arg;
    bool more = r->attempting && !r->opened && r->next_address < r->found.n &&
                loop_now() < r->attempt_until;
    if (more)
        return; /* on_closed() tries the next address */
    /* What Redis says without being asked, before it hangs up: protected mode, say. */
    if (r->verdict == REDIS_LINK_DOWN && redis_error_class(why, strlen(why)) == REDIS_E_NOAUTH)
        r->verdict = REDIS_LINK_REFUSED;
    plan_retry(r, r->verdict);
    set_state(r, r->verdict, why[0] ? why : "the connection was lost");
}

static void on_closed(void *arg)
{
    struct redis_link *r = arg;
    r->conn = NULL;
    if (r->attempting)
        connect_next(r);
    else
        rearm(r);
}

static void attempt_failed(struct redis_link *r, const char *why)
{
    plan_retry(r, REDIS_LINK_DOWN);
    set_state(r, REDIS_LINK_DOWN, why);
}

/* Opens to the next address; at the end of them the attempt has failed. */
static void connect_next(struct redis_link *r)
{
    static const struct redis_conn_events events = {on_open, on_lost, on_closed};
    struct err e = {.msg = "connect: there is no address"};
    r->counted = false;
    r->verdict = REDIS_LINK_DOWN;
    r->ping_sent_at = USEC_INFINITY;
    while (!r->conn && r->next_address < r->found.n) {
        const char *ip = r->found.address[r->next_address++];
        const char *path = r->url.is_unix ? r->url.path : NULL;
        r->conn = redis_conn_open(r->loop, path, ip, r->url.port, &events, r, &e);
    }
    if (!r->conn)
        attempt_failed(r, e.msg);
}

static void begin(struct redis_link *r)
{
    r->attempting = true;
    r->opened = false;
    r->attempt_until = usec_add(loop_now(), r->connect_timeout);
    r->next_address = 0;
    rearm(r);
}

static void on_resolved(const struct resolve_result *result, void *arg)
{
    struct redis_link *r = arg;
    r->resolve = NULL;
    if (result->n > 0) {
        /* It may come too late for the attempt that asked: then one begins with it. */
        if (!r->attempting)
            begin(r);
        r->found = *result;
        connect_next(r);
        return;
    }
    if (!r->attempting)
        return;
    char why[sizeof r->why];
    snprintf(why, sizeof why, "resolve host \"%.100s\": %s", r->url.host, result->why);
    attempt_failed(r, why);
}

static void attempt(struct redis_link *r)
{
    struct err e = {0};
    begin(r);
    if (r->url.is_unix || resolve_is_numeric(r->url.host)) {
        r->found.n = 1;
        snprintf(r->found.address[0], RESOLVE_TEXT_MAX, "%.*s", RESOLVE_TEXT_MAX - 1, r->url.host);
        connect_next(r);
        return;
    }
    if (r->resolve)
        return; /* the one of an earlier attempt is still under way: one thread at a time */
    r->resolve = resolve_new(r->loop, r->url.host, on_resolved, r, &e);
    if (!r->resolve)
        attempt_failed(r, e.msg);
}

/* Nothing came for `span`, all of which we heard. */
static void no_answer(struct redis_link *r, usec_t span)
{
    char why[sizeof r->why];
    char text[SPAN_TEXT_MAX];
    span_format(span, text);
    if (!r->conn) {
        snprintf(
            why, sizeof why, "resolve host \"%.100s\": no answer within %s", r->url.host, text);
        attempt_failed(r, why);
        return;
    }
    const char *what =
        r->opened ? "it does not answer: nothing came for" : "connect: no answer within";
    snprintf(why, sizeof why, "%s %s", what, text);
    r->next_address = r->found.n;
    redis_conn_drop(r->conn, why);
}

static void on_due(void *arg)
{
    struct redis_link *r = arg;
    usec_t span;
    if (loop_now() < link_deadline(r, &span)) {
        rearm(r);
    } else if (span > 0) {
        no_answer(r, span);
    } else if (!r->conn) {
        attempt(r);
    } else {
        send_ping(r);
        rearm(r);
    }
}

struct redis_link *redis_link_new(struct loop *l, const struct redis_link_conf *conf,
    void (*on_state)(enum redis_link_state state, const char *why, void *arg), void *arg,
    struct err *e)
{
    struct redis_url url;
    if (redis_url_parse(conf->url, &url, e) < 0)
        return NULL;
    struct redis_link *r = calloc(1, sizeof *r);
    if (r && conf->password_file)
        r->password_file = strdup(conf->password_file);
    if (!r || (conf->password_file && !r->password_file)) {
        free(r);
        err_sys(e, -ENOMEM, "set up the link to Redis");
        return NULL;
    }
    r->loop = l;
    r->url = url;
    if (conf->username)
        snprintf(r->url.username, sizeof r->url.username, "%s", conf->username);
    r->login = (struct redis_login){
        r->url.username, r->url.password, r->password_file, url.db, on_handshake_failed, r};
    r->connect_timeout = conf->connect_timeout;
    r->command_timeout = conf->command_timeout;
    r->ping_interval = conf->ping_interval;
    r->on_state = on_state;
    r->arg = arg;
    r->state = REDIS_LINK_CONNECTING;
    redis_url_address(&url, r->address);
    explicit_bzero(&url, sizeof url);
    r->timer = patience_new(l, on_due, r);
    rearm(r); /* for retry_at, which is past */
    return r;
}

enum redis_link_state redis_link_state(const struct redis_link *r)
{
    return r->state;
}

const char *redis_link_why(const struct redis_link *r)
{
    return r->why;
}

usec_t redis_link_ping_latency(const struct redis_link *r)
{
    return r->ping_latency;
}

uint64_t redis_link_connects(const struct redis_link *r)
{
    return r->connects;
}

struct redis_usage *redis_link_usage(struct redis_link *r)
{
    return &r->usage;
}

const char *redis_link_address(const struct redis_link *r)
{
    return r->address;
}

void redis_link_retry(struct redis_link *r)
{
    if (r->conn || r->attempting)
        return;
    r->retry_at = 0;
    rearm(r);
}

int redis_link_command(struct redis_link *r, int argc, const char *const *argv,
    const size_t *argv_len, redis_reply_fn *on_reply, void *arg)
{
    if (!r->conn || (r->state != REDIS_LINK_UP && r->state != REDIS_LINK_LOADING))
        return -ENOTCONN;
    int error = redis_conn_send(r->conn, argc, argv, argv_len, on_reply, arg);
    usec_t span;
    if (error == 0 && link_deadline(r, &span) < patience_at(r->timer))
        rearm(r);
    return error;
}

void redis_link_flush(struct redis_link *r)
{
    redis_conn_flush(r->conn);
}

void redis_link_free(struct redis_link *r)
{
    if (!r)
        return;
    patience_free(r->timer);
    resolve_free(r->resolve);
    redis_conn_free(r->conn);
    free(r->password_file);
    explicit_bzero(&r->url, sizeof r->url);
    free(r);
}
