/* What the service manager is told of descriptors, and what it hands over. */
#include "loop/keep_rig.h"

static void each_word(void **state)
{
    (void)state;
    struct pump b;
    pump_init(&b);
    struct keep *k = must_open(&b, NULL, "/nowhere");
    int a = new_file();
    int c = new_file();
    assert_int_equal(keep_where(k), KEEP_MANAGER);
    must_add(k, "w1.out", a);
    hears_put("vk.w1.out+1", a);
    must_add(k, "state", c);
    hears_put("vk.state+2", c);
    assert_int_equal(keep_count(k), 2);
    assert_int_equal(keep_waiting(k), 0);
    keep_remove(k, "w1.out");
    hears_drop("vk.w1.out+1");
    keep_remove(k, "w1.out");
    keep_remove(k, "never");
    assert_int_equal(keep_count(k), 1);
    keep_free(k);
    hears_nothing();
    assert_true(fcntl(a, F_GETFD) >= 0 && fcntl(c, F_GETFD) >= 0);
    close(a);
    close(c);
    pump_fini(&b);
}

static void at_each_moment_one_of_a_name_is_kept(void **state)
{
    (void)state;
    struct pump b;
    pump_init(&b);
    struct keep *k = must_open(&b, NULL, NULL);
    int a = new_file();
    int c = new_file();
    must_add(k, "state", a);
    hears_put("vk.state+1", a);
    must_add(k, "state", c);
    hears_put("vk.state+2", c);
    hears_drop("vk.state+1");
    assert_int_equal(keep_count(k), 1);
    keep_free(k);
    close(a);
    close(c);
    pump_fini(&b);
}

/* The manager would not take it a second time, and then be told to drop the first. */
static void a_duplicate_is_what_is_kept_already(void **state)
{
    (void)state;
    struct pump b;
    pump_init(&b);
    struct keep *k = must_open(&b, NULL, NULL);
    int a = new_file();
    int twin = dup(a);
    must_add(k, "state", a);
    hears_put("vk.state+1", a);
    must_add(k, "state", a);
    must_add(k, "state", twin);
    hears_nothing();
    close(a);
    keep_remove(k, "state");
    hears_drop("vk.state+1");
    keep_free(k);
    close(twin);
    pump_fini(&b);
}

static void what_is_refused(void **state)
{
    (void)state;
    struct pump b;
    struct err e = {0};
    setenv("FDSTORE", "2", 1);
    pump_init(&b);
    struct keep *k = must_open(&b, NULL, NULL);
    int fd[3] = {new_file(), new_file(), new_file()};
    assert_int_equal(keep_add(k, "a:b", fd[0], &e), -EINVAL);
    assert_string_equal(e.msg, "keeping \"a:b\": it is not a name");
    assert_int_equal(keep_add(k, "", fd[0], &e), -EINVAL);
    assert_int_equal(keep_add(k, "a", 999, &e), -EBADF);
    assert_int_equal(keep_add(k, "a", -1, &e), -EBADF);
    must_add(k, "a", fd[0]);
    must_add(k, "b", fd[1]);
    assert_int_equal(keep_add(k, "c", fd[2], &e), -ENOSPC);
    assert_string_equal(
        e.msg, "keeping \"c\": the service manager holds no more than 2 (FileDescriptorStoreMax=)");
    keep_remove(k, "a");
    must_add(k, "c", fd[2]);
    assert_int_equal(keep_count(k), 2);
    keep_free(k);
    for (int i = 0; i < 3; i++)
        close(fd[i]);
    pump_fini(&b);
}

static int give(struct inherited *in, const char *name)
{
    int fd = new_file();
    assert_int_equal(inherited_give(in, fd, name), 0);
    return fd;
}

