/* io/child/handover: what a worker is given, what its shim tells, and what it is told. */
#include "io/child/handover.h"

#include "fixture.h"
#include "voxkeeper/handover.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* We play the worker: the descriptors that it would inherit are used in place. */
struct scene {
    struct bench bench;
    struct handover *handover;
    struct child_fd fds[HANDOVER_FDS_MAX];
    unsigned n_fds;
    unsigned changes;
    int control;
};

static const struct endpoint public_endpoints[] = {
    {.family = ENDPOINT_INET6, .port = 3004},
    {.family = ENDPOINT_UNIX, .path = "/run/agent.sock"},
};

static void on_change(void *arg)
{
    struct scene *s = arg;
    s->changes++;
    bench_wake(&s->bench);
}

static void open_scene(struct scene *s)
{
    static const int public_fds[] = {0, 1};
    struct err e;
    *s = (struct scene){0};
    bench_open(&s->bench);
    s->handover = handover_new(s->bench.loop,
        &(struct handover_spec){.mode = HANDOVER_PRELOAD,
            .endpoints = public_endpoints,
            .public_fds = public_fds,
            .n = 2,
            .library = "/lib/shim.so",
            .node_helper = "/lib/drain.cjs"},
        on_change, s, &e);
    assert_non_null(s->handover);
    handover_add_fds(s->handover, s->fds, &s->n_fds);
    s->control = dup(s->fds[s->n_fds - 1].source);
}

static void close_scene(struct scene *s)
{
    handover_free(s->handover);
    if (s->control >= 0)
        close(s->control);
    bench_close(&s->bench);
}

static void tell_of(struct scene *s, uint8_t listener, enum vk_handover_kind kind, uint16_t value)
{
    const struct vk_handover_message m = {
        .kind = (uint8_t)kind, .listener = listener, .value = value};
    unsigned before = s->changes;
    assert_int_equal(send(s->control, &m, sizeof m, 0), sizeof m);
    bench_wait(&s->bench, s->changes > before);
}

static void tell(struct scene *s, enum vk_handover_kind kind, uint16_t value)
{
    tell_of(s, 1, kind, value);
}

static const char *variable(const struct strlist *env, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < env->n; i++) {
        if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
            return env->items[i] + len + 1;
    }
    return NULL;
}

static void a_worker_gets_numbers_that_agree(void **state)
{
    (void)state;
    struct scene s;
    struct strlist env = {0};
    char *pid_text = NULL;
    open_scene(&s);
    assert_int_equal(strlist_add(&env, "LD_PRELOAD=/lib/other.so"), 0);
    assert_int_equal(strlist_add(&env, "NODE_OPTIONS=--max-old-space-size=100"), 0);
    assert_int_equal(handover_add_environment(s.handover, &env, &pid_text), 0);
    assert_int_equal(s.n_fds, 5);
    for (unsigned i = 0; i < s.n_fds; i++)
        assert_int_equal(s.fds[i].target, 3 + (int)i);
    assert_string_equal(variable(&env, "VOXKEEPER_HANDOVER_LISTEN_1"), "3 4 3004");
    assert_string_equal(variable(&env, "VOXKEEPER_HANDOVER_LISTEN_2"), "5 6 /run/agent.sock");
    assert_string_equal(variable(&env, "VOXKEEPER_HANDOVER_CONTROL"), "7");
    assert_string_equal(variable(&env, "LD_PRELOAD"), "/lib/shim.so:/lib/other.so");
    assert_string_equal(
        variable(&env, "NODE_OPTIONS"), "--require=/lib/drain.cjs --max-old-space-size=100");
    assert_string_equal(variable(&env, "UV_USE_IO_URING"), "0");
    assert_ptr_equal(variable(&env, "VOXKEEPER_HANDOVER_PID"), pid_text);
    assert_int_equal(strlen(pid_text), CHILD_PID_TEXT);
    strlist_fini(&env);
    close_scene(&s);
}

