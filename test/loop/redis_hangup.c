/*
 * io/redis/redis_link where the other end speaks and hangs up between two of our own steps. The
 * server is in this process, and acts at the very moment that a case is about.
 */
#include "io/redis/redis_link.h"

#include "redis_rig.h"

#include <hiredis/async.h>

#define FAREWELL "-ERR max number of clients reached\r\n"

enum moment { WHEN_WE_CONNECT, BEFORE_OUR_FIRST_WRITE, AFTER_OUR_FIRST_WRITE };

struct world {
    struct loop *loop;
    struct redis_link *link;
    char dir[80];
    char url[120];
    int listener;
    int served; /* -1: nobody */
    enum moment moment;
    bool resets;
    const char *farewell;
    uv_prepare_t prepare; /* between a connect() of ours and the look whether it succeeded */
    int said;             /* farewells */
    int answers, errors, lost;
};

static struct world *now; /* for the wrapped function */

static void serve(struct world *w)
{
    if (w->served < 0)
        w->served = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC);
}

static void hang_up(struct world *w)
{
    struct linger reset = {.l_onoff = 1};
    serve(w);
    assert_true(w->served >= 0);
    size_t len = strlen(w->farewell);
    assert_int_equal(send(w->served, w->farewell, len, MSG_NOSIGNAL), len);
    if (w->resets)
        assert_int_equal(
            setsockopt(w->served, SOL_SOCKET, SO_LINGER, &reset, (socklen_t)sizeof reset), 0);
    close(w->served);
    w->served = -1;
    w->said++;
}

int __real_redisBufferWrite(redisContext *c, int *done);
int __wrap_redisBufferWrite(redisContext *c, int *done);

int __wrap_redisBufferWrite(redisContext *c, int *done)
{
    bool first = now->said == 0;
    if (first && now->moment == BEFORE_OUR_FIRST_WRITE)
        hang_up(now);
    int r = __real_redisBufferWrite(c, done);
    if (first && now->moment == AFTER_OUR_FIRST_WRITE)
        hang_up(now);
    return r;
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct world *w = prepare->data;
    if (w->moment != WHEN_WE_CONNECT || w->said > 0)
        return;
    serve(w);
    if (w->served >= 0)
        hang_up(w);
}

static void on_state(enum redis_link_state state, const char *why, void *arg)
{
    (void)state;
    (void)why;
    (void)arg;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err e;
    signal(SIGPIPE, SIG_IGN);
    w->loop = loop_new(&e);
    w->served = -1;
    w->farewell = FAREWELL;
    uv_prepare_init(loop_uv(w->loop), &w->prepare);
    w->prepare.data = w;
    now = w;
    *state = w;
    return 0;
}

static void listen_on_unix(struct world *w)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    const char *tmp = getenv("TMPDIR");
    snprintf(w->dir, sizeof w->dir, "%s/voxkeeper-hangup-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(w->dir));
    snprintf(un.sun_path, sizeof un.sun_path, "%s/s", w->dir);
    snprintf(w->url, sizeof w->url, "unix://%s/s", w->dir);
    w->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(w->listener, (struct sockaddr *)&un, sizeof un), 0);
    assert_int_equal(listen(w->listener, 16), 0);
}

static void listen_on_tcp(struct world *w)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;
    w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(w->listener, (struct sockaddr *)&in, len), 0);
    assert_int_equal(listen(w->listener, 16), 0);
    assert_int_equal(getsockname(w->listener, (struct sockaddr *)&in, &len), 0);
    snprintf(w->url, sizeof w->url, "redis://127.0.0.1:%d", ntohs(in.sin_port));
}

static void begin(struct world *w, bool over_unix)
{
    struct err e = {0};
    if (over_unix)
        listen_on_unix(w);
    else
        listen_on_tcp(w);
    const struct redis_link_conf conf = {.url = w->url,
        .connect_timeout = 20 * USEC_PER_SEC,
        .command_timeout = 20 * USEC_PER_SEC,
        .ping_interval = 20 * USEC_PER_SEC};
    uv_prepare_start(&w->prepare, on_prepare);
    w->link = redis_link_new(w->loop, &conf, on_state, w, &e);
    assert_non_null(w->link);
}

static void end(struct world *w)
{
    redis_link_free(w->link);
    w->link = NULL;
    uv_close((uv_handle_t *)&w->prepare, NULL);
    loop_free(w->loop);
    close(w->listener);
    if (w->served >= 0)
        close(w->served);
    if (w->dir[0]) {
        char path[100];
        snprintf(path, sizeof path, "%s/s", w->dir);
        unlink(path);
        rmdir(w->dir);
    }
}

static int teardown(void **state)
{
    struct world *w = *state;
    end(w);
    free(w);
    return 0;
}

static bool is_no_more_connecting(void *arg)
{
    return redis_link_state(((struct world *)arg)->link) != REDIS_LINK_CONNECTING;
}

static void why_is(struct world *w, enum redis_link_state state, const char *text)
{
    if (redis_link_state(w->link) != state || !strstr(redis_link_why(w->link), text))
        fail_msg("state %d, \"%s\", not %d, \"%s\"", redis_link_state(w->link),
            redis_link_why(w->link), state, text);
}

