/* An exec in place: this program goes on as another, with everything that is kept. */
#include "loop/keep_rig.h"

#include <sys/mman.h>

/* What the image before the exec had under a name says which it was. */
static int new_note(const char *text)
{
    int fd = memfd_create("note", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    return fd;
}

static bool says(int fd, const char *text)
{
    char buf[32] = "";
    return fd >= 3 && fcntl(fd, F_GETFD) == FD_CLOEXEC && pread(fd, buf, sizeof buf - 1, 0) > 0 &&
           strcmp(buf, text) == 0;
}

static void exec_with(struct strlist *env, char *mode, const char *path)
{
    const char *socket = getenv("NOTIFY_SOCKET");
    char *text = NULL;
    if (socket && asprintf(&text, "NOTIFY_SOCKET=%s", socket) > 0)
        assert_int_equal(strlist_add(env, text), 0);
    char *argv[] = {(char[]){"keep_exec"}, mode, (char *)path, NULL};
    execve("/proc/self/exe", argv, env->items);
    _exit(99);
}

/* Before: in a process of its own, with a note under each of two names and one that it removed. */
static pid_t go_on(struct pump *b, const char *path, void (*prepare)(struct keep *k))
{
    pid_t pid = fork();
    if (pid > 0)
        return pid;
    struct strlist env = {0};
    struct err e = {0};
    struct keep *k = must_open(b, NULL, path);
    must_add(k, "one", new_note("1"));
    must_add(k, "two", new_note("2"));
    must_add(k, "gone", new_note("3"));
    keep_remove(k, "gone");
    if (prepare)
        prepare(k);
    if (keep_pass_on(k, &env, &e) < 0)
        fail_msg("%s", e.msg);
    exec_with(&env, (char[]){"--after"}, path);
    return -1;
}

/* After: the number of the first thing that is not as it should be. */
static int after(const char *path)
{
    struct err e = {0};
    struct pump b;
    pump_init(&b);
    struct keep *k = keep_open(b.loop, NULL, *path ? path : NULL, &e);
    if (!k)
        return 1;
    if (getenv("VOXKEEPER_KEPT"))
        return 2;
    if (keep_count(k) != 2)
        return 3;
    int one = keep_take(k, "one");
    int two = keep_take(k, "two");
    if (!says(one, "1") || !says(two, "2"))
        return 4;
    if (keep_take(k, "gone") != -1)
        return 5;
    if (*path && keep_where(k) == KEEP_KEEPER) {
        /* The connection came along: nobody could take our place meanwhile. */
        if (!k->link || keep_open(b.loop, NULL, path, &e) || e.code != -EBUSY)
            return 6;
        if (k->keeper_pid <= 0)
            return 7;
    }
    int three = new_note("3");
    must_add(k, "three", three);
    keep_free(k);
    pump_fini(&b);
    return 0;
}

static void without_a_store(void **state)
{
    (void)state;
    struct pump b;
    unsetenv("NOTIFY_SOCKET");
    pump_init(&b);
    assert_int_equal(await_end(go_on(&b, "", NULL)), 0);
    pump_fini(&b);
}

static void with_the_manager(void **state)
{
    struct pump b;
    int fd = -1;
    open_manager(state);
    pump_init(&b);
    assert_int_equal(await_end(go_on(&b, "", NULL)), 0);
    assert_true(strstr(heard(&fd), "FDNAME=vk.one+1\n") != NULL);
    assert_true(strstr(heard(&fd), "FDNAME=vk.two+2\n") != NULL);
    assert_true(strstr(heard(&fd), "FDNAME=vk.gone+3\n") != NULL);
    hears_drop("vk.gone+3");
    /* And no word twice. */
    assert_true(strstr(heard(&fd), "FDNAME=vk.three+3\n") != NULL);
    hears_nothing();
    pump_fini(&b);
    close_manager(state);
}

/* Fills the manager's queue, so that a put and a removal are still to be told. */
static void leave_waiting(struct keep *k)
{
    char name[32];
    for (unsigned n = 0; keep_waiting(k) == 0; n++) {
        snprintf(name, sizeof name, "x%u", n);
        must_add(k, name, new_note("x"));
        keep_remove(k, name);
    }
    keep_remove(k, "two");
    must_add(k, "two", new_note("2"));
}

static bool wait_readable(void)
{
    struct pollfd p = {.fd = manager, .events = POLLIN};
    return poll(&p, 1, 20000) == 1;
}

static void what_was_still_to_be_told(void **state)
{
    struct pump b;
    int fd = -1;
    bool put = false;
    bool dropped = false;
    open_manager(state);
    pump_init(&b);
    pid_t pid = go_on(&b, "", leave_waiting);
    /* Only of the image after the exec is this heard: the first waited for nobody. */
    char path[64];
    char line[64] = "";
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    for (unsigned i = 0; !strstr(line, "--after"); i++) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = read(file, line, sizeof line - 1);
        for (ssize_t j = 0; j < n; j++)
            line[j] = line[j] ? line[j] : ' ';
        close(file);
        assert_true(i < 2000000);
    }
    while (!(put && dropped)) {
        assert_true(wait_readable());
        const char *text = heard(&fd);
        dropped = dropped || strcmp(text, "FDSTOREREMOVE=1\nFDNAME=vk.two+2") == 0;
        /* In the order in which it was done. */
        put = put || (dropped && strncmp(text, "FDSTORE=1\nFDNAME=vk.two+", 24) == 0);
    }
    assert_int_equal(await_end(pid), 0);
    pump_fini(&b);
    close_manager(state);
}

