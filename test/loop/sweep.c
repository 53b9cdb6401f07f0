/* daemon/sweep/sweeper against a real redis-server: what it finds, removes, counts and never
 * touches. */
#include "sweep_rig.h"

enum { VALUE_MAX = 256 * 1024 }; /* MaxValue of the rig */

#define H USEC_PER_HOUR
#define D USEC_PER_DAY

static int setup(void **state)
{
    *state = sweep_rig_up(NULL);
    return 0;
}

static int setup_alone(void **state)
{
    *state = sweep_rig_new();
    return 0;
}

static int teardown(void **state)
{
    sweep_rig_free(*state);
    return 0;
}

static long long keys(struct sweep_rig *r)
{
    return rig_redis_int(r->c, "DBSIZE");
}

static void plant(struct sweep_rig *r)
{
    sweep_rig_session(r, "live", 0, 3600);
    sweep_rig_session(r, "idle", 30 * USEC_PER_MIN, 1800);
    sweep_rig_session(r, "stale", 3 * D, 0);
    sweep_rig_session(r, "immortal", H, 0);
    sweep_rig_session(r, "overlong", H, 999999);
    sweep_rig_session(r, "future", 0, 0);
    rig_redis_run(r->c, "SET elevenlabs:session:future %s", "{\"createdAt\":4000000000}");
    rig_redis_run(r->c, "SET elevenlabs:session:bad %s", "hello");
    rig_redis_run(r->c, "RPUSH elevenlabs:session:list 1 2 3");
    sweep_rig_task(r, "pending", true, H, 82800);
    sweep_rig_task(r, "completed", false, H, 82800);
    sweep_rig_task(r, "stuck", true, 2 * D, 0);
    sweep_rig_task(r, "left", false, 2 * D, 0);
    rig_redis_run(r->c, "SET elevenlabs:conversation:1 x");
    rig_redis_run(r->c, "SET cursor:task:1 x");
}

static void finds_everything_and_touches_nothing(void **state)
{
    struct sweep_rig *r = *state;
    plant(r);
    long long before = keys(r);
    sweep_rig_run(r, (struct sweep_request){.dry_run = true});
    sweep_rig_went_well(r);
    sweep_rig_tells(r, "elevenlabs:session:stale sessions stale found");
    sweep_rig_tells(r, "elevenlabs:session:immortal sessions immortal found");
    sweep_rig_tells(r, "elevenlabs:session:overlong sessions overlong found");
    sweep_rig_tells(r, "elevenlabs:session:future sessions future found");
    sweep_rig_tells(r, "elevenlabs:session:bad sessions malformed found");
    sweep_rig_tells(r, "elevenlabs:session:list sessions wrong-type found");
    sweep_rig_tells(r, "cursor_task:stuck tasks stuck-task found");
    sweep_rig_tells(r, "cursor_task:left tasks stale found");
    assert_null(strstr(strbuf_text(&r->told), "live"));
    assert_null(strstr(strbuf_text(&r->told), "pending"));
    assert_int_equal(keys(r), before);
    assert_int_equal(r->summary.keys, 12);
    assert_int_equal(r->summary.keyspaces[0].keys, 8);
    assert_int_equal(r->summary.keyspaces[0].found[SWEEP_STALE], 1);
    assert_int_equal(r->summary.keyspaces[0].found[SWEEP_FINE], 2);
    assert_int_equal(r->summary.keyspaces[1].found[SWEEP_STUCK_TASK], 1);
    assert_string_equal(r->summary.keyspaces[1].name, "tasks");
    assert_int_equal(r->summary.removed, 0);
    assert_true(r->summary.took > 0);
}

static void removes_what_is_stale(void **state)
{
    struct sweep_rig *r = *state;
    plant(r);
    long long before = keys(r);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    sweep_rig_tells(r, "elevenlabs:session:stale sessions stale removed");
    sweep_rig_tells(r, "cursor_task:stuck tasks stuck-task removed");
    sweep_rig_tells(r, "cursor_task:left tasks stale removed");
    sweep_rig_tells(r, "elevenlabs:session:immortal sessions immortal found");
    assert_int_equal(r->summary.removed, 3);
    assert_int_equal(keys(r), before - 3);
    assert_int_equal(rig_redis_int(r->c, "EXISTS elevenlabs:session:stale"), 0);
    assert_int_equal(rig_redis_int(r->c, "EXISTS elevenlabs:conversation:1 cursor:task:1"), 2);
    sweep_rig_run(r, (struct sweep_request){0});
    assert_int_equal(r->summary.removed, 0);
    assert_int_equal(r->n_done, 2);
}