/* Everything that is said is heard, however it ends. */
static void is_told_why(
    struct world *w, bool over_unix, enum moment moment, bool resets, const char *why)
{
    w->moment = moment;
    w->resets = resets;
    begin(w, over_unix);
    rig_wait(w->loop, is_no_more_connecting, w);
    why_is(w, REDIS_LINK_DOWN, why);
    assert_int_equal(w->said, 1);
}

#define CASE(name, ...)                                                                            \
    static void name(void **state)                                                                 \
    {                                                                                              \
        is_told_why(*state, __VA_ARGS__, "max number of clients");                                 \
    }

CASE(unix_as_we_connect, true, WHEN_WE_CONNECT, false)
CASE(unix_before_our_first_write, true, BEFORE_OUR_FIRST_WRITE, false)
/* What is unread at its end resets the connection. */
CASE(unix_after_our_first_write, true, AFTER_OUR_FIRST_WRITE, false)
CASE(tcp_as_we_connect, false, WHEN_WE_CONNECT, false)
CASE(tcp_as_we_connect_with_a_reset, false, WHEN_WE_CONNECT, true)
CASE(tcp_before_our_first_write, false, BEFORE_OUR_FIRST_WRITE, false)
CASE(tcp_before_our_first_write_with_a_reset, false, BEFORE_OUR_FIRST_WRITE, true)
CASE(tcp_after_our_first_write, false, AFTER_OUR_FIRST_WRITE, false)

/* Without a word of it, the error of the write is all there is to say. */
static void unix_without_a_word(void **state)
{
    struct world *w = *state;
    w->farewell = "";
    is_told_why(w, true, BEFORE_OUR_FIRST_WRITE, false, "Broken pipe");
}

static void tcp_reset_without_a_word(void **state)
{
    struct world *w = *state;
    w->farewell = "";
    is_told_why(w, false, WHEN_WE_CONNECT, true, "Connection reset by peer");
}

static void refused(void **state)
{
    struct world *w = *state;
    w->farewell = "-DENIED Redis is running in protected mode\r\n";
    w->moment = BEFORE_OUR_FIRST_WRITE;
    begin(w, true);
    rig_wait(w->loop, is_no_more_connecting, w);
    why_is(w, REDIS_LINK_REFUSED, "DENIED");
}

/* ---- in the middle ---- */

static bool is_up(void *arg)
{
    return redis_link_state(((struct world *)arg)->link) == REDIS_LINK_UP;
}

static bool is_down(void *arg)
{
    return redis_link_state(((struct world *)arg)->link) == REDIS_LINK_DOWN;
}

/* The handshake: CLIENT SETNAME, CLIENT NO-TOUCH, PING. */
static void greet(struct world *w)
{
    static const char ok[] = "+OK\r\n+OK\r\n+PONG\r\n";
    w->said = 1; /* none of the farewells above */
    while (w->served < 0) {
        uv_run(loop_uv(w->loop), UV_RUN_NOWAIT);
        serve(w);
    }
    assert_int_equal(send(w->served, ok, sizeof ok - 1, MSG_NOSIGNAL), sizeof ok - 1);
    rig_wait(w->loop, is_up, w);
}

static void on_answer(const struct redis_value *reply, void *arg)
{
    struct world *w = arg;
    if (!reply)
        w->lost++;
    else if (reply->type == REDIS_ERROR)
        w->errors++;
    else
        w->answers++;
}

static void ask(struct world *w)
{
    assert_int_equal(
        redis_link_command(w->link, 1, (const char *const[]){"TIME"}, NULL, on_answer, w), 0);
    redis_link_flush(w->link);
}

/* Three are asked, two are answered and gone is the server; a fourth is asked after that. */
static void answers_outlast_a_write_that_fails(struct world *w, bool over_unix)
{
    begin(w, over_unix);
    greet(w);
    for (int i = 0; i < 3; i++)
        ask(w);
    w->farewell = "+1\r\n+2\r\n";
    hang_up(w);
    ask(w);
    ask(w);
    assert_int_equal(w->answers, 0);
    rig_wait(w->loop, is_down, w);
    assert_int_equal(w->answers, 2);
    assert_int_equal(w->errors, 0);
    assert_int_equal(w->lost, 3);
}

static void answers_outlast_a_write_that_fails_unix(void **state)
{
    answers_outlast_a_write_that_fails(*state, true);
}

static void answers_outlast_a_write_that_fails_tcp(void **state)
{
    answers_outlast_a_write_that_fails(*state, false);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unix_as_we_connect),
        TEST(unix_before_our_first_write),
        TEST(unix_after_our_first_write),
        TEST(tcp_as_we_connect),
        TEST(tcp_as_we_connect_with_a_reset),
        TEST(tcp_before_our_first_write),
        TEST(tcp_before_our_first_write_with_a_reset),
        TEST(tcp_after_our_first_write),
        TEST(unix_without_a_word),
        TEST(tcp_reset_without_a_word),
        TEST(refused),
        TEST(answers_outlast_a_write_that_fails_unix),
        TEST(answers_outlast_a_write_that_fails_tcp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
