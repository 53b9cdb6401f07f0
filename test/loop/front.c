/* daemon/workers/front: public sockets of our own and from the service manager, and what becomes of
 * them.
 */
#include "daemon/workers/front.h"

#include "io/sockets/listener.h"
#include "lib/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static struct inherited passed;
static uint16_t port; /* of the passed socket */

static struct config conf_of(enum config_handover mode, uint16_t listen)
{
    struct config c = {.agent = {.handover = mode, .workers = 1}};
    c.agent.listen[0] =
        (struct endpoint){.family = ENDPOINT_INET, .port = listen, .addr = {127, 0, 0, 1}};
    c.agent.n_listen = mode == HANDOVER_NONE ? 0 : 1;
    return c;
}

static int listen_at(uint16_t at)
{
    const struct endpoint ep = {.family = ENDPOINT_INET, .port = at, .addr = {127, 0, 0, 1}};
    struct err e;
    int fd = listener_open(&ep, 16, &e);
    assert_true(fd >= 0);
    return fd;
}

static uint16_t free_port(void)
{
    int fd = listen_at(0);
    uint16_t found = listener_port(fd);
    close(fd);
    return found;
}

/* One socket as a socket unit would pass it. */
static int set_up(void **state)
{
    (void)state;
    witness_begin();
    int fd = listen_at(0);
    port = listener_port(fd);
    return inherited_give(&passed, fd, "web");
}

static int tear_down(void **state)
{
    (void)state;
    inherited_fini(&passed);
    witness_end();
    return 0;
}

static struct front *open_front(const struct config *c)
{
    struct err e = {0};
    struct front *f = front_new(c, (struct front_sources){.inherited = &passed}, "", &e);
    if (!f)
        fail_msg("%s", e.msg);
    return f;
}

static void what_listen_names_is_taken_from_the_manager(void **state)
{
    (void)state;
    struct config c = conf_of(HANDOVER_LISTEN_FDS, port);
    int fd = passed.items[0].fd;
    struct front *f = open_front(&c);
    assert_int_equal(front_spec(f).n, 1);
    assert_int_equal(front_spec(f).public_fds[0], fd);
    assert_int_equal(passed.n, 0);
    assert_true(front_is_inherited(f));
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    witness_must_not("wait for ever");
    front_free(f);
    /* It is the manager's, and there for the next who asks. */
    assert_int_equal(passed.n, 1);
    assert_int_equal(passed.items[0].fd, fd);
    assert_string_equal(passed.items[0].name, "web");
}

static void a_reload_gives_it_back_and_takes_it_again(void **state)
{
    (void)state;
    struct config with = conf_of(HANDOVER_LISTEN_FDS, port);
    struct config without = conf_of(HANDOVER_LISTEN_FDS, free_port());
    struct err e = {0};
    struct front *f = open_front(&with);
    assert_int_equal(front_configure(f, &without, &e), 0);
    assert_int_equal(passed.n, 1);
    assert_false(front_is_inherited(f));
    witness_must("passed it as \"web\", and no Listen= in [Agent] names it");
    assert_int_equal(front_configure(f, &with, &e), 0);
    assert_int_equal(passed.n, 0);
    assert_true(front_is_inherited(f));
    front_free(f);
}

static void with_none_it_is_told_that_nobody_answers(void **state)
{
    (void)state;
    struct config c = conf_of(HANDOVER_NONE, 0);
    struct front *f = open_front(&c);
    assert_int_equal(passed.n, 1);
    witness_must("with Handover=none workers do not get it");
    front_free(f);
}

static void a_passed_socket_in_the_way_is_named(void **state)
{
    (void)state;
    struct config c = conf_of(HANDOVER_LISTEN_FDS, port);
    struct err e = {0};
    c.agent.listen[0] = (struct endpoint){.family = ENDPOINT_INET6, .port = port};
    assert_null(front_new(&c, (struct front_sources){.inherited = &passed}, "", &e));
    assert_int_equal(e.code, -EADDRINUSE);
    assert_non_null(strstr(e.msg, "127.0.0.1"));
    assert_non_null(strstr(e.msg, "passed as \"web\""));
    assert_int_equal(passed.n, 1);
}

static void all_of_ipv4_stands_for_all(void **state)
{
    (void)state;
    const struct endpoint all = {.family = ENDPOINT_INET};
    struct config c = conf_of(HANDOVER_LISTEN_FDS, 0);
    struct err e = {0};
    int fd = listener_open(&all, 16, &e);
    assert_true(fd >= 0);
    c.agent.listen[0] = (struct endpoint){.family = ENDPOINT_INET6, .port = listener_port(fd)};
    assert_int_equal(inherited_give(&passed, fd, "web"), 0);
    struct front *f = open_front(&c);
    assert_int_equal(front_spec(f).public_fds[0], fd);
    front_free(f);
}

static void a_refused_listen_changes_nothing(void **state)
{
    (void)state;
    struct config c = conf_of(HANDOVER_LISTEN_FDS, port);
    struct config bad = conf_of(HANDOVER_LISTEN_FDS, free_port());
    struct err e = {0};
    int taken = listen_at(0);
    struct front *f = open_front(&c);
    int fd = front_spec(f).public_fds[0];
    bad.agent.listen[1] = (struct endpoint){
        .family = ENDPOINT_INET, .port = listener_port(taken), .addr = {127, 0, 0, 1}};
    bad.agent.n_listen = 2;
    assert_int_equal(front_configure(f, &bad, &e), -EADDRINUSE);
    assert_int_equal(front_spec(f).n, 1);
    assert_int_equal(front_spec(f).public_fds[0], fd);
    /* What it had opened already is closed again. */
    close(listen_at(bad.agent.listen[0].port));
    front_free(f);
    close(taken);
}

static void who_falls_back_is_closed_for_good(void **state)
{
    (void)state;
    struct config c = conf_of(HANDOVER_PRELOAD, free_port());
    struct err e = {0};
    struct front *f = open_front(&c);
    assert_true(front_overlaps(f));
    front_fall_back(f, "it is static");
    assert_int_equal(front_mode(f), HANDOVER_NONE);
    assert_false(front_overlaps(f));
    close(listen_at(c.agent.listen[0].port));
    assert_int_equal(front_configure(f, &c, &e), 0);
    assert_int_equal(front_mode(f), HANDOVER_NONE);
    c.agent.workers = 2;
    assert_int_equal(front_configure(f, &c, &e), -EINVAL);
    assert_non_null(strstr(e.msg, "it is static"));
    front_free(f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(what_listen_names_is_taken_from_the_manager),
        T(a_reload_gives_it_back_and_takes_it_again),
        T(with_none_it_is_told_that_nobody_answers),
        T(a_passed_socket_in_the_way_is_named),
        T(all_of_ipv4_stands_for_all),
        T(a_refused_listen_changes_nothing),
        T(who_falls_back_is_closed_for_good),
#undef T
    };
    /* Where the shim lies in the build tree. */
    setenv("VOXKEEPER_PRELOAD_DIR", argc > 1 ? argv[1] : "", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
