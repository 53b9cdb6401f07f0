/* A keeper beside daemons that come and go. This program plays it as well (--keeper). */
#include "loop/keep_rig.h"

#include "io/child/child.h"
#include "io/child/child_family.h"

#include <dirent.h>

struct rig {
    struct scratch scratch;
    struct pump pump;
    const char *path;
    pid_t keeper; /* the last one that was seen */
};

static int rig_open(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    scratch_init(&r->scratch);
    pump_init(&r->pump);
    r->path = strdup(scratch_path(&r->scratch, "keeper.sock"));
    unsetenv("NOTIFY_SOCKET");
    witness_begin();
    *state = r;
    return 0;
}

static int rig_close(void **state)
{
    struct rig *r = *state;
    pump_fini(&r->pump);
    scratch_fini(&r->scratch);
    witness_end();
    free((char *)r->path);
    free(r);
    return 0;
}

/* The keeper is our child, whoever of us is its daemon. */
static struct keep *start(struct rig *r, const char *name, int fd)
{
    struct keep *k = must_open(&r->pump, NULL, r->path);
    assert_int_equal(keep_where(k), KEEP_KEEPER);
    must_add(k, name, fd);
    if (keep_where(k) != KEEP_KEEPER)
        fail_msg("%s", strbuf_text(&witness_text));
    r->keeper = k->keeper_pid;
    assert_true(r->keeper > 0);
    return k;
}

static bool is_there(const struct rig *r)
{
    struct stat st;
    return lstat(r->path, &st) == 0;
}

static void what_a_daemon_left_the_next_one_finds(void **state)
{
    struct rig *r = *state;
    int pidfd = -1;
    pid_t worker = new_process(&pidfd);
    int out = new_file();
    int old = new_file();
    int new = new_file();
    struct keep *k = start(r, "w1.pidfd", pidfd);
    must_add(k, "w1.out", out);
    must_add(k, "state", old);
    must_add(k, "gone", old);
    must_add(k, "state", new);
    keep_remove(k, "gone");
    assert_int_equal(keep_waiting(k), 0);
    keep_free(k);

    k = must_open(&r->pump, NULL, r->path);
    assert_int_equal(keep_count(k), 3);
    int got = keep_take(k, "state");
    assert_true(got >= 0 && same_file(got, new));
    assert_true(fcntl(got, F_GETFD) & FD_CLOEXEC);
    close(got);
    got = keep_take(k, "w1.pidfd");
    assert_int_equal(pidfd_send_signal(got, 0, NULL, 0), 0);
    close(got);
    keep_prune(k);
    keep_free(k);

    k = must_open(&r->pump, NULL, r->path);
    assert_int_equal(keep_count(k), 2);
    assert_int_equal(keep_take(k, "w1.out"), -1);
    keep_end(k);
    assert_false(is_there(r));
    keep_free(k);
    assert_int_equal(await_end(r->keeper), 0);
    end_process(worker);
    close(pidfd);
    close(out);
    close(old);
    close(new);
}

static void more_than_one_message_holds(void **state)
{
    struct rig *r = *state;
    enum { N = 600 };
    static int fds[N];
    int pidfd = -1;
    char name[32];
    pid_t worker = new_process(&pidfd);
    struct keep *k = start(r, "pidfd", pidfd);
    for (unsigned i = 0; i < N; i++) {
        snprintf(name, sizeof name, "w%u.out", i);
        fds[i] = new_file();
        must_add(k, name, fds[i]);
    }
    keep_free(k);
    k = must_open(&r->pump, NULL, r->path);
    assert_int_equal(keep_count(k), N + 1);
    for (unsigned i = 0; i < N; i++) {
        snprintf(name, sizeof name, "w%u.out", i);
        int got = keep_take(k, name);
        assert_true(got >= 0 && same_file(got, fds[i]));
        close(got);
        close(fds[i]);
    }
    keep_end(k);
    keep_free(k);
    assert_int_equal(await_end(r->keeper), 0);
    end_process(worker);
    close(pidfd);
}