static void one_keyspace_and_another_age(void **state)
{
    struct sweep_rig *r = *state;
    plant(r);
    sweep_rig_run(r, (struct sweep_request){.keyspace = "tasks"});
    assert_int_equal(r->summary.n_keyspaces, 1);
    assert_int_equal(r->summary.keys, 4);
    assert_int_equal(r->summary.removed, 2);
    sweep_rig_run(
        r, (struct sweep_request){.keyspace = "sessions", .older_than = 30 * USEC_PER_MIN});
    sweep_rig_tells(r, "elevenlabs:session:immortal sessions stale removed");
    assert_int_equal(r->summary.removed, 2);
    struct err e;
    assert_int_equal(sweeper_run(r->sweeper, &(struct sweep_request){.keyspace = "none"}, NULL,
                         sweep_rig_on_done, r, &e),
        -ENOENT);
    assert_non_null(strstr(e.msg, "\"none\""));
}

static void counts_the_live(void **state)
{
    struct sweep_rig *r = *state;
    plant(r);
    sweep_rig_session(r, "live-without-ttl", USEC_PER_MIN, 0);
    sweep_rig_task(r, "pending-without-ttl", true, USEC_PER_MIN, 0);
    long long before = keys(r);
    sweep_rig_run(r, (struct sweep_request){.census_only = true});
    sweep_rig_went_well(r);
    assert_true(r->summary.sessions_known && r->summary.tasks_known);
    assert_int_equal(r->summary.live_sessions, 2);
    assert_int_equal(r->summary.pending_tasks, 2);
    assert_non_null(strstr(r->callers, "session live\n"));
    assert_non_null(strstr(r->callers, "session live-without-ttl\n"));
    assert_non_null(strstr(r->callers, "task pending\n"));
    assert_non_null(strstr(r->callers, "task pending-without-ttl\n"));
    assert_int_equal(r->summary.n_callers, 4);
    assert_string_equal(strbuf_text(&r->told), "");
    assert_int_equal(keys(r), before);
}

static void names_are_bounded_and_numbers_are_not(void **state)
{
    struct sweep_rig *r = *state;
    for (int i = 0; i < 1000; i++)
        rig_redis_run(r->c, "SETEX elevenlabs:session:%d 3600 {}", i);
    sweep_rig_run(r, (struct sweep_request){.census_only = true});
    assert_true(r->summary.live_sessions >= 1000);
    assert_int_equal(r->summary.n_callers, LIMIT_CUT_CALLERS);
}

/* ---- names and values ---- */

static void names_are_bytes(void **state)
{
    struct sweep_rig *r = *state;
    static const char value[] = "{\"createdAt\":1700000000}";
    static const struct {
        const char *name;
        size_t len;
    } rows[] = {
        {"cursor_task:", 12},
        {"cursor_task:a b", 15},
        {"cursor_task:\"quoted'\\", 21},
        {"cursor_task:line\r\nline", 22},
        {"cursor_task:*?[a-z]\\*", 21},
        {"cursor_task:nul\0nul", 19},
        {"cursor_task:\xff\xfe\x80", 15},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        rig_redis_run(r->c, "SET %b %s", rows[i].name, rows[i].len, value);
    char *big = malloc(LIMIT_REDIS_KEY + 1);
    memset(big, 'k', LIMIT_REDIS_KEY + 1);
    memcpy(big, "cursor_task:", 12);
    rig_redis_run(r->c, "SET %b %s", big, (size_t)LIMIT_REDIS_KEY, value);
    rig_redis_run(r->c, "SET %b %s", big, (size_t)LIMIT_REDIS_KEY + 1, value);
    free(big);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, sizeof rows / sizeof *rows + 1);
    assert_int_equal(keys(r), 1); /* the name that is longer than we touch */
    sweep_rig_tells(r, "cursor_task:line\\r\\nline tasks stale removed");
    sweep_rig_tells(r, "cursor_task:nul\\x00nul tasks stale removed");
}

