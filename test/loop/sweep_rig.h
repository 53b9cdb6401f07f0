/* A sweeper on a link to a redis-server of the test's own, and what it told. */
#pragma once

#include "redis_rig.h"

#include "base/strbuf.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "core/sweep/sweep.h"
#include "daemon/sweep/sweeper.h"
#include "io/redis/redis_link.h"

#define TEXT(s) ((char[]){s})

static char *sweep_rig_session_fields[] = {TEXT("lastAccessedAt"), TEXT("createdAt"), NULL};
static char *sweep_rig_task_fields[] = {TEXT("completedAt"), TEXT("createdAt"), NULL};

/* The two keyspaces of the agent, as the configuration's defaults have them. */
static const struct config_keyspace sweep_rig_keyspaces[2] = {
    {.name = TEXT("sessions"),
        .pattern = TEXT("elevenlabs:session:*"),
        .kind = CONFIG_KEYSPACE_SESSION,
        .expect_ttl = USEC_PER_HOUR,
        .max_age = 24 * USEC_PER_HOUR,
        .max_value = 256 * 1024,
        .age_fields = {sweep_rig_session_fields, 2}},
    {.name = TEXT("tasks"),
        .pattern = TEXT("cursor_task:*"),
        .kind = CONFIG_KEYSPACE_TASK,
        .expect_ttl = 24 * USEC_PER_HOUR,
        .max_age = 24 * USEC_PER_HOUR,
        .max_value = 256 * 1024,
        .age_fields = {sweep_rig_task_fields, 2}},
};

struct sweep_rig {
    struct loop *loop;
    struct rig_redis redis;
    struct redis_link *link;
    struct sweeper *sweeper;
    redisContext *c;    /* the test's own, synchronous */
    struct strbuf told; /* one line a finding: name keyspace finding outcome */
    struct sweep_summary summary;
    char callers[4096]; /* `session id` or `task id`, one a line */
    bool done;
    uint64_t commands; /* that were asked when it was last looked at */
    int n_done;
    int downs; /* how often the link went down */
    void (*on_finding)(struct sweep_rig *r);
};

static inline void sweep_rig_on_state(enum redis_link_state state, const char *why, void *arg)
{
    struct sweep_rig *r = arg;
    (void)why;
    r->downs += state == REDIS_LINK_DOWN;
}

static inline bool sweep_rig_is_up(void *arg)
{
    return redis_link_state(((struct sweep_rig *)arg)->link) == REDIS_LINK_UP;
}

/* No latency is too high: how quickly the machine answers is no part of a test, and a slow one
 * would have the pass rest for longer than anybody waits. */
static inline void sweep_rig_limit(struct sweep_rig *r, struct sweep_limits limits)
{
    limits.max_latency = USEC_PER_HOUR;
    sweeper_limit(r->sweeper, &limits);
}

static inline void sweep_rig_connect(
    struct sweep_rig *r, const char *url, const char *user, const char *password_file)
{
    struct redis_link_conf conf = {.url = url,
        .username = user,
        .password_file = password_file,
        .connect_timeout = RIG_DEADLINE_SEC * USEC_PER_SEC,
        .command_timeout = RIG_DEADLINE_SEC * USEC_PER_SEC,
        .ping_interval = 100 * USEC_PER_MSEC};
    struct err e = {0};
    r->link = redis_link_new(r->loop, &conf, sweep_rig_on_state, r, &e);
    assert_non_null(r->link);
    rig_wait(r->loop, sweep_rig_is_up, r);
    r->sweeper = sweeper_new(r->loop, r->link);
    sweeper_beside(r->sweeper, &conf);
    sweep_rig_limit(r, (struct sweep_limits){.max_delete = {UINT64_MAX, SWEEP_FUSE_NO_SHARE}});
    struct strlist protect = {0};
    assert_int_equal(
        sweeper_configure(r->sweeper, sweep_rig_keyspaces, 2, &protect, 15 * USEC_PER_MIN, &e), 0);
}

static inline struct sweep_rig *sweep_rig_new(void)
{
    struct sweep_rig *r = calloc(1, sizeof *r);
    struct err e;
    signal(SIGPIPE, SIG_IGN);
    r->loop = loop_new(&e);
    rig_redis_init(&r->redis);
    return r;
}

/* With a server and a connection to it. */
static inline struct sweep_rig *sweep_rig_up(const char *const *extra)
{
    struct sweep_rig *r = sweep_rig_new();
    rig_redis_start(&r->redis, extra);
    r->c = rig_redis_connect(&r->redis);
    sweep_rig_connect(r, r->redis.url, NULL, NULL);
    return r;
}

/* What docs/redis.md tells operators to grant. */
#define SWEEP_RIG_LEAST_RIGHTS                                                                     \
    "ACL SETUSER keeper on >secret resetkeys resetchannels -@all ~elevenlabs:session:* "           \
    "~cursor_task:* +scan +pttl +pexpiretime +dump +object|idletime +memory|usage +unlink "        \
    "+role +info +ping +auth +client|setname +time "

