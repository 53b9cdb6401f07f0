/* io/child/worker_notify: who is heard, what becomes of what came with it, and where the socket is.
 */
#include "io/child/worker_notify.h"

#include "fixture.h"
#include "lib/scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

struct scene {
    struct bench bench;
    struct scratch scratch;
    struct worker_notify *notify;
    unsigned messages;
    char status[64];
};

static void on_message(const struct notify_message *m, void *arg)
{
    struct scene *s = arg;
    s->messages++;
    snprintf(s->status, sizeof s->status, "%.*s", (int)m->status_len, m->status ? m->status : "");
    bench_wake(&s->bench);
}

static struct worker_notify_spec spec_of(struct scene *s, const char *directory)
{
    return (struct worker_notify_spec){
        .loop = s->bench.loop, .directory = directory, .on_message = on_message, .arg = s};
}

static void open_scene(struct scene *s)
{
    struct err e;
    *s = (struct scene){0};
    bench_open(&s->bench);
    scratch_init(&s->scratch);
    struct worker_notify_spec spec = spec_of(s, s->scratch.dir);
    s->notify = worker_notify_new(&spec, &e);
    assert_non_null(s->notify);
}

static void close_scene(struct scene *s)
{
    if (s->notify)
        worker_notify_end(s->notify);
    worker_notify_free(s->notify);
    scratch_fini(&s->scratch);
    bench_close(&s->bench);
}

/* As sd_notify() does, with a descriptor if `fd` is not -1. */
static void send_with(const struct scene *s, const char *text, size_t len, int fd)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    const char *address = worker_notify_address(s->notify);
    size_t n = strlen(address);
    memcpy(un.sun_path, address, n);
    if (address[0] == '@')
        un.sun_path[0] = '\0';
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec iov = {.iov_base = (void *)text, .iov_len = len};
    struct msghdr msg = {.msg_name = &un,
        .msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n),
        .msg_iov = &iov,
        .msg_iovlen = 1};
    if (fd >= 0) {
        msg.msg_control = &control;
        msg.msg_controllen = sizeof control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(sock >= 0);
    assert_int_equal(sendmsg(sock, &msg, MSG_NOSIGNAL), (ssize_t)len);
    close(sock);
}

static void say(const struct scene *s, const char *text)
{
    send_with(s, text, strlen(text), -1);
}