static void values_of_every_size(void **state)
{
    struct sweep_rig *r = *state;
    static const size_t sizes[] = {30, 64, 4096, 100000, VALUE_MAX, VALUE_MAX + 1, 3 * VALUE_MAX};
    enum { N = sizeof sizes / sizeof *sizes };
    char *text = malloc(sizes[N - 1] + 1);
    unsigned noise = 1;
    for (int compressible = 0; compressible < 2; compressible++) {
        for (int i = 0; i < N; i++) {
            size_t n = (size_t)sprintf(text, "{\"createdAt\":1700000000,\"x\":\"");
            for (; n < sizes[i] - 2; n++) {
                noise = noise * 1103515245u + 12345u;
                text[n] = compressible ? 'x' : (char)('0' + (noise >> 16) % 64);
                if (text[n] == '\\')
                    text[n] = '!';
            }
            memcpy(text + n, "\"}", 2);
            rig_redis_run(r->c, "SET cursor_task:%d:%d %b", compressible, i, text, n + 2);
        }
    }
    free(text);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, 2 * (N - 2));
    sweep_rig_tells(r, "cursor_task:0:5 tasks too-big found");
    sweep_rig_tells(r, "cursor_task:0:6 tasks too-big found");
    sweep_rig_tells(r, "cursor_task:1:6 tasks too-big found");
    assert_int_equal(keys(r), 4);
}

static void what_is_too_big_is_not_even_read(void **state)
{
    struct sweep_rig *r = *state;
    char *text = malloc(4 * VALUE_MAX);
    for (size_t i = 0; i < 4 * VALUE_MAX; i++)
        text[i] = (char)(i * 2654435761u >> 13);
    rig_redis_run(r->c, "SET x %b", text, (size_t)4 * VALUE_MAX);
    free(text);
    redisReply *dump = rig_redis_do(r->c, "DUMP x");
    rig_redis_run(r->c, "RESTORE cursor_task:big 0 %b IDLETIME 500", dump->str, dump->len);
    freeReplyObject(dump);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    sweep_rig_tells(r, "cursor_task:big tasks too-big found");
    assert_true(rig_redis_int(r->c, "OBJECT IDLETIME cursor_task:big") >= 500);
}

static void every_other_type_is_reported(void **state)
{
    struct sweep_rig *r = *state;
    rig_redis_run(r->c, "RPUSH cursor_task:list a b");
    rig_redis_run(r->c, "SADD cursor_task:set a b");
    rig_redis_run(r->c, "ZADD cursor_task:zset 1 a");
    rig_redis_run(r->c, "HSET cursor_task:hash a b");
    rig_redis_run(r->c, "XADD cursor_task:stream * a b");
    rig_redis_run(r->c, "SET cursor_task:integer 42");
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.keyspaces[1].found[SWEEP_WRONG_TYPE], 5);
    sweep_rig_tells(r, "cursor_task:integer tasks malformed found");
    assert_int_equal(keys(r), 6);
}

static void big_ones_of_other_types_too(void **state)
{
    struct sweep_rig *r = *state;
    char *text = malloc(VALUE_MAX);
    memset(text, 'x', VALUE_MAX);
    for (int i = 0; i < 4; i++)
        rig_redis_run(r->c, "RPUSH cursor_task:list %b", text, (size_t)VALUE_MAX);
    free(text);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    sweep_rig_tells(r, "cursor_task:list tasks wrong-type found");
}

static void the_malformed_go_when_nobody_but_us_touches_them(void **state)
{
    struct sweep_rig *r = *state;
    struct err e;
    struct config_keyspace spaces[2];
    memcpy(spaces, sweep_rig_keyspaces, sizeof spaces);
    /* RESTORE can set an idle time. */
    rig_redis_run(r->c, "SET x hello");
    redisReply *dump = rig_redis_do(r->c, "DUMP x");
    rig_redis_run(r->c, "RESTORE cursor_task:a 0 %b IDLETIME 100000", dump->str, dump->len);
    rig_redis_run(r->c, "RESTORE cursor_task:b 0 %b IDLETIME 80000", dump->str, dump->len);
    freeReplyObject(dump);
    spaces[1].report_only = true;
    assert_int_equal(
        sweeper_configure(r->sweeper, spaces, 2, &(struct strlist){0}, USEC_PER_MIN, &e), 0);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_tells(r, "cursor_task:a tasks malformed-idle found");
    sweep_rig_tells(r, "cursor_task:b tasks malformed found");
    /* Our look has reset what Redis counts. */
    assert_true(rig_redis_int(r->c, "OBJECT IDLETIME cursor_task:a") < 10);
    spaces[1].report_only = false;
    assert_int_equal(
        sweeper_configure(r->sweeper, spaces, 2, &(struct strlist){0}, USEC_PER_MIN, &e), 0);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_tells(r, "cursor_task:a tasks malformed-idle removed");
    sweep_rig_tells(r, "cursor_task:b tasks malformed found");
}