static void what_the_manager_hands_over(void **state)
{
    (void)state;
    struct pump b;
    struct inherited in = {0};
    pump_init(&b);
    give(&in, "public");
    int out = give(&in, "vk.w1.out+3");
    int older = give(&in, "vk.state+4");
    int latest = give(&in, "vk.state+12");
    int oldest = give(&in, "vk.state+2");
    int twice = give(&in, "vk.state+12");
    int stale = give(&in, "vk.w9.ctl+5");
    give(&in, "vk.nonsense");
    give(&in, "stored");
    struct keep *k = must_open(&b, &in, NULL);
    assert_int_equal(in.n, 3);
    assert_int_equal(inherited_find(&in, "public"), 0);
    assert_true(inherited_find(&in, "vk.nonsense") > 0);
    /* Of one name the latest, whatever their order. */
    hears_drop("vk.state+4");
    hears_drop("vk.state+2");
    assert_int_equal(keep_take(k, "state"), latest);
    assert_int_equal(keep_take(k, "state"), -1);
    assert_int_equal(keep_take(k, "w1.out"), out);
    assert_int_equal(keep_take(k, "none"), -1);
    assert_int_equal(keep_count(k), 3);
    assert_int_equal(fcntl(older, F_GETFD), -1);
    assert_int_equal(fcntl(oldest, F_GETFD), -1);
    assert_int_equal(fcntl(twice, F_GETFD), -1);
    hears_nothing();
    /* Nobody knows what to do with the rest. */
    keep_prune(k);
    hears_drop("vk.w9.ctl+5");
    assert_int_equal(fcntl(stale, F_GETFD), -1);
    hears_nothing();
    /* A later one gets a number beyond all that were seen. */
    int next = new_file();
    must_add(k, "state", next);
    hears_put("vk.state+13", next);
    hears_drop("vk.state+12");
    keep_free(k);
    assert_true(fcntl(out, F_GETFD) >= 0 && fcntl(latest, F_GETFD) >= 0);
    close(next);
    close(out);
    close(latest);
    inherited_fini(&in);
    pump_fini(&b);
}

static void what_nobody_took_stays_with_the_manager(void **state)
{
    (void)state;
    struct pump b;
    struct inherited in = {0};
    pump_init(&b);
    int fd = give(&in, "vk.state+1");
    struct keep *k = must_open(&b, &in, NULL);
    keep_free(k);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    hears_nothing();
    inherited_fini(&in);
    pump_fini(&b);
}

static void nothing_shall_outlive_us(void **state)
{
    (void)state;
    struct pump b;
    struct inherited in = {0};
    pump_init(&b);
    int left = give(&in, "vk.w1.out+1");
    int a = new_file();
    struct keep *k = must_open(&b, &in, NULL);
    must_add(k, "state", a);
    hears_put("vk.state+2", a);
    keep_end(k);
    hears_drop("vk.w1.out+1");
    hears_drop("vk.state+2");
    assert_int_equal(keep_count(k), 0);
    assert_int_equal(keep_where(k), KEEP_NOWHERE);
    assert_int_equal(fcntl(left, F_GETFD), -1);
    keep_free(k);
    hears_nothing();
    close(a);
    inherited_fini(&in);
    pump_fini(&b);
}

enum { MANY = 2000 };

/* Fills the manager's queue: adds until one has to wait. Returns how many were added. */
static unsigned fill(struct keep *k, int fds[MANY])
{
    char name[32];
    unsigned n = 0;
    while (keep_waiting(k) == 0) {
        assert_true(n < MANY);
        snprintf(name, sizeof name, "n%u", n + 1);
        fds[n] = new_file();
        must_add(k, name, fds[n]);
        n++;
    }
    return n;
}

static void close_all(int *fds, unsigned n)
{
    while (n > 0)
        close(fds[--n]);
}

static bool nothing_waits(void *k)
{
    return keep_waiting(k) == 0;
}

static bool complaint_heard(void *arg)
{
    (void)arg;
    return witness_heard("does not take them");
}

static void a_busy_manager_is_told_later(void **state)
{
    (void)state;
    struct pump b;
    int fds[MANY];
    char stored[32];
    pump_init(&b);
    struct keep *k = must_open(&b, NULL, NULL);
    unsigned n = fill(k, fds);
    int other = new_file();
    int last = new_file();
    /* What comes and goes meanwhile is not worth a word. */
    must_add(k, "brief", other);
    keep_remove(k, "brief");
    /* The order of what it is told is that of what was done. */
    keep_remove(k, "n1");
    must_add(k, "renamed", fds[0]);
    must_add(k, "n2", last);
    assert_int_equal(keep_waiting(k), 5);
    for (unsigned i = 1; i < n; i++) {
        snprintf(stored, sizeof stored, "vk.n%u+%u", i, i);
        hears_put(stored, fds[i - 1]);
    }
    pump_until(&b, nothing_waits, k);
    snprintf(stored, sizeof stored, "vk.n%u+%u", n, n);
    hears_put(stored, fds[n - 1]);
    hears_drop("vk.n1+1");
    snprintf(stored, sizeof stored, "vk.renamed+%u", n + 2);
    hears_put(stored, fds[0]);
    snprintf(stored, sizeof stored, "vk.n2+%u", n + 3);
    hears_put(stored, last);
    hears_drop("vk.n2+2");
    hears_nothing();
    keep_free(k);
    close(other);
    close(last);
    close_all(fds, n);
    pump_fini(&b);
}