static void with_a_keeper(void **state)
{
    (void)state;
    struct pump b;
    struct scratch s;
    unsetenv("NOTIFY_SOCKET");
    scratch_init(&s);
    pump_init(&b);
    const char *path = scratch_path(&s, "keeper.sock");
    int pidfd = -1;
    pid_t worker = new_process(&pidfd);
    struct keep *k = must_open(&b, NULL, path);
    must_add(k, "w1", pidfd);
    pid_t keeper = k->keeper_pid;
    struct strlist env = {0};
    struct err e = {0};
    /* An exec that fails leaves everything as it was. */
    assert_int_equal(keep_pass_on(k, &env, &e), 0);
    assert_int_equal(env.n, 1);
    assert_int_equal(strncmp(env.items[0], "VOXKEEPER_KEPT=", 15), 0);
    assert_int_equal(fcntl(pidfd, F_GETFD), 0);
    assert_int_equal(fcntl(k->socket, F_GETFD), 0);
    keep_hold(k);
    assert_int_equal(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(k->socket, F_GETFD), FD_CLOEXEC);
    strlist_fini(&env);
    keep_end(k);
    keep_free(k);
    assert_int_equal(kill(keeper, 0), -1); /* its end was waited for */
    /* One that succeeds. Its keeper ends with it, as no process is kept. */
    assert_int_equal(await_end(go_on(&b, path, NULL)), 0);
    end_process(worker);
    close(pidfd);
    pump_fini(&b);
    scratch_fini(&s);
}

static void what_is_meant_for_another(void **state)
{
    (void)state;
    struct pump b;
    char text[128];
    int fd = new_note("1");
    unsetenv("NOTIFY_SOCKET");
    pump_init(&b);
    snprintf(text, sizeof text, "%d kvk.one+1=%d", getppid(), fd);
    setenv("VOXKEEPER_KEPT", text, 1);
    struct keep *k = must_open(&b, NULL, NULL);
    assert_null(getenv("VOXKEEPER_KEPT"));
    assert_int_equal(keep_count(k), 0);
    keep_free(k);
    assert_true(fcntl(fd, F_GETFD) >= 0);
    pump_fini(&b);
    close(fd);
}

static void nonsense_passes_nothing_on(void **state)
{
    (void)state;
    struct pump b;
    char text[256];
    unsetenv("NOTIFY_SOCKET");
    pump_init(&b);
    witness_begin();
    snprintf(text, sizeof text,
        "%d kvk.one+1=999 kvk.two+2=x kvk.three+3 =  k c=1 cx=999 dvk.four=-1 kvk.five+1=2 "
        "kvk.six+1=-1",
        getpid());
    setenv("VOXKEEPER_KEPT", text, 1);
    struct keep *k = must_open(&b, NULL, NULL);
    assert_int_equal(keep_count(k), 0);
    witness_must("\"vk.one+1\" is not open");
    assert_true(fcntl(STDERR_FILENO, F_GETFD) == 0);
    keep_free(k);
    witness_end();
    pump_fini(&b);
}

int main(int argc, char **argv)
{
    int status = 0;
    if (plays_keeper(argc, argv, &status))
        return status;
    if (argc == 3 && strcmp(argv[1], "--after") == 0)
        return after(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_store),
        cmocka_unit_test(with_the_manager),
        cmocka_unit_test(what_was_still_to_be_told),
        cmocka_unit_test(with_a_keeper),
        cmocka_unit_test(what_is_meant_for_another),
        cmocka_unit_test(nonsense_passes_nothing_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