/* `ttl` in seconds; 0: none. */
static void restore_idle(struct sweep_rig *r, const char *key, const char *value, int ttl)
{
    rig_redis_run(r->c, "SET x %s", value);
    redisReply *dump = rig_redis_do(r->c, "DUMP x");
    rig_redis_run(r->c, "RESTORE %s %d %b IDLETIME 500", key, 1000 * ttl, dump->str, dump->len);
    rig_redis_run(r->c, "DEL x");
    freeReplyObject(dump);
}

/* Neither what has its TTL nor what is none of our business was touched, by whatever was asked. */
static void the_healthy_keep_their_idle_time(void **state)
{
    struct sweep_rig *r = *state;
    static const struct {
        const char *key;
        const char *value;
        int ttl;
    } healthy[] = {
        {"elevenlabs:session:new", "{\"lastAccessedAt\":1700000000}", 3600},
        {"elevenlabs:session:old", "{}", 600},
        {"elevenlabs:session:broken", "no JSON", 3000},
        {"cursor_task:new", "{\"pending\":true,\"createdAt\":1700000000}", 86400},
        {"cursor_task:old", "{\"pending\":false}", 50000},
        {"elevenlabs:conversation:c", "{\"createdAt\":1700000000}", 0},
        {"elevenlabs:sessions", "{\"createdAt\":1700000000}", 0},
        {"cursor:queue", "{\"createdAt\":1700000000}", 0},
    };
    char when[TIMESTAMP_TEXT_MAX];
    for (size_t i = 0; i < sizeof healthy / sizeof *healthy; i++)
        restore_idle(r, healthy[i].key, healthy[i].value, healthy[i].ttl);
    /* These need a look, and the last one asks for its conversation. */
    restore_idle(r, "elevenlabs:session:stale", "{\"createdAt\":1700000000}", 0);
    rig_redis_run(r->c, "SET cursor_task:immortal {\"createdAt\":\"%s\",\"conversationId\":\"c\"}",
        sweep_rig_ago(H, when));
    sweep_rig_run(r, (struct sweep_request){.dry_run = true});
    sweep_rig_went_well(r);
    assert_true(rig_redis_int(r->c, "OBJECT IDLETIME elevenlabs:session:stale") < 400);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, 1);
    sweep_rig_tells(r, "cursor_task:immortal tasks immortal found");
    for (size_t i = 0; i < sizeof healthy / sizeof *healthy; i++) {
        if (rig_redis_int(r->c, "OBJECT IDLETIME %s", healthy[i].key) < 500)
            fail_msg("%s was touched", healthy[i].key);
    }
}

static void an_lfu_policy_knows_no_idle_time(void **state)
{
    struct sweep_rig *r = *state;
    rig_redis_run(r->c, "CONFIG SET maxmemory-policy allkeys-lfu");
    rig_redis_run(r->c, "SET cursor_task:bad hello");
    sweep_rig_task(r, "stuck", true, 2 * D, 0);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    sweep_rig_tells(r, "cursor_task:bad tasks malformed found");
    assert_int_equal(r->summary.removed, 1);
    redisReply *stats = rig_redis_do(r->c, "INFO commandstats");
    assert_non_null(strstr(stats->str, "cmdstat_object|freq:"));
    freeReplyObject(stats);
}

/* What is used now and then stays; for the rest the second look is late enough here. */
static void under_lfu_the_unused_go(void **state)
{
    struct sweep_rig *r = *state;
    struct config_keyspace tasks = sweep_rig_keyspaces[1];
    struct err e;
    rig_redis_run(r->c, "CONFIG SET maxmemory-policy allkeys-lfu");
    rig_redis_run(r->c, "SET x hello");
    redisReply *dump = rig_redis_do(r->c, "DUMP x");
    rig_redis_run(r->c, "RESTORE cursor_task:unused 0 %b FREQ 0", dump->str, dump->len);
    rig_redis_run(r->c, "RESTORE cursor_task:used 0 %b FREQ 50", dump->str, dump->len);
    rig_redis_run(r->c, "RESTORE cursor_task:changed 0 %b FREQ 0", dump->str, dump->len);
    freeReplyObject(dump);
    tasks.expect_ttl = USEC_INFINITY;
    tasks.max_age = 1;
    assert_int_equal(sweeper_configure(r->sweeper, &tasks, 1, &(struct strlist){0}, 0, &e), 0);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.keyspaces[0].found[SWEEP_MALFORMED], 3);
    rig_redis_run(r->c, "SET cursor_task:changed other");
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    sweep_rig_tells(r, "cursor_task:unused tasks malformed-idle removed");
    sweep_rig_tells(r, "cursor_task:used tasks malformed found");
    sweep_rig_tells(r, "cursor_task:changed tasks malformed found");
    assert_int_equal(r->summary.removed, 1);
}

