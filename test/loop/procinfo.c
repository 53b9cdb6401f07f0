/* Reading /proc: of ourselves and of processes made for it. */
#include "io/child/procinfo.h"

#include "cmocka_all.h"
#include "io/child/procinfo_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that waits for ever, with a name that would mislead a careless reader. */
static pid_t start_sleeper(void)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NAME, ") R 1 (x\n", 0, 0, 0);
        if (write(ready[1], "+", 1) == 1) {
            for (;;)
                pause();
        }
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void end_sleeper(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void the_start_time_names_a_process(void **state)
{
    (void)state;
    uint64_t first = 0;
    uint64_t again = 0;
    pid_t pid = start_sleeper();
    assert_int_equal(procinfo_start_time(pid, &first), 0);
    assert_int_equal(procinfo_start_time(pid, &again), 0);
    assert_true(first > 0);
    assert_int_equal(first, again);
    end_sleeper(pid);
    again = 1;
    assert_int_equal(procinfo_start_time(pid, &again), -ESRCH);
    assert_int_equal(again, 1);
}

static void numbers_of_ourselves(void **state)
{
    (void)state;
    struct procinfo before;
    struct procinfo after;
    assert_int_equal(procinfo_read(getpid(), &before), 0);
    assert_int_equal(before.threads, 1);
    assert_true(before.resident_bytes > 500 * 1024);
    assert_true(before.resident_bytes < UINT64_C(1) << 40);
    int fd = dup(0);
    assert_int_equal(procinfo_read(getpid(), &after), 0);
    assert_int_equal(after.descriptors, before.descriptors + 1);
    close(fd);
    while (after.cpu_usec < before.cpu_usec + 20000)
        assert_int_equal(procinfo_read(getpid(), &after), 0);
    assert_int_equal(procinfo_read(0x7ffffffe, &after), -ESRCH);
}

static void names_do_not_mislead(void **state)
{
    (void)state;
    struct proc_stat s;
    pid_t pid = start_sleeper();
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    assert_int_equal(proc_stat_read(path, &s), 0);
    assert_int_equal(s.pid, pid);
    assert_int_equal(s.parent, getpid());
    assert_int_equal(s.group, getpgrp());
    assert_int_equal(s.session, getsid(0));
    assert_int_equal(s.threads, 1);
    assert_string_equal(s.name, ") R 1 (x\n");
    assert_false(proc_stat_is_dead(&s));
    kill(pid, SIGKILL);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(proc_stat_read(path, &s), 0);
    assert_true(proc_stat_is_dead(&s));
    end_sleeper(pid);

    assert_int_equal(proc_stat_parse("", &s), -EINVAL);
    assert_int_equal(proc_stat_parse("12 (sh) S 1", &s), -EINVAL);
    assert_int_equal(proc_stat_parse(") 12 ( S 1 2 3", &s), -EINVAL);
}

static void evidence_of_a_hang(void **state)
{
    (void)state;
    struct strbuf text = STRBUF_INIT;
    pid_t pid = start_sleeper();
    char expected[128];
    kill(pid, SIGSTOP);
    int status;
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    procinfo_evidence(pid, &text);
    snprintf(expected, sizeof expected, "process %d ) R 1 (x\\n: stopped, CPU 0.0", pid);
    assert_ptr_equal(strstr(strbuf_text(&text), expected), strbuf_text(&text));
    snprintf(expected, sizeof expected, "\nthread %d ) R 1 (x\\n: stopped", pid);
    assert_non_null(strstr(strbuf_text(&text), expected));
    if (geteuid() == 0) /* the rest is root's to read */
        assert_non_null(strstr(strbuf_text(&text), ", stack do_signal_stop < "));
    end_sleeper(pid);

    strbuf_reset(&text);
    procinfo_evidence(pid, &text);
    snprintf(expected, sizeof expected, "process %d: gone, or not ours to look at\n", pid);
    assert_string_equal(strbuf_text(&text), expected);
    strbuf_fini(&text);
}

static void sockets_of_a_process(void **state)
{
    (void)state;
    size_t before = 0;
    size_t n = 0;
    int pair[2];
    struct stat st;
    free(procinfo_sockets(getpid(), &before));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(fstat(pair[1], &st), 0);
    uint64_t *inodes = procinfo_sockets(getpid(), &n);
    assert_int_equal(n, before + 2);
    bool found = false;
    for (size_t i = 0; i < n; i++)
        found = found || inodes[i] == st.st_ino;
    assert_true(found);
    free(inodes);
    close(pair[0]);
    close(pair[1]);
    assert_null(procinfo_sockets(0x7ffffffe, &n));
    assert_int_equal(n, 0);
}

static void what_a_process_runs(void **state)
{
    (void)state;
    char own[4096] = "";
    char named[4096] = "";
    char small[2] = "x";
    assert_true(readlink("/proc/self/exe", own, sizeof own - 1) > 0);
    procinfo_program(getpid(), named, sizeof named);
    assert_string_equal(named, own);
    procinfo_program(getpid(), small, sizeof small);
    assert_string_equal(small, "x");
    procinfo_program(0, named, sizeof named);
    assert_string_equal(named, own);
}

static void who_has_children(void **state)
{
    (void)state;
    assert_false(procinfo_has_children(getpid()));
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    assert_true(procinfo_has_children(getpid()));
    assert_false(procinfo_has_children(child));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_false(procinfo_has_children(child));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_start_time_names_a_process),
        cmocka_unit_test(numbers_of_ourselves),
        cmocka_unit_test(names_do_not_mislead),
        cmocka_unit_test(evidence_of_a_hang),
        cmocka_unit_test(sockets_of_a_process),
        cmocka_unit_test(what_a_process_runs),
        cmocka_unit_test(who_has_children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
