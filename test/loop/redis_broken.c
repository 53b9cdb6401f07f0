/* io/redis/redis_link against servers that no real Redis is: garbled, talkative, abrupt. */
#include "io/redis/redis_link.h"

#include "redis_fake.h"

#define PONG "+PONG\r\n"

struct world {
    struct loop *loop;
    struct fake fake;
    struct redis_link *link;
    enum redis_link_state states[16]; /* as they came */
    int n_states;
};

static void on_state(enum redis_link_state state, const char *why, void *arg)
{
    struct world *w = arg;
    (void)why;
    if (w->n_states < 16)
        w->states[w->n_states++] = state;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err e;
    signal(SIGPIPE, SIG_IGN);
    w->loop = loop_new(&e);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    redis_link_free(w->link);
    loop_free(w->loop);
    if (w->fake.pid > 0)
        fake_stop(&w->fake);
    free(w);
    return 0;
}

static void connect_to(struct world *w, const char *url)
{
    struct redis_link_conf conf = {.url = url,
        .connect_timeout = RIG_DEADLINE_SEC * USEC_PER_SEC,
        .command_timeout = RIG_DEADLINE_SEC * USEC_PER_SEC,
        .ping_interval = 50 * USEC_PER_MSEC};
    struct err e = {0};
    w->link = redis_link_new(w->loop, &conf, on_state, w, &e);
    assert_non_null(w->link);
}

/* The handshake without credentials is CLIENT SETNAME, CLIENT NO-TOUCH, PING. */
static void meet(struct world *w, const struct fake_script *scripts, int n)
{
    memcpy(w->fake.scripts, scripts, sizeof *scripts * (size_t)n);
    w->fake.n_scripts = n;
    fake_start(&w->fake);
    connect_to(w, w->fake.url);
}

static bool is_down(void *arg)
{
    return redis_link_state(((struct world *)arg)->link) == REDIS_LINK_DOWN;
}

static bool is_up(void *arg)
{
    return redis_link_state(((struct world *)arg)->link) == REDIS_LINK_UP;
}

static bool is_refused(void *arg)
{
    return redis_link_state(((struct world *)arg)->link) == REDIS_LINK_REFUSED;
}

static bool is_loading(void *arg)
{
    return redis_link_state(((struct world *)arg)->link) == REDIS_LINK_LOADING;
}

static void why_has(struct world *w, const char *text)
{
    if (!strstr(redis_link_why(w->link), text))
        fail_msg("why: \"%s\", not \"%s\"", redis_link_why(w->link), text);
}

/* Down with `why`, and then well: a broken connection costs no more than itself. */
static void breaks_and_recovers(struct world *w, struct fake_script broken, const char *why)
{
    struct fake_script scripts[] = {broken, {.answers = {"+OK\r\n", "+OK\r\n", PONG}}};
    meet(w, scripts, 2);
    rig_wait(w->loop, is_down, w);
    why_has(w, why);
    rig_wait(w->loop, is_up, w);
}

static void garbage(void **state)
{
    breaks_and_recovers(
        *state, (struct fake_script){.answers = {"HTTP/1.1 400 Bad Request\r\n\r\n"}}, "rotocol");
}

static void a_greeting_that_shifts_every_answer(void **state)
{
    breaks_and_recovers(*state,
        (struct fake_script){.greeting = "+HELLO\r\n", .answers = {"+OK\r\n", "+OK\r\n", PONG}},
        ""); /* as one too many, or in place of PONG: by which comes first */
}

static void two_answers_for_one_question(void **state)
{
    breaks_and_recovers(*state,
        (struct fake_script){.answers = {"+OK\r\n", "+OK\r\n", PONG PONG "*1\r\n:1\r\n"}},
        "nobody asked for");
}

static void an_array_of_two_thousand_millions(void **state)
{
    breaks_and_recovers(*state,
        (struct fake_script){.answers = {"+OK\r\n", "+OK\r\n", "*2000000000\r\n"}},
        "longer than anything");
}

static void an_array_in_place_of_pong(void **state)
{
    breaks_and_recovers(*state,
        (struct fake_script){.answers = {"+OK\r\n", "+OK\r\n", "*1\r\n$1\r\nx\r\n"}},
        "something else");
}