/* A process that says `text` as `depth` forks below us, and stays until it is killed. */
static pid_t start_speaker(const struct scene *s, const char *text, unsigned depth, bool alone)
{
    int told[2];
    char byte;
    assert_int_equal(pipe2(told, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (alone)
            setsid();
        for (; depth > 1; depth--) {
            if (fork() != 0) {
                pause();
                _exit(0);
            }
        }
        say(s, text);
        (void)!write(told[1], "x", 1);
        pause();
        _exit(0);
    }
    close(told[1]);
    assert_int_equal(read(told[0], &byte, 1), 1);
    close(told[0]);
    return pid;
}

static void stop_speaker(pid_t pid)
{
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void the_worker_is_heard_and_what_it_said_before(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    say(&s, "STATUS=early");
    worker_notify_hear(s.notify); /* nobody yet */
    assert_int_equal(s.messages, 0);
    worker_notify_listen(s.notify, getpid());
    bench_wait(&s.bench, s.messages == 1);
    assert_string_equal(s.status, "early");
    say(&s, "STATUS=late");
    bench_wait(&s.bench, s.messages == 2);
    assert_string_equal(s.status, "late");
    assert_int_equal(worker_notify_ignored(s.notify), 0);
    close_scene(&s);
}

static void its_descendants_are_heard(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    pid_t worker = start_speaker(&s, "STATUS=grandchild", 3, true);
    worker_notify_listen(s.notify, worker);
    bench_wait(&s.bench, s.messages == 1);
    assert_string_equal(s.status, "grandchild");
    stop_speaker(worker);
    close_scene(&s);
}

static void others_are_not(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    pid_t worker = start_speaker(&s, "STATUS=worker", 1, true);
    pid_t sibling = start_speaker(&s, "STATUS=sibling", 1, true);
    say(&s, "STATUS=its parent");
    worker_notify_listen(s.notify, worker);
    bench_wait(&s.bench, s.messages == 1);
    worker_notify_hear(s.notify);
    assert_int_equal(s.messages, 1);
    assert_string_equal(s.status, "worker");
    assert_int_equal(worker_notify_ignored(s.notify), 2);
    stop_speaker(sibling);
    stop_speaker(worker);
    close_scene(&s);
}

static void who_is_gone_is_nobody(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s);
    stop_speaker(start_speaker(&s, "STATUS=of the dead", 1, false));
    worker_notify_listen(s.notify, getpid());
    worker_notify_hear(s.notify);
    assert_int_equal(s.messages, 0);
    assert_int_equal(worker_notify_ignored(s.notify), 1);
    close_scene(&s);
}

static void garbage_is_counted(void **state)
{
    (void)state;
    struct scene s;
    static char much[8192];
    open_scene(&s);
    worker_notify_listen(s.notify, getpid());
    memset(much, '\n', sizeof much);
    memcpy(much, "READY=1", 7);
    send_with(&s, much, sizeof much, -1); /* cut off: not understood as if it were whole */
    send_with(&s, "", 0, -1);
    say(&s, "READY=maybe");
    say(&s, "STATUS=well");
    bench_wait(&s.bench, s.messages == 1);
    assert_int_equal(worker_notify_ignored(s.notify), 3);
    close_scene(&s);
}

/* What sd_notify_barrier() waits for; and nobody fills our table by sending descriptors. */
static void descriptors_that_come_along_are_closed(void **state)
{
    (void)state;
    struct scene s;
    int pair[2];
    char byte;
    open_scene(&s);
    worker_notify_listen(s.notify, getpid());
    assert_int_equal(pipe2(pair, O_CLOEXEC | O_NONBLOCK), 0);
    send_with(&s, "BARRIER=1", 9, pair[1]);
    close(pair[1]);
    bench_wait(&s.bench, s.messages == 1);
    assert_int_equal(read(pair[0], &byte, 1), 0);
    close(pair[0]);
    assert_int_equal(pipe2(pair, O_CLOEXEC | O_NONBLOCK), 0);
    send_with(&s, "garbage", 7, pair[1]);
    close(pair[1]);
    worker_notify_hear(s.notify);
    assert_int_equal(read(pair[0], &byte, 1), 0);
    close(pair[0]);
    close_scene(&s);
}

static void the_path_is_ours_alone_and_goes_with_the_worker(void **state)
{
    (void)state;
    struct scene s;
    struct stat st;
    char path[128];
    open_scene(&s);
    snprintf(path, sizeof path, "%s", worker_notify_address(s.notify));
    assert_memory_equal(path, s.scratch.dir, strlen(s.scratch.dir));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    worker_notify_sweep(s.scratch.dir); /* somebody listens */
    assert_int_equal(access(path, F_OK), 0);
    worker_notify_end(s.notify);
    assert_int_equal(access(path, F_OK), -1);
    close_scene(&s);
}

static void the_next_instance_hears_what_was_said_meanwhile(void **state)
{
    (void)state;
    struct scene s;
    struct err e;
    char path[128];
    open_scene(&s);
    worker_notify_listen(s.notify, getpid());
    snprintf(path, sizeof path, "%s", worker_notify_address(s.notify));
    int kept = dup(worker_notify_fd(s.notify));
    say(&s, "STATUS=nobody listens");
    worker_notify_free(s.notify);
    assert_int_equal(access(path, F_OK), 0);
    struct worker_notify_spec spec = spec_of(&s, NULL);
    s.notify = worker_notify_adopt(&spec, kept, &e);
    assert_non_null(s.notify);
    assert_string_equal(worker_notify_address(s.notify), path);
    worker_notify_listen(s.notify, getpid());
    bench_wait(&s.bench, s.messages == 1);
    assert_string_equal(s.status, "nobody listens");
    worker_notify_end(s.notify);
    assert_int_equal(access(path, F_OK), -1);
    close_scene(&s);
}

static void what_an_instance_left_behind_is_swept(void **state)
{
    (void)state;
    struct scene s;
    char path[128];
    open_scene(&s);
    snprintf(path, sizeof path, "%s", worker_notify_address(s.notify));
    worker_notify_free(s.notify);
    s.notify = NULL;
    scratch_write(&s.scratch, "notify-mine", "no socket");
    assert_int_equal(access(path, F_OK), 0);
    worker_notify_sweep(s.scratch.dir);
    assert_int_equal(access(path, F_OK), -1);
    worker_notify_sweep("/none/such");
    close_scene(&s);
}

static void without_a_path_the_kernel_names_it(void **state)
{
    (void)state;
    struct scene s;
    struct err e;
    static char deep[200];
    open_scene(&s);
    memset(deep, 'x', sizeof deep - 1);
    deep[0] = '/';
    const char *const nowhere[] = {NULL, "/none/such", deep};
    for (size_t i = 0; i < 3; i++) {
        worker_notify_end(s.notify);
        worker_notify_free(s.notify);
        struct worker_notify_spec spec = spec_of(&s, nowhere[i]);
        s.notify = worker_notify_new(&spec, &e);
        assert_non_null(s.notify);
        assert_int_equal(worker_notify_address(s.notify)[0], '@');
        worker_notify_listen(s.notify, getpid());
        s.messages = 0;
        say(&s, "READY=1");
        bench_wait(&s.bench, s.messages == 1);
    }
    close_scene(&s);
}

/* mkdtemp()'s directory lets nobody else in. */
static void another_user_gets_an_address_that_it_can_reach(void **state)
{
    (void)state;
    struct scene s;
    struct err e;
    struct stat st;
    open_scene(&s);
    if (geteuid() != 0) {
        close_scene(&s);
        skip();
    }
    struct worker_notify_spec spec = spec_of(&s, s.scratch.dir);
    spec.user = "nobody";
    worker_notify_end(s.notify);
    worker_notify_free(s.notify);
    s.notify = worker_notify_new(&spec, &e);
    assert_int_equal(worker_notify_address(s.notify)[0], '@');
    worker_notify_free(s.notify);
    assert_int_equal(chmod(s.scratch.dir, 0711), 0);
    s.notify = worker_notify_new(&spec, &e);
    assert_int_equal(worker_notify_address(s.notify)[0], '/');
    assert_int_equal(stat(worker_notify_address(s.notify), &st), 0);
    assert_int_equal(st.st_uid, 65534);
    assert_int_equal(st.st_mode & 0777, 0600);
    close_scene(&s);
}

static void what_is_no_such_socket_is_refused(void **state)
{
    (void)state;
    struct scene s;
    struct err e = {0};
    open_scene(&s);
    struct worker_notify_spec spec = spec_of(&s, NULL);
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_null(worker_notify_adopt(&spec, fd, &e));
    assert_non_null(strstr(e.msg, "reading the address of descriptor"));
    close(fd);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worker_is_heard_and_what_it_said_before),
        cmocka_unit_test(its_descendants_are_heard),
        cmocka_unit_test(others_are_not),
        cmocka_unit_test(who_is_gone_is_nobody),
        cmocka_unit_test(garbage_is_counted),
        cmocka_unit_test(descriptors_that_come_along_are_closed),
        cmocka_unit_test(the_path_is_ours_alone_and_goes_with_the_worker),
        cmocka_unit_test(the_next_instance_hears_what_was_said_meanwhile),
        cmocka_unit_test(what_an_instance_left_behind_is_swept),
        cmocka_unit_test(without_a_path_the_kernel_names_it),
        cmocka_unit_test(another_user_gets_an_address_that_it_can_reach),
        cmocka_unit_test(what_is_no_such_socket_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
