/* daemon/sweep/sweeper beside others: it holds up neither our loop nor Redis, and says what it
 * cost. */
#include "sweep_rig.h"

#include "base/span.h"
#include "core/sweep/pacer.h"
#include "redis_between.h"

#include <time.h>

static int setup(void **state)
{
    *state = sweep_rig_up(NULL);
    return 0;
}

static int teardown(void **state)
{
    sweep_rig_free(*state);
    return 0;
}

static void plant(struct sweep_rig *r, int n, size_t size)
{
    char *fill = malloc(size + 1);
    memset(fill, 'x', size);
    fill[size] = '\0';
    for (int i = 0; i < n; i++)
        redisAppendCommand(r->c,
            "SET cursor_task:%d-%d {\"pending\":true,\"createdAt\":1700000000,\"text\":\"%s\"}",
            (int)size, i, fill);
    for (int i = 0; i < n; i++) {
        void *reply = NULL;
        assert_int_equal(redisGetReply(r->c, &reply), REDIS_OK);
        freeReplyObject(reply);
    }
    free(fill);
}

/* ---- the loop ---- */

/* What one turn of the loop takes of the processor. By the clock on the wall it would be as long as
 * the machine is busy with others. */
struct turns {
    uv_prepare_t prepare;
    usec_t since;
    usec_t longest;
    usec_t all;
    bool closed;
};

static usec_t processor_time(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / 1000;
}

static void on_turn(uv_prepare_t *prepare)
{
    struct turns *t = prepare->data;
    usec_t now = processor_time();
    usec_t took = t->since > 0 ? now - t->since : 0;
    t->longest = took > t->longest ? took : t->longest;
    t->all += took;
    t->since = now;
}

static void on_closed(uv_handle_t *handle)
{
    ((struct turns *)handle->data)->closed = true;
}

static bool is_closed(void *arg)
{
    return ((struct turns *)arg)->closed;
}

static void the_loop_turns_all_the_while(void **state)
{
    struct sweep_rig *r = *state;
    struct turns turns = {.prepare = {.data = &turns}};
    plant(r, 20000, 400);
    plant(r, 200, 20000);
    plant(r, 40, 256 * 1024 - 100);
    uv_prepare_init(loop_uv(r->loop), &turns.prepare);
    uv_prepare_start(&turns.prepare, on_turn);
    sweep_rig_run(r, (struct sweep_request){.dry_run = true});
    sweep_rig_went_well(r);
    sweep_rig_run(r, (struct sweep_request){0});
    uv_close((uv_handle_t *)&turns.prepare, on_closed);
    rig_wait(r->loop, is_closed, &turns);
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, 20240);
    /* In milliseconds it is in docs/bench.md; under a sanitizer everything takes longer. */
    assert_true(turns.longest <= turns.all / 20);
}

/* ---- Redis ---- */

static void says_what_it_spent(void **state)
{
    struct sweep_rig *r = *state;
    plant(r, 5000, 400);
    rig_redis_run(r->c, "CONFIG RESETSTAT");
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    const struct sweep_spent *s = &r->summary.spent;
    long long seen = 0;
    redisReply *stats = rig_redis_do(r->c, "INFO commandstats");
    for (const char *at = stats->str; (at = strstr(at, "cmdstat_")); at++) {
        static const char *const others[] = {"ping:", "config|", "hello", "client|"};
        bool ours = true;
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            ours = ours && strncmp(at + 8, others[i], strlen(others[i])) != 0;
        seen += ours ? atoll(strstr(at, "calls=") + 6) : 0;
    }
    freeReplyObject(stats);
    /* The commands inside of scripts are Redis' own count: four for each key, one for each call. */
    long long inside = 4 * 5000;
    assert_in_range(s->commands, 3 * 5000, 8 * 5000);
    assert_true((long long)s->commands <= seen && seen <= (long long)s->commands + 2 * inside);
    assert_in_range(s->bytes_received, 5000 * 400 / 20, 5000 * 1000);
    assert_in_range(s->bytes_sent, 5000 * 400 / 20, 5000 * 2000);
    assert_true(s->worked > 0 && s->worked + s->rested <= r->summary.took + 10 * USEC_PER_MSEC);
    assert_true(s->pings > 0);
    assert_true(s->ping_floor > 0 && s->ping_floor <= s->ping_p50);
    assert_true(s->ping_p50 <= s->ping_p99 && s->ping_p99 <= s->ping_max);
    assert_false(s->strained);
}