static void too_many_clients(void **state)
{
    breaks_and_recovers(*state,
        (struct fake_script){
            .greeting = "-ERR max number of clients reached\r\n", .answers = {FAKE_CLOSE}},
        "max number of clients");
}

static void an_end_in_the_middle_of_an_answer(void **state)
{
    breaks_and_recovers(*state, (struct fake_script){.answers = {"+O", FAKE_CLOSE}}, "");
}

static void control_bytes_in_an_error_do_not_reach_the_terminal(void **state)
{
    struct world *w = *state;
    struct fake_script scripts[] = {{.answers = {"+OK\r\n", "+OK\r\n", "-ERR \033[2Jboo\r\n"}}};
    meet(w, scripts, 1);
    rig_wait(w->loop, is_refused, w);
    why_has(w, "ERR ?[2Jboo");
}

static void misconf_serves_and_says_so(void **state)
{
    struct world *w = *state;
    struct fake_script scripts[] = {
        {.answers = {"+OK\r\n", "+OK\r\n", "-MISCONF cannot persist\r\n", PONG}}};
    meet(w, scripts, 1);
    rig_wait(w->loop, is_up, w);
    why_has(w, "MISCONF");
    while (redis_link_why(w->link)[0])
        uv_run(loop_uv(w->loop), UV_RUN_ONCE);
    assert_int_equal(w->n_states, 2);
    assert_int_equal(w->states[1], REDIS_LINK_UP);
}

static void busy_is_no_loss_of_the_connection(void **state)
{
    struct world *w = *state;
    struct fake_script scripts[] = {
        {.answers = {"+OK\r\n", "+OK\r\n", PONG, "-BUSY a script\r\n", PONG}}};
    meet(w, scripts, 1);
    rig_wait(w->loop, is_up, w);
    rig_wait(w->loop, is_loading, w);
    why_has(w, "BUSY");
    rig_wait(w->loop, is_up, w);
    assert_int_equal(w->n_states, 3);
    assert_int_equal(redis_link_connects(w->link), 1);
}

static void protected_mode_refuses(void **state)
{
    struct world *w = *state;
    struct fake_script scripts[] = {
        {.greeting = "-DENIED Redis is running in protected mode\r\n", .answers = {FAKE_CLOSE}}};
    meet(w, scripts, 1);
    rig_wait(w->loop, is_refused, w);
    why_has(w, "DENIED");
}

static void nobody_listens(void **state)
{
    struct world *w = *state;
    connect_to(w, "redis://127.0.0.1:1");
    rig_wait(w->loop, is_down, w);
    why_has(w, "Connection refused");
}

static void a_name_is_resolved(void **state)
{
    struct world *w = *state;
    struct fake_script script = {.answers = {"+OK\r\n", "+OK\r\n", PONG}};
    w->fake.scripts[0] = script;
    w->fake.n_scripts = 1;
    fake_start(&w->fake);
    char url[64];
    snprintf(url, sizeof url, "redis://localhost:%s", strrchr(w->fake.url, ':') + 1);
    connect_to(w, url);
    rig_wait(w->loop, is_up, w);
}

static void a_name_that_does_not_exist(void **state)
{
    struct world *w = *state;
    connect_to(w, "redis://no-such-host.invalid");
    rig_wait(w->loop, is_down, w);
    why_has(w, "resolve host \"no-such-host.invalid\"");
}

static void freed_while_resolving(void **state)
{
    struct world *w = *state;
    connect_to(w, "redis://no-such-host.invalid");
    uv_run(loop_uv(w->loop), UV_RUN_NOWAIT);
    uv_run(loop_uv(w->loop), UV_RUN_NOWAIT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(garbage),
        TEST(a_greeting_that_shifts_every_answer),
        TEST(two_answers_for_one_question),
        TEST(an_array_of_two_thousand_millions),
        TEST(an_array_in_place_of_pong),
        TEST(too_many_clients),
        TEST(an_end_in_the_middle_of_an_answer),
        TEST(control_bytes_in_an_error_do_not_reach_the_terminal),
        TEST(misconf_serves_and_says_so),
        TEST(busy_is_no_loss_of_the_connection),
        TEST(protected_mode_refuses),
        TEST(nobody_listens),
        TEST(a_name_is_resolved),
        TEST(a_name_that_does_not_exist),
        TEST(freed_while_resolving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