/* Reads the manager's datagrams until `last` has come. */
static pid_t drain_in_a_child(const char *last)
{
    pid_t pid = fork();
    if (pid > 0)
        return pid;
    for (;;) {
        struct pollfd p = {.fd = manager, .events = POLLIN};
        int fd = -1;
        if (poll(&p, 1, 20000) != 1)
            _exit(1);
        if (strstr(heard(&fd), last))
            _exit(0);
        close(fd);
    }
}

static void what_waits_is_told_at_the_end(void **state)
{
    (void)state;
    struct pump b;
    int fds[MANY];
    char last[32];
    pump_init(&b);
    struct keep *k = must_open(&b, NULL, NULL);
    unsigned n = fill(k, fds);
    snprintf(last, sizeof last, "FDNAME=vk.n%u+", n);
    pid_t reader = drain_in_a_child(last);
    keep_free(k);
    assert_int_equal(await_end(reader), 0);
    close_all(fds, n);
    pump_fini(&b);
}

static void a_manager_that_never_listens(void **state)
{
    (void)state;
    struct pump b;
    int fds[MANY];
    pump_init(&b);
    struct keep *k = must_open(&b, NULL, NULL);
    witness_begin();
    unsigned n = fill(k, fds);
    pump_until(&b, complaint_heard, NULL);
    assert_int_equal(witness_count("the service manager does not take them: Resource temporarily "
                                   "unavailable; 1 wait, trying again"),
        1);
    keep_free(k);
    witness_must("1 changes were not taken before the end");
    witness_end();
    close_all(fds, n);
    pump_fini(&b);
}

static void closed_before_it_was_kept(void **state)
{
    (void)state;
    struct pump b;
    int fds[MANY];
    char stored[32];
    pump_init(&b);
    struct keep *k = must_open(&b, NULL, NULL);
    unsigned n = fill(k, fds);
    int next = new_file();
    must_add(k, "next", next);
    witness_begin();
    close(fds[n - 1]);
    for (unsigned i = 1; i < n; i++) {
        snprintf(stored, sizeof stored, "vk.n%u+%u", i, i);
        hears_put(stored, fds[i - 1]);
    }
    pump_until(&b, nothing_waits, k);
    witness_must("it was closed before it was kept");
    witness_end();
    snprintf(stored, sizeof stored, "vk.next+%u", n + 1);
    hears_put(stored, next);
    keep_free(k);
    close(next);
    close_all(fds, n - 1);
    pump_fini(&b);
}

static void without_a_store(void **state)
{
    (void)state;
    struct pump b;
    struct inherited in = {0};
    int a = new_file();
    static const char *const none[] = {"", "x", "vsock:2:1234", "@"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        setenv("NOTIFY_SOCKET", none[i], 1);
        pump_init(&b);
        struct keep *k = must_open(&b, &in, NULL);
        assert_int_equal(keep_where(k), KEEP_NOWHERE);
        must_add(k, "a", a);
        assert_int_equal(keep_count(k), 1);
        assert_int_equal(keep_waiting(k), 0);
        keep_remove(k, "a");
        assert_int_equal(keep_count(k), 0);
        must_add(k, "a", a);
        keep_end(k);
        keep_free(k);
        pump_fini(&b);
    }
    keep_free(NULL);
    close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, open_manager, close_manager)
        T(each_word),
        T(at_each_moment_one_of_a_name_is_kept),
        T(a_duplicate_is_what_is_kept_already),
        T(what_is_refused),
        T(what_the_manager_hands_over),
        T(what_nobody_took_stays_with_the_manager),
        T(nothing_shall_outlive_us),
        T(a_busy_manager_is_told_later),
        T(what_waits_is_told_at_the_end),
        T(a_manager_that_never_listens),
        T(closed_before_it_was_kept),
        T(without_a_store),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