static bool strain_is_known(void *arg)
{
    struct sweep_progress progress; /* it asks for that before it sends its first PING */
    return sweeper_progress(((struct sweep_rig *)arg)->sweeper, &progress) && progress.latency > 0;
}

static bool some_are_found(void *arg)
{
    struct sweep_progress progress;
    return sweeper_progress(((struct sweep_rig *)arg)->sweeper, &progress) &&
           progress.findings >= 500;
}

/* With the signal that Redis itself has for it. */
static void end_the_save(const struct sweep_rig *r)
{
    char path[80];
    long child = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", r->redis.pid, r->redis.pid);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld", &child), 1);
    fclose(f);
    assert_int_equal(kill((pid_t)child, SIGUSR1), 0);
}

static void beside_a_fork_it_trickles(void **state)
{
    struct sweep_rig *r = *state;
    struct between between;
    plant(r, 5000, 400);
    sweep_rig_run(r, (struct sweep_request){.dry_run = true});
    sweep_rig_went_well(r);
    const struct sweep_spent *s = &r->summary.spent;
    assert_true(s->rested <= 2 * s->worked);
    rig_redis_run(r->c, "CONFIG SET rdb-key-save-delay 1000000"); /* us a key: longer than a pass */
    rig_redis_run(r->c, "BGSAVE");
    between_start(&between, &r->redis);
    sweeper_free(r->sweeper);
    redis_link_free(r->link);
    sweep_rig_connect(r, between.url, NULL, NULL);
    between_rule(
        &between, (struct between_rule){.command = "SCAN", .deed = BETWEEN_HOLD, .times = 1});
    usec_t since = loop_now();
    sweep_rig_begin(r, (struct sweep_request){.dry_run = true});
    rig_wait(r->loop, strain_is_known, r);
    between_let(&between);
    usec_t held = loop_now() - since;
    while (!some_are_found(r))
        sweep_rig_move(r);
    sweeper_cancel(r->sweeper);
    sweep_rig_finish(r);
    end_the_save(r);
    between_stop(&between);
    assert_true(s->strained);
    assert_true(s->rested > 3 * usec_sub(s->worked, held));
}

static void without_a_second_connection_a_third_is_ours(void **state)
{
    struct sweep_rig *r = *state;
    plant(r, 5000, 400);
    sweeper_free(r->sweeper);
    r->sweeper = sweeper_new(r->loop, r->link);
    struct err e;
    assert_int_equal(sweeper_configure(r->sweeper, sweep_rig_keyspaces, 2, &(struct strlist){0},
                         15 * USEC_PER_MIN, &e),
        0);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    const struct sweep_spent *s = &r->summary.spent;
    assert_int_equal(s->pings, 0);
    assert_int_equal(s->count, 100);
    /* Each step's rest is rounded down, and the last ones may not have been worth a wake-up. */
    usec_t due = s->worked * (PACER_SHARE_MAX - PACER_SHARE_CAREFUL) / PACER_SHARE_CAREFUL;
    assert_true(s->rested <= due);
    /* None lasts for more than two seconds, however long the machine took for a step. */
    assert_true(
        s->rested + 10 * USEC_PER_MSEC >= due - s->commands || s->rested >= 2 * USEC_PER_SEC);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_loop_turns_all_the_while),
        TEST(says_what_it_spent),
        TEST(beside_a_fork_it_trickles),
        TEST(without_a_second_connection_a_third_is_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