/* ---- many ---- */

static void sweeps_many_keys_and_others_beside(void **state)
{
    struct sweep_rig *r = *state;
    enum { N = 20000 };
    char old[TIMESTAMP_TEXT_MAX];
    sweep_rig_ago(5 * D, old);
    for (int i = 0; i < N; i++) {
        redisAppendCommand(r->c, "SET other:%d x", i);
        redisAppendCommand(r->c, "SETEX elevenlabs:session:%d 3600 {}", i);
        redisAppendCommand(
            r->c, "SET cursor_task:%d {\"pending\":true,\"createdAt\":\"%s\"}", i, old);
    }
    for (int i = 0; i < 3 * N; i++) {
        void *reply = NULL;
        assert_int_equal(redisGetReply(r->c, &reply), REDIS_OK);
        freeReplyObject(reply);
    }
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, N);
    assert_int_equal(keys(r), 2 * N);
    printf("          %d keys in %llu ms\n", 3 * N, (unsigned long long)(r->summary.took / 1000));
}

/* ---- what is never touched ---- */

static void protected_names_stay_even_inside_of_a_keyspace(void **state)
{
    struct sweep_rig *r = *state;
    struct err e;
    char *patterns[] = {TEXT("elevenlabs:keep:*"), NULL};
    struct strlist protect = {patterns, 1};
    struct config_keyspace space = sweep_rig_keyspaces[0];
    space.pattern = TEXT("elevenlabs:*");
    assert_int_equal(sweeper_configure(r->sweeper, &space, 1, &protect, USEC_PER_MIN, &e), 0);
    static const char value[] = "{\"createdAt\":1700000000}";
    rig_redis_run(r->c, "SET elevenlabs:conversation:1 %s", value);
    rig_redis_run(r->c, "SET elevenlabs:keep:1 %s", value);
    rig_redis_run(r->c, "SET elevenlabs:session:1 %s", value);
    sweep_rig_run(r, (struct sweep_request){.older_than = USEC_PER_SEC});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, 1);
    assert_int_equal(rig_redis_int(r->c, "EXISTS elevenlabs:conversation:1 elevenlabs:keep:1"), 2);
}

/* MONITOR shows every command that the sweep sent, those inside of scripts as well. */
static void nothing_else_is_written_or_read(void **state)
{
    struct sweep_rig *r = *state;
    plant(r);
    redisContext *monitor = rig_redis_connect(&r->redis);
    rig_redis_run(monitor, "MONITOR");
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, 3);
    rig_redis_run(r->c, "ECHO the-end");
    bool writes = false;
    for (;;) {
        redisReply *line = NULL;
        assert_int_equal(redisGetReply(monitor, (void **)&line), REDIS_OK);
        bool end = strstr(line->str, "the-end");
        if (strstr(line->str, "conversation") || strstr(line->str, "cursor:"))
            fail_msg("%s", line->str);
        writes = writes || strstr(line->str, "\"UNLINK\"");
        freeReplyObject(line);
        if (end)
            break;
    }
    assert_true(writes);
    redisFree(monitor);
}

static void one_pass_at_a_time(void **state)
{
    struct sweep_rig *r = *state;
    struct err e;
    plant(r);
    sweep_rig_begin(r, (struct sweep_request){0});
    assert_true(sweeper_busy(r->sweeper));
    assert_int_equal(
        sweeper_run(r->sweeper, &(struct sweep_request){0}, NULL, sweep_rig_on_done, r, &e),
        -EBUSY);
    sweep_rig_finish(r);
    assert_false(sweeper_busy(r->sweeper));
    assert_int_equal(r->n_done, 1);
}

/* ---- rights ---- */

static void as_keeper(struct sweep_rig *r, const char *rights)
{
    sweep_rig_as_keeper(r, rights);
    plant(r);
}