static void what_the_shim_tells_is_known(void **state)
{
    (void)state;
    struct scene s;
    char why[HANDOVER_WHY_MAX];
    open_scene(&s);
    assert_non_null(strstr(handover_why(s.handover, why), "not loaded"));
    tell(&s, VK_HANDOVER_HELLO, VK_HANDOVER_VERSION);
    assert_non_null(strstr(handover_why(s.handover, why), "bound no port"));
    tell(&s, VK_HANDOVER_OTHER, 8080);
    assert_non_null(strstr(handover_why(s.handover, why), "port 8080"));
    tell(&s, VK_HANDOVER_TAKEN, 0);
    assert_non_null(strstr(handover_why(s.handover, why), "not bound /run/agent.sock"));
    tell_of(&s, 2, VK_HANDOVER_TAKEN, 0);
    assert_int_equal(handover_state(s.handover)->taken, 3);
    assert_string_equal(handover_why(s.handover, why), "");
    tell(&s, VK_HANDOVER_ACTIVE, 0);
    assert_true(handover_state(s.handover)->active);
    tell(&s, VK_HANDOVER_PAUSED, 0);
    assert_false(handover_state(s.handover)->active);
    tell(&s, VK_HANDOVER_REFUSED, ENOTSOCK);
    assert_non_null(strstr(handover_why(s.handover, why), "inert"));
    close_scene(&s);
}

static void a_worker_is_told_to_begin_and_to_pause(void **state)
{
    (void)state;
    struct scene s;
    struct vk_handover_message m;
    open_scene(&s);
    assert_false(handover_state(s.handover)->active);
    handover_activate(s.handover);
    assert_int_equal(recv(s.control, &m, sizeof m, 0), sizeof m);
    assert_int_equal(m.kind, VK_HANDOVER_ACTIVATE);
    /* Whether it has read that is not known, nor whether it has callers already. */
    assert_true(handover_state(s.handover)->active);
    handover_pause(s.handover);
    assert_int_equal(recv(s.control, &m, sizeof m, 0), sizeof m);
    assert_int_equal(m.kind, VK_HANDOVER_PAUSE);
    assert_true(handover_state(s.handover)->active);
    tell(&s, VK_HANDOVER_PAUSED, 0);
    assert_false(handover_state(s.handover)->active);
    close_scene(&s);
}

static void a_worker_that_is_gone_is_no_trouble(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    handover_started(s.handover);
    unsigned before = s.changes;
    close(s.control);
    s.control = -1;
    bench_wait(&s.bench, s.changes > before);
    handover_activate(s.handover);
    close_scene(&s);
}

static void each_worker_has_an_address_of_its_own(void **state)
{
    (void)state;
    struct scene a;
    struct scene b;
    open_scene(&a);
    open_scene(&b);
    assert_true(handover_private(a.handover)->port > 0);
    assert_int_not_equal(handover_private(a.handover)->port, handover_private(b.handover)->port);
    close_scene(&b);
    close_scene(&a);
}

static void what_is_told_is_known_without_a_turn_of_the_loop(void **state)
{
    (void)state;
    struct scene s;
    const struct vk_handover_message m = {.kind = VK_HANDOVER_HELLO};
    open_scene(&s);
    assert_int_equal(send(s.control, &m, sizeof m, 0), sizeof m);
    handover_look(s.handover);
    assert_true(handover_state(s.handover)->loaded);
    assert_int_equal(s.changes, 0);
    close_scene(&s);
}

static void open_activation(struct scene *s, bool private)
{
    static const int public_fds[] = {0, 1};
    struct err e;
    *s = (struct scene){.control = -1};
    bench_open(&s->bench);
    s->handover = handover_new(s->bench.loop,
        &(struct handover_spec){.mode = HANDOVER_LISTEN_FDS,
            .endpoints = public_endpoints,
            .public_fds = public_fds,
            .n = 2,
            .private = private},
        on_change, s, &e);
    assert_non_null(s->handover);
    handover_add_fds(s->handover, s->fds, &s->n_fds);
}

