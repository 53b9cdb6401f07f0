/* What a service manager passes: a process of its own for each case, as LISTEN_PID names one. */
#include "io/sockets/inherited.h"

#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PASSED = 3, FIRST = 3 };

/* Runs `check` in a child that was passed three descriptors; whether it held. */
static bool holds(const char *count, const char *names, bool (*check)(struct inherited *, int r))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        char own[16];
        struct inherited in;
        struct err e = {0};
        snprintf(own, sizeof own, "%d", getpid());
        for (int i = 0; i < PASSED; i++)
            dup2(STDIN_FILENO, FIRST + i);
        setenv("LISTEN_PID", own, 1);
        setenv("LISTEN_FDS", count, 1);
        if (names)
            setenv("LISTEN_FDNAMES", names, 1);
        int r = inherited_read(&in, &e);
        bool held = check(&in, r);
        inherited_fini(&in);
        _exit(held && in.n == 0 ? 0 : 1);
    }
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static bool open_fd(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static bool all_three_once(struct inherited *in, int r)
{
    for (int i = 0; i < PASSED; i++) {
        if (in->items[i].fd != FIRST + i || !(fcntl(FIRST + i, F_GETFD) & FD_CLOEXEC))
            return false;
    }
    return r == 0 && in->n == PASSED && strcmp(in->items[0].name, "public") == 0 &&
           strcmp(in->items[1].name, "stored") == 0 && strcmp(in->items[2].name, "public") == 0 &&
           !getenv("LISTEN_FDS") && !getenv("LISTEN_PID") && !getenv("LISTEN_FDNAMES");
}

static void each_with_its_name(void **state)
{
    (void)state;
    assert_true(holds("3", "public:stored:public", all_three_once));
}

static bool taken_by_name(struct inherited *in, int r)
{
    int index = inherited_find(in, "stored");
    if (r < 0 || index != 1 || inherited_take(in, (size_t)index) != FIRST + 1)
        return false;
    if (inherited_find(in, "stored") != -1 || in->n != 2 || in->items[1].fd != FIRST + 2)
        return false;
    inherited_fini(in);
    return !open_fd(FIRST) && open_fd(FIRST + 1) && !open_fd(FIRST + 2);
}

static void what_is_taken_is_the_takers(void **state)
{
    (void)state;
    assert_true(holds("3", "public:stored:public", taken_by_name));
}

static bool given_back(struct inherited *in, int r)
{
    int fd = inherited_take(in, 0);
    if (r < 0 || inherited_give(in, fd, "public") < 0 || in->n != PASSED)
        return false;
    return in->items[2].fd == fd && inherited_find(in, "public") == 1;
}

static void what_is_given_back_can_be_taken_again(void **state)
{
    (void)state;
    assert_true(holds("3", "public:stored:public", given_back));
}

static bool none_named(struct inherited *in, int r)
{
    return r == 0 && in->n == 1 && strcmp(in->items[0].name, "unknown") == 0;
}

static void without_names(void **state)
{
    (void)state;
    assert_true(holds("1", NULL, none_named));
}

static bool refused(struct inherited *in, int r)
{
    return r < 0 && in->n == 0 && in->items == NULL;
}

static void nonsense_passes_nothing(void **state)
{
    (void)state;
    assert_true(holds("0", NULL, refused));
    assert_true(holds("many", NULL, refused));
    assert_true(holds("4000", NULL, refused));
    assert_true(holds("3", "too:few", refused));
}

static void of_another_process(void **state)
{
    struct inherited in = {0};
    struct err e = {0};
    (void)state;
    setenv("LISTEN_PID", "1", 1);
    setenv("LISTEN_FDS", "3", 1);
    assert_int_equal(inherited_read(&in, &e), 0);
    assert_int_equal(in.n, 0);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_with_its_name),
        cmocka_unit_test(what_is_taken_is_the_takers),
        cmocka_unit_test(what_is_given_back_can_be_taken_again),
        cmocka_unit_test(without_names),
        cmocka_unit_test(nonsense_passes_nothing),
        cmocka_unit_test(of_another_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