static void the_least_rights_suffice(void **state)
{
    struct sweep_rig *r = *state;
    as_keeper(r, SWEEP_RIG_LEAST_RIGHTS "+evalsha +script|load");
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, 3);
}

static void without_scripts_it_watches(void **state)
{
    struct sweep_rig *r = *state;
    as_keeper(r, SWEEP_RIG_LEAST_RIGHTS "+watch +unwatch +multi +exec");
    for (int i = 0; i < 55; i++) {
        char id[16];
        snprintf(id, sizeof id, "more-%d", i);
        sweep_rig_task(r, id, true, 2 * D, 0);
    }
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, 58);
    redisReply *stats = rig_redis_do(r->c, "INFO commandstats");
    assert_null(strstr(stats->str, "cmdstat_evalsha:"));
    assert_non_null(strstr(stats->str, "cmdstat_exec:"));
    freeReplyObject(stats);
}

static void evalsha_alone_forbidden(void **state)
{
    struct sweep_rig *r = *state;
    as_keeper(r, SWEEP_RIG_LEAST_RIGHTS "+script|load +watch +unwatch +multi +exec");
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, 3);
}

static void a_missing_command_is_named(void **state)
{
    struct sweep_rig *r = *state;
    as_keeper(r, SWEEP_RIG_LEAST_RIGHTS "-memory|usage +evalsha +script|load");
    sweep_rig_run(r, (struct sweep_request){0});
    assert_false(r->summary.complete);
    assert_int_equal(r->summary.error, REDIS_E_NOPERM);
    assert_non_null(strstr(r->summary.error_text, "memory|usage"));
    assert_int_equal(r->summary.removed, 0);
}

static void neither_scripts_nor_transactions(void **state)
{
    struct sweep_rig *r = *state;
    as_keeper(r, SWEEP_RIG_LEAST_RIGHTS);
    sweep_rig_run(r, (struct sweep_request){0});
    assert_false(r->summary.complete);
    assert_int_equal(r->summary.error, REDIS_E_NOPERM);
    assert_int_equal(r->summary.removed, 0);
    assert_true(r->summary.not_tried > 0);
}

static void a_keyspace_without_rights_is_left_out(void **state)
{
    struct sweep_rig *r = *state;
    as_keeper(r, SWEEP_RIG_LEAST_RIGHTS "resetkeys ~cursor_task:* +evalsha +script|load");
    for (int i = 0; i < 2000; i++)
        rig_redis_run(r->c, "SETEX elevenlabs:session:%d 3600 {}", i);
    sweep_rig_run(r, (struct sweep_request){0});
    assert_true(r->summary.complete);
    assert_int_equal(r->summary.error, REDIS_E_NOPERM);
    assert_non_null(strstr(r->summary.error_text, "needs ~elevenlabs:session:*"));
    assert_int_equal(r->summary.keyspaces[0].removed, 0);
    assert_int_equal(r->summary.keyspaces[1].removed, 2);
    assert_false(r->summary.sessions_known);
    /* After the first step it asks no more for what it may not have. */
    assert_true(sweep_rig_errors(r, "NOPERM") < 500);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define ALONE(f) cmocka_unit_test_setup_teardown(f, setup_alone, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_everything_and_touches_nothing),
        TEST(removes_what_is_stale),
        TEST(one_keyspace_and_another_age),
        TEST(counts_the_live),
        TEST(names_are_bounded_and_numbers_are_not),
        TEST(names_are_bytes),
        TEST(values_of_every_size),
        TEST(what_is_too_big_is_not_even_read),
        TEST(every_other_type_is_reported),
        TEST(big_ones_of_other_types_too),
        TEST(the_malformed_go_when_nobody_but_us_touches_them),
        TEST(the_healthy_keep_their_idle_time),
        TEST(an_lfu_policy_knows_no_idle_time),
        TEST(under_lfu_the_unused_go),
        TEST(sweeps_many_keys_and_others_beside),
        TEST(protected_names_stay_even_inside_of_a_keyspace),
        TEST(nothing_else_is_written_or_read),
        TEST(one_pass_at_a_time),
        ALONE(the_least_rights_suffice),
        ALONE(without_scripts_it_watches),
        ALONE(evalsha_alone_forbidden),
        ALONE(a_missing_command_is_named),
        ALONE(neither_scripts_nor_transactions),
        ALONE(a_keyspace_without_rights_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