static int source_at(const struct scene *s, int target)
{
    for (unsigned i = 0; i < s->n_fds; i++) {
        if (s->fds[i].target == target)
            return s->fds[i].source;
    }
    return -1;
}

static void socket_activation_has_the_public_ones_first(void **state)
{
    (void)state;
    struct scene s;
    struct strlist env = {0};
    char *pid_text = NULL;
    open_activation(&s, false);
    assert_int_equal(s.n_fds, 2);
    assert_int_equal(source_at(&s, 3), 0);
    assert_int_equal(source_at(&s, 4), 1);
    assert_int_equal(handover_add_environment(s.handover, &env, &pid_text), 0);
    assert_string_equal(variable(&env, "LISTEN_FDS"), "2");
    assert_string_equal(variable(&env, "LISTEN_FDNAMES"), "public:public");
    assert_ptr_equal(variable(&env, "LISTEN_PID"), pid_text);
    assert_int_equal(strlen(pid_text), CHILD_PID_TEXT);
    assert_null(variable(&env, "LD_PRELOAD"));
    assert_null(handover_private(s.handover));
    assert_false(handover_has_shim(s.handover));
    handover_pause(s.handover); /* there is nobody to tell */
    strlist_fini(&env);
    close_scene(&s);
}

static void call_private(const struct scene *s)
{
    const struct endpoint *at = handover_private(s->handover);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(at->port)};
    memcpy(&to.sin_addr, at->addr, sizeof to.sin_addr);
    int caller = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(caller, (const struct sockaddr *)&to, sizeof to), 0);
    close(caller);
}

static void a_private_listener_that_nobody_serves_is_told(void **state)
{
    (void)state;
    struct scene s;
    struct strlist env = {0};
    char *pid_text = NULL;
    char why[HANDOVER_WHY_MAX];
    open_activation(&s, true);
    assert_int_equal(handover_add_environment(s.handover, &env, &pid_text), 0);
    assert_string_equal(variable(&env, "LISTEN_FDS"), "3");
    assert_string_equal(variable(&env, "LISTEN_FDNAMES"), "public:public:private");
    handover_started(s.handover);
    assert_string_equal(handover_why(s.handover, why), "");
    call_private(&s);
    assert_non_null(strstr(handover_why(s.handover, why), "\"private\" (5)"));
    int served = accept(source_at(&s, 5), NULL, NULL);
    assert_true(served >= 0);
    assert_string_equal(handover_why(s.handover, why), "");
    close(served);
    strlist_fini(&env);
    close_scene(&s);
}

/* The kernel tells of what nobody read before it gives out what was said. */
static void the_last_words_of_one_that_died_unheard_are_heard(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    const struct vk_handover_message hello = {.kind = VK_HANDOVER_HELLO, .value = 1};
    const struct vk_handover_message other = {.kind = VK_HANDOVER_OTHER, .value = 8080};
    handover_activate(s.handover);
    assert_int_equal(send(s.control, &hello, sizeof hello, 0), sizeof hello);
    assert_int_equal(send(s.control, &other, sizeof other, 0), sizeof other);
    close(s.control);
    handover_started(s.handover); /* the last descriptor of that end */
    bench_wait(&s.bench, s.changes > 0);
    assert_true(handover_state(s.handover)->loaded);
    assert_int_equal(handover_state(s.handover)->other_port, 8080);
    s.control = dup(STDERR_FILENO);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_gets_numbers_that_agree),
        cmocka_unit_test(what_the_shim_tells_is_known),
        cmocka_unit_test(what_is_told_is_known_without_a_turn_of_the_loop),
        cmocka_unit_test(a_worker_is_told_to_begin_and_to_pause),
        cmocka_unit_test(a_worker_that_is_gone_is_no_trouble),
        cmocka_unit_test(socket_activation_has_the_public_ones_first),
        cmocka_unit_test(a_private_listener_that_nobody_serves_is_told),
        cmocka_unit_test(each_worker_has_an_address_of_its_own),
        cmocka_unit_test(the_last_words_of_one_that_died_unheard_are_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