/* With a server, to which the sweeper speaks as a user with such rights. */
static inline void sweep_rig_as_keeper(struct sweep_rig *r, const char *rights)
{
    char path[160];
    rig_redis_start(&r->redis, NULL);
    r->c = rig_redis_connect(&r->redis);
    rig_redis_run(r->c, rights);
    snprintf(path, sizeof path, "%s/password", r->redis.dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("secret", f);
    fclose(f);
    sweep_rig_connect(r, r->redis.url, "keeper", path);
}

static inline void sweep_rig_free(struct sweep_rig *r)
{
    sweeper_free(r->sweeper);
    redis_link_free(r->link);
    loop_free(r->loop);
    if (r->c)
        redisFree(r->c);
    rig_redis_fini(&r->redis);
    strbuf_fini(&r->told);
    free(r);
}

static inline void sweep_rig_on_finding(const struct sweep_key *key, void *arg)
{
    static const char *const outcomes[] = {
        "found", "removed", "repaired", "survived", "held", "not-tried"};
    struct sweep_rig *r = arg;
    text_escape(&r->told, key->name, key->name_len, 40);
    strbuf_addf(&r->told, " %s %s %s\n", key->keyspace->name,
        sweep_finding_name(key->judgement->finding), outcomes[key->outcome]);
    if (r->on_finding)
        r->on_finding(r);
}

static inline void sweep_rig_on_done(const struct sweep_summary *summary, void *arg)
{
    struct sweep_rig *r = arg;
    size_t n = 0;
    r->callers[0] = '\0';
    for (unsigned i = 0; i < summary->n_callers && n < sizeof r->callers; i++)
        n += (size_t)snprintf(r->callers + n, sizeof r->callers - n, "%s %s\n",
            summary->callers[i].kind == CONFIG_KEYSPACE_TASK ? "task" : "session",
            summary->callers[i].id);
    r->summary = *summary;
    r->done = true;
    r->n_done++;
}

static inline bool sweep_rig_moves(void *arg)
{
    struct sweep_rig *r = arg;
    return r->done || redis_link_usage(r->link)->commands != r->commands;
}

static inline void sweep_rig_move(struct sweep_rig *r)
{
    r->commands = redis_link_usage(r->link)->commands;
    rig_wait(r->loop, sweep_rig_moves, r);
}

/* Until the pass is over. It may take as long as it moves: how long that is is the machine's
 * affair. */
static inline void sweep_rig_finish(struct sweep_rig *r)
{
    while (!r->done)
        sweep_rig_move(r);
}

static inline void sweep_rig_begin(struct sweep_rig *r, struct sweep_request request)
{
    struct err e = {0};
    strbuf_reset(&r->told);
    r->done = false;
    int error = sweeper_run(r->sweeper, &request, sweep_rig_on_finding, sweep_rig_on_done, r, &e);
    if (error < 0)
        fail_msg("%s", e.msg);
}

static inline void sweep_rig_run(struct sweep_rig *r, struct sweep_request request)
{
    sweep_rig_begin(r, request);
    sweep_rig_finish(r);
}

static inline void sweep_rig_went_well(const struct sweep_rig *r)
{
    if (!r->summary.complete || r->summary.error != REDIS_E_NONE)
        fail_msg("%s: %s", redis_error_name(r->summary.error), r->summary.error_text);
}

static inline bool sweep_rig_told(const struct sweep_rig *r, const char *line)
{
    const char *at = strstr(strbuf_text(&r->told), line);
    return at && at[strlen(line)] == '\n' && (at == r->told.data || at[-1] == '\n');
}

#define sweep_rig_tells(r, line)                                                                   \
    do {                                                                                           \
        if (!sweep_rig_told(r, line))                                                              \
            fail_msg("\"%s\" is not in\n%s", line, strbuf_text(&(r)->told));                       \
    } while (0)

/* How often Redis has answered with such an error. */
static inline int sweep_rig_errors(struct sweep_rig *r, const char *word)
{
    char field[64];
    redisReply *stats = rig_redis_do(r->c, "INFO errorstats");
    snprintf(field, sizeof field, "errorstat_%s:count=", word);
    const char *at = strstr(stats->str, field);
    int count = at ? atoi(at + strlen(field)) : 0;
    freeReplyObject(stats);
    assert_true(count > 0);
    return count;
}

/* `ago` before now, as the agent writes it; into `buf`. */
static inline const char *sweep_rig_ago(usec_t ago, char buf[TIMESTAMP_TEXT_MAX])
{
    return timestamp_format(loop_wall_now() - ago, buf);
}

static inline void sweep_rig_session(struct sweep_rig *r, const char *id, usec_t ago, int ttl)
{
    char when[TIMESTAMP_TEXT_MAX];
    sweep_rig_ago(ago, when);
    rig_redis_run(r->c,
        "SET elevenlabs:session:%s {\"sessionId\":\"%s\",\"lastAccessedAt\":\"%s\"}", id, id, when);
    if (ttl > 0)
        rig_redis_run(r->c, "EXPIRE elevenlabs:session:%s %d", id, ttl);
}

static inline void sweep_rig_task(
    struct sweep_rig *r, const char *id, bool pending, usec_t ago, int ttl)
{
    char when[TIMESTAMP_TEXT_MAX];
    sweep_rig_ago(ago, when);
    rig_redis_run(r->c,
        "SET cursor_task:%s {\"taskId\":\"%s\",\"pending\":%s,\"createdAt\":\"%s\"}", id, id,
        pending ? "true" : "false", when);
    if (ttl > 0)
        rig_redis_run(r->c, "EXPIRE cursor_task:%s %d", id, ttl);
}
