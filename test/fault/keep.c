/*
 * Keeping descriptors while the system refuses: each fallible call fails in turn. Whatever fails,
 * what was said to be kept is found again, or somebody was told; and nothing is left behind.
 */
#include "fault/inject.h"
#include "loop/keep_rig.h"

#include <dirent.h>

/* The second one is timer_new()'s, which aborts when memory is out: that is its contract. */
enum { CALLS_MAX = 400, NOTES = 3, TIMER = 2 };

static unsigned count_descriptors(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* A keeper that nobody came to would wait a while. */
static void end_keepers(pid_t keeper)
{
    if (keeper > 0)
        (void)kill(keeper, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}

struct outcome {
    bool kept[NOTES]; /* it was said to be */
    pid_t keeper;
};

/* A daemon's life: it keeps three, one of them twice, and one of which it thinks better. */
static void live(struct pump *p, const char *path, const int *notes, struct outcome *o)
{
    static const char *const names[NOTES] = {"w1", "out", "state"};
    struct err e = {0};
    struct strlist env = {0};
    struct keep *k = keep_open(p->loop, NULL, path, &e);
    if (!k) {
        assert_true(e.msg[0] != '\0');
        return;
    }
    for (unsigned i = 0; i < NOTES; i++) {
        o->kept[i] = keep_add(k, names[i], notes[i], &e) == 0;
        if (!o->kept[i])
            assert_true(e.msg[0] != '\0');
    }
    (void)!keep_add(k, "brief", notes[NOTES], &e);
    (void)!keep_add(k, "brief", notes[NOTES + 1], &e);
    keep_remove(k, "brief");
    if (keep_pass_on(k, &env, &e) < 0)
        assert_true(e.msg[0] != '\0');
    keep_hold(k);
    for (unsigned i = 0; i < NOTES; i++)
        o->kept[i] = o->kept[i] && keep_where(k) == KEEP_KEEPER;
    o->keeper = k->keeper_pid;
    strlist_fini(&env);
    keep_free(k);
}

/* The next one finds what was kept, and nothing that was not. */
static void find(struct pump *p, const char *path, const int *notes, const struct outcome *o)
{
    static const char *const names[NOTES] = {"w1", "out", "state"};
    unsigned n = 0;
    struct keep *k = must_open(p, NULL, path);
    for (unsigned i = 0; i < NOTES; i++) {
        int fd = keep_take(k, names[i]);
        /* Without the process there is nobody for whose sake a keeper would stay. */
        if (o->kept[0] && o->kept[i]) {
            assert_true(fd >= 0 && same_file(fd, notes[i]));
            n++;
        }
        if (fd >= 0)
            close(fd);
    }
    assert_true(n == 0 || keep_count(k) == n);
    keep_end(k);
    keep_free(k);
}

/* Returns the name of what failed, NULL when there were less than `nth` such calls. */
static const char *live_with_failure(const char *call, unsigned nth)
{
    struct pump p;
    struct scratch s;
    struct outcome o = {0};
    unsigned before = count_descriptors();
    int pidfd = -1;
    pid_t worker = new_process(&pidfd);
    int notes[NOTES + 2] = {pidfd, new_file(), new_file(), new_file(), new_file()};
    scratch_init(&s);
    pump_init(&p);
    witness_begin();
    const char *path = scratch_path(&s, "keeper.sock");
    inject_arm_call(call, nth);
    live(&p, path, notes, &o);
    inject_nothing();
    const char *name = inject_failed();
    for (unsigned i = 0; !name && i < NOTES; i++)
        assert_true(o.kept[i]);
    if (!o.kept[0] && !name)
        fail_msg("nothing failed, and nothing is kept");
    find(&p, path, notes, &o);
    witness_end();
    pump_fini(&p);
    scratch_fini(&s);
    end_process(worker);
    end_keepers(o.keeper);
    for (unsigned i = 0; i < NOTES + 2; i++)
        close(notes[i]);
    assert_int_equal(count_descriptors(), before);
    return name;
}

/* Returns how many there were. How often it waits, and so asks again, is the machine's affair: so
 * they are counted by name, not one after the other. */
static unsigned fail_each(const char *call)
{
    for (unsigned nth = 1;; nth++) {
        assert_true(nth < CALLS_MAX);
        if (strcmp(call, "calloc") == 0 && nth == TIMER)
            continue;
        if (!live_with_failure(call, nth))
            return nth - 1;
    }
}

static void every_call_fails_in_turn(void **state)
{
    (void)state;
    static const char *const made[] = {"calloc", "strdup", "socket", "connect", "pipe2", "recvmsg",
        "sendmsg", "fcntl", "uv_poll_init", "uv_poll_start"};
    static const char *const perhaps[] = {"child_clone3", "close_range", "dup2", "execve", "fork",
        "open", "opendir", "pidfd_open", "pidfd_send_signal", "reallocarray", "setsid"};
    unsetenv("NOTIFY_SOCKET");
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        if (fail_each(made[i]) == 0)
            fail_msg("%s was never called", made[i]);
    }
    for (size_t i = 0; i < sizeof perhaps / sizeof *perhaps; i++)
        fail_each(perhaps[i]);
}

/* libuv opens its signal pipe with the first loop and keeps it. */
static int open_what_stays(void **state)
{
    (void)state;
    struct pump p;
    pump_init(&p);
    pump_fini(&p);
    return 0;
}

int main(int argc, char **argv)
{
    int status = 0;
    if (plays_keeper(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_fails_in_turn),
    };
    return cmocka_run_group_tests(tests, open_what_stays, NULL);
}
