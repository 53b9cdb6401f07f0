/* daemon/workers/connections: one answer of the kernel for all who ask, without our own
 * connections. */
#include "daemon/workers/connections.h"

#include "caller.h"
#include "cmocka_all.h"
#include "io/http/http_client.h"
#include "pump.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUESTIONS = 3 };

static struct {
    struct pump pump;
    struct http_client *http;
    struct connections *connections;
    struct config config;
    struct connections_question questions[QUESTIONS];
    int told[QUESTIONS]; /* how often */
    size_t n[QUESTIONS]; /* connections, the last time */
    pid_t owner;         /* of the last one told */
    int listener;
    uint16_t port;
} rig;

static void on_told(const struct sock_connections *list, void *arg)
{
    size_t i = (size_t)((int *)arg - rig.told);
    assert_non_null(list);
    rig.told[i]++;
    rig.n[i] = list->n;
    rig.owner = list->n > 0 ? list->items[list->n - 1].owner : 0;
}

static void ask(int i)
{
    connections_ask(rig.connections, &rig.questions[i], on_told, &rig.told[i]);
}

static bool is_told(void *arg)
{
    return *(int *)arg > 0;
}

/* How many there are by an answer that begins now. */
static size_t count(void)
{
    rig.told[0] = 0;
    ask(0);
    pump_until(&rig.pump, is_told, &rig.told[0]);
    return rig.n[0];
}

static int set_up(void **state)
{
    struct err e;
    (void)state;
    memset(&rig, 0, sizeof rig);
    pump_init(&rig.pump);
    rig.listener = caller_listen(&rig.port);
    rig.config.agent.n_listen = 1;
    rig.config.agent.listen[0] =
        (struct endpoint){.family = ENDPOINT_INET, .addr = {127, 0, 0, 1}, .port = rig.port};
    rig.http = http_client_new(rig.pump.loop, &e);
    assert_non_null(rig.http);
    rig.connections = connections_new(rig.pump.loop, rig.http, &rig.config);
    assert_non_null(rig.connections);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    connections_free(rig.connections);
    http_client_free(rig.http);
    pump_fini(&rig.pump);
    close(rig.listener);
    return 0;
}

static void hang_up(pid_t caller)
{
    caller_hang_up(caller);
    assert_int_equal(waitpid(caller, NULL, 0), caller);
}

static void all_who_ask_are_told_by_the_loop(void **state)
{
    usec_t age;
    (void)state;
    assert_null(connections_newest(rig.connections, &age));
    for (int i = 0; i < QUESTIONS; i++)
        ask(i);
    for (int i = 0; i < QUESTIONS; i++)
        assert_int_equal(rig.told[i], 0);
    for (int i = 0; i < QUESTIONS; i++)
        pump_until(&rig.pump, is_told, &rig.told[i]);
    for (int i = 0; i < QUESTIONS; i++) {
        assert_int_equal(rig.told[i], 1);
        assert_int_equal(rig.n[i], 0);
    }
    const struct sock_connections *newest = connections_newest(rig.connections, &age);
    assert_non_null(newest);
    assert_int_equal(newest->n, 0);
}

/* The kernel is being asked already: what it says then may be from before. */
static void an_answer_begins_after_its_question(void **state)
{
    (void)state;
    ask(0);
    pid_t caller = caller_begin(rig.port);
    ask(1);
    pump_until(&rig.pump, is_told, &rig.told[1]);
    assert_int_equal(rig.told[0], 1);
    assert_int_equal(rig.told[1], 1);
    assert_int_equal(rig.n[1], 1);
    hang_up(caller);
    assert_int_equal(count(), 0);
}

static void ask_again(const struct sock_connections *list, void *arg)
{
    pid_t *caller = arg;
    (void)list;
    *caller = caller_begin(rig.port);
    ask(1);
    assert_int_equal(rig.told[1], 0);
}

