/* daemon/sweep/rights: whether our user in Redis could delete a conversation; and the one that
 * cannot. */
#include "sweep_rig.h"

#include "daemon/sweep/rights.h"
#include "io/redis/redis_batch.h"
#include "lib/witness.h"
#include "redis_between.h"

static const char *example; /* path of the ACL that operators are given */

struct world {
    struct sweep_rig *rig;
    struct rights *rights;
    bool answered;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    w->rig = sweep_rig_new();
    rig_redis_start(&w->rig->redis, NULL);
    w->rig->c = rig_redis_connect(&w->rig->redis);
    witness_begin();
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    rights_free(w->rights);
    sweep_rig_free(w->rig);
    witness_end();
    free(w);
    return 0;
}

/* `acl` NULL: the default user. */
static void connect_as(struct world *w, const char *user, const char *acl)
{
    char path[160];
    snprintf(path, sizeof path, "%s/password", w->rig->redis.dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("PASSWORD", f);
    fclose(f);
    if (acl)
        rig_redis_run(w->rig->c, acl);
    sweep_rig_connect(w->rig, w->rig->redis.url, user, acl ? path : NULL);
    w->rights = rights_new(w->rig->link);
}

static void on_reply(size_t index, const struct redis_value *reply, void *arg)
{
    (void)index;
    (void)reply;
    (void)arg;
}

static void on_done(bool lost, void *arg)
{
    (void)lost;
    ((struct world *)arg)->answered = true;
}

static bool is_answered(void *arg)
{
    return ((struct world *)arg)->answered;
}

/* It asks four questions at most, each after the answer to the one before. */
static void look(struct world *w)
{
    rights_look(w->rights);
    for (int i = 0; i < 5; i++) {
        w->answered = false;
        struct redis_batch *b = redis_batch_new(w->rig->link, 1, on_reply, on_done, w);
        redis_batch_add(b, 0, 1, (const char *const[]){"PING"}, NULL);
        redis_batch_end(b);
        rig_wait(w->rig->loop, is_answered, w);
    }
    redisReply *stats = rig_redis_do(w->rig->c, "INFO commandstats");
    assert_null(strstr(stats->str, "cmdstat_unlink:"));
    freeReplyObject(stats);
}

static void the_default_user_could(void **state)
{
    struct world *w = *state;
    connect_as(w, NULL, NULL);
    look(w);
    witness_must("redis-rights|");
    witness_must("user \"default\" may delete elevenlabs:conversation:*");
    look(w);
    assert_int_equal(witness_count("redis-rights|Redis at"), 1); /* it is told once */
}

static void one_that_may_not_ask_is_found_out_by_reading(void **state)
{
    struct world *w = *state;
    connect_as(w, "keeper", "ACL SETUSER keeper on >PASSWORD -@all ~* +ping +auth +pttl +unlink");
    look(w);
    witness_must("our user may use elevenlabs:conversation:*");
}

static void one_that_may_ask_and_not_delete(void **state)
{
    struct world *w = *state;
    connect_as(
        w, "keeper", "ACL SETUSER keeper on >PASSWORD +@all ~cursor_task:* %%R~elevenlabs:*");
    look(w);
    assert_string_equal(rights_words(w->rights), "");
    assert_false(witness_heard("redis-rights|"));
}

/* ---- Redis 6 knows no DRYRUN ---- */

static const struct between_rule no_dryrun = {.command = "ACL DRYRUN",
    .answer = "-ERR Unknown subcommand or wrong number of arguments for 'DRYRUN'. Try ACL "
              "HELP.\r\n"};

static void look_at_redis_6(struct world *w, const char *acl)
{
    struct between between;
    char path[160];
    snprintf(path, sizeof path, "%s/password", w->rig->redis.dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("PASSWORD", f);
    fclose(f);
    rig_redis_run(w->rig->c, acl);
    between_start(&between, &w->rig->redis);
    between_rule(&between, no_dryrun);
    sweep_rig_connect(w->rig, between.url, "keeper", path);
    w->rights = rights_new(w->rig->link);
    look(w);
    assert_true(between_met(&between) > 0);
    between_stop(&between);
}

static void redis_6_tells_the_rules(void **state)
{
    struct world *w = *state;
    look_at_redis_6(w, "ACL SETUSER keeper on >PASSWORD +@all ~elevenlabs:*");
    witness_must("redis-rights|");
    witness_must("user \"keeper\" may delete elevenlabs:conversation:*");
}

static void redis_6_tells_of_rules_that_do_not_reach_it(void **state)
{
    struct world *w = *state;
    look_at_redis_6(
        w, "ACL SETUSER keeper on >PASSWORD +@all ~cursor_task:* ~elevenlabs:session:*");
    assert_string_equal(rights_words(w->rights), "");
    assert_false(witness_heard("redis-rights|"));
}

static void redis_6_tells_of_commands_that_delete_nothing(void **state)
{
    struct world *w = *state;
    look_at_redis_6(w, "ACL SETUSER keeper on >PASSWORD -@all +@read +@connection +acl ~*");
    assert_string_equal(rights_words(w->rights), "");
    assert_false(witness_heard("redis-rights|"));
}

/* Word for word what Redis 6.2 answers: its keys are a list. */
static void a_list_of_keys_as_redis_6_has_it(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *keys;
        bool may;
    } rows[] = {
        {"*2\r\n$13\r\ncursor_task:*\r\n$1\r\n*\r\n", true},
        {"*1\r\n$13\r\ncursor_task:*\r\n", false},
        {"*0\r\n", false},
    };
    struct between between;
    between_start(&between, &w->rig->redis);
    between_rule_too(&between, no_dryrun);
    sweep_rig_connect(w->rig, between.url, NULL, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct between_rule rule = {.command = "ACL GETUSER"};
        snprintf(rule.answer, sizeof rule.answer,
            "*8\r\n$5\r\nflags\r\n*2\r\n$2\r\non\r\n$6\r\nnopass\r\n$9\r\npasswords\r\n*0\r\n"
            "$8\r\ncommands\r\n$13\r\n-@all +unlink\r\n$4\r\nkeys\r\n%s",
            rows[i].keys);
        between_rule(&between, rule);
        w->rights = rights_new(w->rig->link);
        look(w);
        assert_int_equal(between_met(&between), 1);
        assert_int_equal(rights_words(w->rights)[0] != '\0', rows[i].may);
        rights_free(w->rights);
        w->rights = NULL;
    }
    between_stop(&between);
}

/* The line of examples/redis/voxkeeper.acl: enough for all that a sweep does, and no more. */
static void the_user_of_the_example_cannot_and_needs_no_more(void **state)
{
    struct world *w = *state;
    struct sweep_rig *r = w->rig;
    char acl[1024] = "";
    FILE *f = fopen(example, "r");
    assert_non_null(f);
    assert_non_null(fgets(acl, sizeof acl, f));
    fclose(f);
    acl[strcspn(acl, "\n")] = '\0';
    for (char *c = acl; (c = strchr(c, '%')); c++)
        fail_msg("a %% in %s", acl);
    connect_as(w, "voxkeeper", acl);
    look(w);
    assert_string_equal(rights_words(w->rights), "");
    sweeper_limit(r->sweeper,
        &(struct sweep_limits){
            .max_latency = USEC_PER_MSEC, .max_delete = {10, SWEEP_FUSE_NO_SHARE}, .lease = true});
    sweep_rig_task(r, "stuck", true, 2 * USEC_PER_DAY, 0);
    rig_redis_run(r->c, "SET elevenlabs:conversation:1 {}");
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, 1);
    assert_false(witness_heard("without its lease"));
    redisReply *log = rig_redis_do(r->c, "ACL LOG");
    for (size_t i = 0; i < log->elements; i++) {
        const char *object = log->element[i]->element[7]->str;
        /* What rights_look() found out by, and what needs a Redis of 7.2. */
        if (!strstr(object, "__voxkeeper_canary__") && !strstr(object, "acl|dryrun") &&
            !strstr(object, "client"))
            fail_msg("refused: %s", object);
    }
    freeReplyObject(log);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(the_default_user_could),
        TEST(one_that_may_not_ask_is_found_out_by_reading),
        TEST(one_that_may_ask_and_not_delete),
        TEST(redis_6_tells_the_rules),
        TEST(redis_6_tells_of_rules_that_do_not_reach_it),
        TEST(redis_6_tells_of_commands_that_delete_nothing),
        TEST(a_list_of_keys_as_redis_6_has_it),
        TEST(the_user_of_the_example_cannot_and_needs_no_more),
    };
    example = argc > 1 ? argv[1] : "examples/redis/voxkeeper.acl";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