/* A daemon that adds `n` and dies, in a process of its own. */
static void die_after(struct rig *r, unsigned n, const int *fds)
{
    pid_t pid = fork();
    if (pid == 0) {
        char name[32];
        struct keep *k = must_open(&r->pump, NULL, r->path);
        for (unsigned i = 0; i < n; i++) {
            snprintf(name, sizeof name, "n%u", i);
            must_add(k, name, fds[i]);
        }
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(await_end(pid), SIGKILL);
}

static void whatever_moment_the_daemon_dies_at(void **state)
{
    struct rig *r = *state;
    enum { N = 12 };
    int fds[N];
    int pidfd = -1;
    pid_t worker = new_process(&pidfd);
    for (unsigned i = 0; i < N; i++)
        fds[i] = new_file();
    keep_free(start(r, "pidfd", pidfd));
    for (unsigned n = 0; n <= N; n++) {
        die_after(r, n, fds);
        struct keep *k = must_open(&r->pump, NULL, r->path);
        assert_int_equal(keep_count(k), n + 1);
        assert_int_not_equal(close(keep_take(k, "pidfd")), -1);
        keep_prune(k);
        keep_free(k);
    }
    struct keep *k = must_open(&r->pump, NULL, r->path);
    keep_end(k);
    keep_free(k);
    assert_int_equal(await_end(r->keeper), 0);
    end_process(worker);
    close(pidfd);
    for (unsigned i = 0; i < N; i++)
        close(fds[i]);
}

static void a_second_daemon_is_refused(void **state)
{
    struct rig *r = *state;
    struct err e = {0};
    char expected[256];
    int fd = new_file();
    struct keep *other = must_open(&r->pump, NULL, r->path);
    struct keep *k = start(r, "state", fd);
    assert_null(keep_open(r->pump.loop, NULL, r->path, &e));
    assert_int_equal(e.code, -EBUSY);
    snprintf(expected, sizeof expected, "asking the keeper at \"%s\": another voxkeeperd uses it",
        r->path);
    assert_string_equal(e.msg, expected);
    /* One that has found no keeper does not start another beside it. */
    assert_true(keep_add(other, "state", fd, &e) == 0);
    assert_int_equal(keep_where(other), KEEP_NOWHERE);
    witness_must("another keeper does");
    keep_free(other);
    must_add(k, "more", fd);
    keep_free(k);
    assert_int_equal(await_end(r->keeper), 0);
    close(fd);
}

/* As a worker has it between its clone and its exec: all that the daemon had open. */
static void one_that_died_while_a_child_of_it_began(void **state)
{
    struct rig *r = *state;
    int pidfd = -1;
    int out[2];
    int over[2];
    char byte;
    pid_t worker = new_process(&pidfd);
    pid_t child = 0;
    int fd = new_file();
    keep_free(start(r, "w1.pidfd", pidfd));
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(over), 0);
    pid_t daemon = fork();
    if (daemon == 0) {
        close(over[1]);
        struct keep *k = must_open(&r->pump, NULL, r->path);
        must_add(k, "last", fd);
        child = fork();
        if (child == 0) /* until the test is over, however it ends */
            _exit((int)read(over[0], &byte, 1));
        if (write(out[1], &child, sizeof child) == sizeof child)
            kill(getpid(), SIGKILL);
    }
    assert_int_equal(read(out[0], &child, sizeof child), sizeof child);
    assert_int_equal(await_end(daemon), SIGKILL);
    struct keep *k = must_open(&r->pump, NULL, r->path);
    assert_int_equal(kill(child, 0), 0);
    assert_int_equal(keep_count(k), 2);
    keep_end(k);
    keep_free(k);
    assert_int_equal(await_end(r->keeper), 0);
    end_process(worker);
    close(pidfd);
    close(out[0]);
    close(out[1]);
    close(over[0]);
    close(over[1]);
    close(fd);
}

static void with_the_last_process_it_ends(void **state)
{
    struct rig *r = *state;
    int pidfds[2];
    pid_t workers[2] = {new_process(&pidfds[0]), new_process(&pidfds[1])};
    struct keep *k = start(r, "a", pidfds[0]);
    must_add(k, "b", pidfds[1]);
    keep_free(k);
    end_process(workers[0]);
    /* The other one lives: it is there, and has both. */
    k = must_open(&r->pump, NULL, r->path);
    assert_int_equal(keep_count(k), 2);
    /* With a daemon, it is the daemon's business who ended. */
    end_process(workers[1]);
    must_add(k, "c", manager = new_file());
    assert_int_equal(keep_count(k), 3);
    assert_int_equal(waitpid(r->keeper, NULL, WNOHANG), 0);
    keep_free(k);
    assert_int_equal(await_end(r->keeper), 0);
    assert_false(is_there(r));
    close(pidfds[0]);
    close(pidfds[1]);
    close(manager);
}

