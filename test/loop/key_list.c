/* daemon/sweep/key_list: which sessions and tasks there are, against a redis-server of its own. */
#include "daemon/sweep/key_list.h"

#include "sweep_rig.h"

#include "daemon/verbs/operation.h"

#include <cjson/cJSON.h>

static struct operations *operations;
static struct key_list *list;

static int set_up(void **state)
{
    struct sweep_rig *r = sweep_rig_up(NULL);
    *state = r;
    operations = operations_new(0);
    list = key_list_new(r->sweeper);
    return 0;
}

static int tear_down(void **state)
{
    struct sweep_rig *r = *state;
    key_list_free(list);
    sweep_rig_free(r);
    operations_free(operations);
    return 0;
}

static bool over(void *arg)
{
    return !operation_running(arg);
}

/* `state key conversation`, one a line, as the list has them; and how many keys were read. */
static struct operation *lists(struct sweep_rig *r, struct key_wish wish, const char *expected)
{
    char lines[2048] = "";
    struct err e = {0};
    struct operation *op = operation_begin(operations, "keys", "alice", "");
    if (key_list_run(list, &wish, op, &e) < 0)
        fail_msg("%s", e.msg);
    rig_wait(r->loop, over, op);
    struct cJSON *o = operation_json(op, 0);
    const struct cJSON *result = cJSON_GetObjectItem(o, "result");
    const struct cJSON *key;
    cJSON_ArrayForEach(key, cJSON_GetObjectItem(result, "keys"))
    {
        const char *owner = cJSON_GetStringValue(cJSON_GetObjectItem(key, "conversation"));
        snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s %s %s\n",
            cJSON_GetStringValue(cJSON_GetObjectItem(key, "state")),
            cJSON_GetStringValue(cJSON_GetObjectItem(key, "key")), owner ? owner : "-");
    }
    assert_string_equal(lines, expected);
    cJSON_Delete(o);
    return op;
}

static void set(struct sweep_rig *r, const char *key, const char *members, usec_t ago, int ttl)
{
    char when[TIMESTAMP_TEXT_MAX];
    sweep_rig_ago(ago, when);
    rig_redis_run(r->c, "SET %s {%s\"createdAt\":\"%s\"}", key, members, when);
    if (ttl > 0)
        rig_redis_run(r->c, "EXPIRE %s %d", key, ttl);
}

static void fill(struct sweep_rig *r)
{
    set(r, "elevenlabs:session:new", "\"conversationId\":\"c1\",", USEC_PER_MIN, 3590);
    set(r, "elevenlabs:session:idle", "\"agentConversationId\":\"c\\u0032\",", USEC_PER_HOUR, 1800);
    set(r, "cursor_task:waits", "\"pending\":true,\"conversationId\":\"c3\",", USEC_PER_HOUR,
        82000);
    set(r, "cursor_task:done", "\"pending\":false,", 2 * USEC_PER_HOUR, 79000);
    set(r, "cursor_task:stuck", "\"pending\":true,\"conversationId\":7,", 50 * USEC_PER_HOUR, 0);
    rig_redis_run(r->c, "SET cursor_task:\033odd {");
    rig_redis_run(r->c, "SET other:key x");
}

static void the_oldest_come_first(void **state)
{
    struct sweep_rig *r = *state;
    fill(r);
    struct operation *op = lists(r, (struct key_wish){0},
        "malformed cursor_task:\\x1bodd -\n"
        "stuck-task cursor_task:stuck -\n"
        "done cursor_task:done -\n"
        "pending cursor_task:waits c3\n"
        "idle elevenlabs:session:idle c2\n"
        "active elevenlabs:session:new c1\n");
    struct cJSON *o = operation_json(op, 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(o, "message")),
        "6 of the 6 keys in the keyspaces");
    cJSON_Delete(o);
    assert_null(key_list_operation(list));
}

static void only_what_is_asked_for(void **state)
{
    struct sweep_rig *r = *state;
    fill(r);
    lists(r, (struct key_wish){.stuck = true},
        "malformed cursor_task:\\x1bodd -\nstuck-task cursor_task:stuck -\n");
    lists(r, (struct key_wish){.keyspace = "sessions"},
        "idle elevenlabs:session:idle c2\nactive elevenlabs:session:new c1\n");
    lists(r, (struct key_wish){.keyspace = "tasks", .sort = KEY_SORT_TTL, .limit = 3},
        "malformed cursor_task:\\x1bodd -\nstuck-task cursor_task:stuck -\n"
        "pending cursor_task:waits c3\n");
}

/* Of many, those that belong on the list are on it, and few are read. */
static void many(void **state)
{
    struct sweep_rig *r = *state;
    for (int i = 0; i < 2000; i++)
        rig_redis_run(r->c,
            "SET elevenlabs:session:%04d {\"createdAt\":\"2020-01-01T00:00:00Z\"} EX %d", i,
            3400 - i);
    rig_redis_run(r->c, "CONFIG RESETSTAT");
    lists(r, (struct key_wish){.limit = 3},
        "idle elevenlabs:session:1999 -\nidle elevenlabs:session:1998 -\n"
        "idle elevenlabs:session:1997 -\n");
    redisReply *stats = rig_redis_do(r->c, "INFO commandstats");
    const char *dump = strstr(stats->str, "cmdstat_dump:calls=");
    assert_non_null(dump);
    int reads = atoi(dump + strlen("cmdstat_dump:calls="));
    /* Each step of a hundred keys may bring some that later ones push off again. */
    assert_in_range(reads, 3, 1000);
    freeReplyObject(stats);
}

static void one_at_a_time(void **state)
{
    struct sweep_rig *r = *state;
    struct err e = {0};
    struct operation *op = operation_begin(operations, "keys", "alice", "");
    assert_int_equal(key_list_run(list, &(struct key_wish){0}, op, &e), 0);
    assert_ptr_equal(key_list_operation(list), op);
    assert_int_equal(key_list_run(list, &(struct key_wish){0}, op, &e), -EBUSY);
    sweeper_cancel(r->sweeper);
    rig_wait(r->loop, over, op);
    struct cJSON *o = operation_json(op, 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(o, "message")),
        "not every key was looked at: cancelled");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(o, "state")), "failed");
    cJSON_Delete(o);
}

static void who_waits_is_told_of_the_end(void **state)
{
    (void)state;
    struct err e = {0};
    struct operation *op = operation_begin(operations, "keys", "alice", "");
    assert_int_equal(key_list_run(list, &(struct key_wish){0}, op, &e), 0);
    key_list_free(list);
    list = NULL;
    assert_false(operation_running(op));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(the_oldest_come_first),
        T(only_what_is_asked_for),
        T(many),
        T(one_at_a_time),
        T(who_waits_is_told_of_the_end),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