static void who_asks_out_of_an_answer_gets_another(void **state)
{
    pid_t caller = 0;
    (void)state;
    connections_ask(rig.connections, &rig.questions[0], ask_again, &caller);
    ask(2);
    pump_until(&rig.pump, is_told, &rig.told[1]);
    assert_int_equal(rig.n[1], 1);
    assert_int_equal(rig.told[2], 1);
    hang_up(caller);
}

static void who_drops_a_question_is_not_told(void **state)
{
    (void)state;
    ask(0);
    ask(1);
    ask(1); /* anew */
    connections_drop(rig.connections, &rig.questions[0]);
    connections_drop(rig.connections, &rig.questions[2]); /* none was put */
    pump_until(&rig.pump, is_told, &rig.told[1]);
    assert_int_equal(count(), 0);
    assert_int_equal(rig.told[0], 1);
    assert_int_equal(rig.told[1], 1);
    ask(2); /* and is left open */
    connections_drop(rig.connections, &rig.questions[2]);
}

static size_t ourselves(pid_t out[LIMIT_WORKERS], void *arg)
{
    (void)arg;
    out[0] = getpid();
    return 1;
}

static void owners_are_told(void **state)
{
    (void)state;
    pid_t caller = caller_begin(rig.port);
    assert_int_equal(count(), 1);
    assert_int_equal(rig.owner, 0);
    connections_of_owners(rig.connections, ourselves, NULL);
    assert_int_equal(count(), 1);
    assert_int_equal(rig.owner, 0); /* nobody has accepted it */
    int fd = accept(rig.listener, NULL, NULL);
    assert_int_equal(count(), 1);
    assert_int_equal(rig.owner, getpid());
    struct sock_connections now = {0};
    assert_int_equal(connections_list_now(rig.connections, &now), 0);
    assert_int_equal(now.n, 1);
    assert_int_equal(now.items[0].owner, getpid());
    sock_connections_fini(&now);
    hang_up(caller);
    close(fd);
}

static void on_answer(const struct http_answer *answer, void *arg)
{
    (void)answer;
    (void)arg;
    fail_msg("nobody was to answer");
}

struct arrival {
    int listener;
    int fd;
};

static bool has_arrived(void *arg)
{
    struct arrival *a = arg;
    if (a->fd < 0)
        a->fd = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC);
    return a->fd >= 0;
}

/* Neither while it waits for its answer, nor when it has gone and the worker has not noticed. */
static void what_we_ask_ourselves_does_not_count(void **state)
{
    struct err e;
    char url[64];
    (void)state;
    snprintf(url, sizeof url, "http://127.0.0.1:%u/health", rig.port);
    const struct http_spec spec = {.url = url, .timeout = 60 * USEC_PER_SEC};
    struct http_request *request = http_request_start(rig.http, &spec, on_answer, NULL, &e);
    assert_non_null(request);
    struct arrival ours = {rig.listener, -1};
    assert_int_equal(fcntl(rig.listener, F_SETFL, O_NONBLOCK), 0);
    pump_until(&rig.pump, has_arrived, &ours);
    assert_int_equal(count(), 0);
    pid_t caller = caller_begin(rig.port);
    assert_int_equal(count(), 1);
    http_request_cancel(request);
    assert_int_equal(count(), 1);
    struct sock_connections now = {0};
    assert_int_equal(connections_list_now(rig.connections, &now), 0);
    assert_int_equal(now.n, 1);
    sock_connections_fini(&now);
    hang_up(caller);
    assert_int_equal(count(), 0);
    close(ours.fd);
}

static void one_may_go_while_the_kernel_is_asked(void **state)
{
    (void)state;
    ask(0);
    connections_free(rig.connections);
    rig.connections = connections_new(rig.pump.loop, rig.http, &rig.config);
    assert_int_equal(count(), 0);
    ask(1);
    connections_refresh(rig.connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(all_who_ask_are_told_by_the_loop),
        T(an_answer_begins_after_its_question),
        T(who_asks_out_of_an_answer_gets_another),
        T(who_drops_a_question_is_not_told),
        T(owners_are_told),
        T(what_we_ask_ourselves_does_not_count),
        T(one_may_go_while_the_kernel_is_asked),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