static void signals_meant_for_others(void **state)
{
    struct rig *r = *state;
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGTERM};
    int pidfd = -1;
    pid_t worker = new_process(&pidfd);
    keep_free(start(r, "w1", pidfd));
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        assert_int_equal(kill(r->keeper, signals[i]), 0);
        struct keep *k = must_open(&r->pump, NULL, r->path);
        assert_int_equal(keep_count(k), 1);
        keep_free(k);
    }
    /* With nothing in its hands it does as it is told. */
    struct keep *k = must_open(&r->pump, NULL, r->path);
    keep_prune(k);
    assert_int_equal(keep_count(k), 0);
    assert_int_equal(kill(r->keeper, SIGTERM), 0);
    assert_int_equal(await_end(r->keeper), 0);
    keep_free(k);
    end_process(worker);
    close(pidfd);
}

static bool another_was_started(void *arg)
{
    (void)arg;
    return witness_heard("the keeper went");
}

static void one_that_was_killed_has_a_successor(void **state)
{
    struct rig *r = *state;
    int pidfd = -1;
    pid_t worker = new_process(&pidfd);
    int fd = new_file();
    struct keep *k = start(r, "w1", pidfd);
    must_add(k, "state", fd);
    end_process(r->keeper);
    pump_until(&r->pump, another_was_started, NULL);
    witness_must("the keeper went; started another");
    assert_int_equal(keep_where(k), KEEP_KEEPER);
    assert_int_not_equal(k->keeper_pid, r->keeper);
    r->keeper = k->keeper_pid;
    keep_free(k);
    k = must_open(&r->pump, NULL, r->path);
    int got = keep_take(k, "state");
    assert_true(got >= 0 && same_file(got, fd));
    close(got);
    assert_int_equal(keep_count(k), 2);
    /* Killed again by whoever it is, two in a row: nobody wins that. */
    k->keeper_lost_at = loop_now();
    strbuf_reset(&witness_text);
    end_process(r->keeper);
    pump_until(&r->pump, another_was_started, NULL);
    witness_must("it went again and again; workers end with voxkeeper's own end");
    assert_int_equal(keep_where(k), KEEP_NOWHERE);
    keep_free(k);
    end_process(worker);
    close(pidfd);
    close(fd);
}

static unsigned descriptors_of(pid_t pid)
{
    char path[64];
    unsigned n = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *entry; (entry = readdir(d)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(d);
    return n;
}

/* Three of /dev/null, the socket, its lock, the signals, and us: the connection and the process. */
static bool holds_no_more(void *arg)
{
    return descriptors_of(((struct rig *)arg)->keeper) == 8;
}

static void it_holds_nothing_else(void **state)
{
    struct rig *r = *state;
    char path[64];
    char text[256] = "";
    struct stat st;
    int leak = dup2(STDERR_FILENO, 77); /* without FD_CLOEXEC */
    int fd = new_file();
    struct keep *k = start(r, "state", fd);
    keep_remove(k, "state");
    pump_until(&r->pump, holds_no_more, r);
    assert_int_equal(getsid(r->keeper), r->keeper);
    assert_int_equal(getpgid(r->keeper), r->keeper);
    snprintf(path, sizeof path, "/proc/%d/cwd", r->keeper);
    assert_int_equal(readlink(path, text, sizeof text), 1);
    assert_string_equal(text, "/");
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", r->keeper, i);
        text[readlink(path, text, sizeof text - 1)] = '\0';
        assert_string_equal(text, "/dev/null");
    }
    snprintf(path, sizeof path, "/proc/%d/environ", r->keeper);
    int environment = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(environment, text, sizeof text);
    assert_int_equal(n, sizeof "VOXKEEPER_KEEPER=1");
    close(environment);
    assert_int_equal(lstat(r->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    keep_free(k);
    assert_int_equal(await_end(r->keeper), 0);
    close(leak);
    close(fd);
}

/* To a daemon that is a subreaper it is a child, and no worker's stray. */
static void it_is_nobodys_stray(void **state)
{
    struct rig *r = *state;
    struct err e = {0};
    int fd = new_file();
    assert_int_equal(child_become_subreaper(r->pump.loop, &e), 0);
    struct keep *k = start(r, "state", fd);
    struct family *f = family_of(r->pump.loop, &e);
    assert_true(family_sees_orphans(f));
    assert_false(family_any_stranger(f, NULL, NULL));
    family_lodge(f, 0);
    assert_true(family_any_stranger(f, NULL, NULL));
    keep_end(k);
    keep_free(k);
    assert_int_equal(kill(r->keeper, 0), -1); /* its end was waited for */
    close(fd);
}

static void where_none_can_be_had(void **state)
{
    struct rig *r = *state;
    int fd = new_file();
    char longer[200];
    struct keep *k = must_open(&r->pump, NULL, scratch_path(&r->scratch, "no/such/directory"));
    assert_int_equal(keep_where(k), KEEP_KEEPER);
    must_add(k, "a", fd);
    assert_int_equal(keep_where(k), KEEP_NOWHERE);
    witness_must("starting the keeper: locking \"");
    witness_must("No such file or directory; workers end with voxkeeper's own end");
    keep_free(k);
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    k = must_open(&r->pump, NULL, longer);
    assert_int_equal(keep_where(k), KEEP_NOWHERE);
    witness_must("File name too long");
    keep_free(k);
    /* Something else is there. */
    k = must_open(&r->pump, NULL, scratch_write(&r->scratch, "file", ""));
    must_add(k, "a", fd);
    assert_int_equal(keep_where(k), KEEP_NOWHERE);
    witness_must("File exists");
    keep_free(k);
    /* The socket of one that was killed is in nobody's way. */
    k = start(r, "a", fd);
    assert_int_equal(kill(r->keeper, SIGSTOP), 0);
    keep_free(k);
    end_process(r->keeper);
    assert_true(is_there(r));
    k = start(r, "a", fd);
    keep_end(k);
    keep_free(k);
    assert_int_equal(kill(r->keeper, 0), -1); /* its end was waited for */
    close(fd);
}

/* It may hold workers: a second set must not be started beside them. */
static void one_that_does_not_answer(void **state)
{
    struct rig *r = *state;
    struct err e = {0};
    int pidfd = -1;
    pid_t worker = new_process(&pidfd);
    keep_free(start(r, "w1", pidfd));
    assert_int_equal(kill(r->keeper, SIGSTOP), 0);
    assert_null(keep_open(r->pump.loop, NULL, r->path, &e));
    assert_int_equal(e.code, -ETIMEDOUT);
    assert_int_equal(kill(r->keeper, SIGCONT), 0);
    struct keep *k = must_open(&r->pump, NULL, r->path);
    assert_int_equal(keep_count(k), 1);
    keep_end(k);
    keep_free(k);
    assert_int_equal(await_end(r->keeper), 0);
    end_process(worker);
    close(pidfd);
}

static void nonsense_changes_nothing(void **state)
{
    struct rig *r = *state;
    static const char *const nonsense[] = {"x", "FDSTORE=1",
        "FDSTORE=1\nFDNAME=", "FDSTOREREMOVE=1", "FDNAME=vk.w1+1",
        "FDSTORE=1\nFDNAME=no-descriptor", "\n\n\n", "STOPPING=0"};
    int pidfd = -1;
    pid_t worker = new_process(&pidfd);
    struct keep *k = start(r, "w1", pidfd);
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
        assert_true(send(k->socket, nonsense[i], strlen(nonsense[i]), MSG_NOSIGNAL) > 0);
    char *large = calloc(1, 8000);
    memset(large, 'x', 8000);
    const struct fd_message m = {large, 8000, &pidfd, 1};
    assert_int_equal(fd_message_send(k->socket, &m, NULL, 0, 0), 0);
    free(large);
    keep_free(k);
    k = must_open(&r->pump, NULL, r->path);
    assert_int_equal(keep_count(k), 1);
    keep_end(k);
    keep_free(k);
    assert_int_equal(await_end(r->keeper), 0);
    end_process(worker);
    close(pidfd);
}

int main(int argc, char **argv)
{
    int status = 0;
    if (plays_keeper(argc, argv, &status))
        return status;
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, rig_open, rig_close)
        T(what_a_daemon_left_the_next_one_finds),
        T(more_than_one_message_holds),
        T(whatever_moment_the_daemon_dies_at),
        T(a_second_daemon_is_refused),
        T(one_that_died_while_a_child_of_it_began),
        T(with_the_last_process_it_ends),
        T(signals_meant_for_others),
        T(one_that_was_killed_has_a_successor),
        T(it_holds_nothing_else),
        T(it_is_nobodys_stray),
        T(where_none_can_be_had),
        T(one_that_does_not_answer),
        T(nonsense_changes_nothing),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
