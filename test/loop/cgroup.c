/*
 * Delegated cgroups. Each test runs in a process of its own that was put into a fresh cgroup below
 * the machine's v2 hierarchy: that is its "own" one. Needs the right to make one (root).
 */
#include "io/child/cgroup.h"

#include "io/child/child.h"
#include "io/child/child_clone.h"
#include "loop/cgroup_base.h"
#include "loop/worker_bench.h"

#include <linux/sched.h>

/* The linker sends clone3 through here: a kernel that cannot clone into a cgroup can be had. */
static bool old_kernel;
static unsigned cloned_into;

pid_t __real_child_clone3(struct clone_args *args);
pid_t __wrap_child_clone3(struct clone_args *args);

pid_t __wrap_child_clone3(struct clone_args *args)
{
    bool into = (args->flags & CLONE_INTO_CGROUP) != 0;
    if (into && old_kernel)
        return -EINVAL;
    cloned_into += into;
    return __real_child_clone3(args);
}

static bool exists(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", base, name);
    return access(path, F_OK) == 0;
}

static bool read_own_cgroup(const char *suffix)
{
    char line[256];
    bool found = false;
    FILE *f = fopen("/proc/self/cgroup", "re");
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::", 3) == 0 && strlen(line) > strlen(suffix))
            found = strcmp(line + strlen(line) - strlen(suffix), suffix) == 0;
    }
    fclose(f);
    return found;
}

static void open_twice(void)
{
    struct err e;
    char path[128];
    struct cgroup *g = cgroup_open_own(&e);
    assert_non_null(g);
    snprintf(path, sizeof path, "%s", cgroup_path(g));
    assert_true(read_own_cgroup("/supervisor"));
    cgroup_free(g);
    g = cgroup_open_own(&e); /* after a restart in place we are in there already */
    assert_non_null(g);
    assert_string_equal(cgroup_path(g), path);
    assert_true(read_own_cgroup("/supervisor"));
    assert_false(read_own_cgroup("/supervisor/supervisor"));
    cgroup_free(g);
}

static void we_move_into_supervisor(void **state)
{
    (void)state;
    inside(open_twice);
}

static void make_and_remove(void)
{
    struct err e;
    struct cgroup *g = cgroup_open_own(&e);
    assert_non_null(g);
    int fd = cgroup_make(g, "w-1", &e);
    assert_true(fd >= 0);
    close(fd);
    assert_true(exists("w-1"));
    assert_false(cgroup_populated(g, "w-1"));
    assert_false(cgroup_populated(g, "w-2"));
    assert_int_equal(cgroup_kill(g, "w-2"), -ENOENT);
    assert_int_equal(cgroup_kill(g, "w-1"), 0);
    assert_int_equal(cgroup_oom_kills(g, "w-1"), 0);
    assert_int_equal(cgroup_make(g, "../x", &e), -EINVAL);
    assert_string_equal(e.msg, "making cgroup \"../x\": not a name for one");
    assert_int_equal(cgroup_make(g, "supervisor", &e), -EINVAL);
    fd = cgroup_make(g, "w-1", &e); /* left over from a former life: taken as it is */
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(cgroup_remove(g, "w-1"), 0);
    assert_false(exists("w-1"));
    assert_int_equal(cgroup_remove(g, "w-1"), -ENOENT);
    cgroup_free(g);
}

static void groups_are_made_and_removed(void **state)
{
    (void)state;
    inside(make_and_remove);
}

/* Starts a worker in a cgroup of its own, with a stray that sheds everything else. */
static void worker_in_cgroup(void)
{
    struct bench b;
    struct subject s;
    struct err e;
    int lines[2];
    bench_open(&b);
    assert_int_equal(child_become_subreaper(b.loop, &e), 0);
    struct cgroup *g = cgroup_open_own(&e);
    assert_non_null(g);
    make_pipe(lines);
    char script[] = "grep -q '^0::.*/w-7$' /proc/self/cgroup && echo in >&3;"
                    "(env -i setsid sh -c 'echo $$ >&3; exec sleep 1000' &);"
                    "read line < /proc/sys/kernel/ostype; exec sleep 1000";
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, script, NULL};
    struct child_fd fd = {.source = lines[1], .target = 3};
    struct child_spec spec = {
        .path = "/bin/sh",
        .argv = argv,
        .envp = subject_environment,
        .fds = &fd,
        .n_fds = 1,
        .cgroup = g,
        .name = "w-7",
    };
    subject_try(&s, &b, &spec, &e);
    assert_non_null(s.child);
    close(lines[1]);
    char line[64];
    read_line(lines[0], line, sizeof line);
    assert_string_equal(line, "in");
    pid_t stray = (pid_t)read_number(lines[0]);
    bench_wait(&b, s.started);
    assert_true(cgroup_populated(g, "w-7"));
    subject_kill(&s);
    assert_int_equal(kill(stray, 0), -1);
    assert_int_equal(read(lines[0], line, 1), 0);
    close(lines[0]);
    assert_false(s.status.oom);
    assert_false(exists("w-7"));
    child_free(s.child);
    cgroup_free(g);
    bench_close(&b);
    assert_no_children();
}

static void worker_cloned_into_cgroup(void)
{
    worker_in_cgroup();
    assert_int_equal(cloned_into, 1);
}

static void worker_that_joins_its_cgroup(void)
{
    old_kernel = true;
    worker_in_cgroup();
    assert_int_equal(cloned_into, 0);
}

static void a_worker_is_killed_with_its_cgroup(void **state)
{
    (void)state;
    inside(worker_cloned_into_cgroup);
}

static void a_worker_joins_its_cgroup_where_it_cannot_be_cloned_into_it(void **state)
{
    (void)state;
    inside(worker_that_joins_its_cgroup);
}

static void start_fails_in_cgroup(void)
{
    struct bench b;
    struct subject s;
    struct err e;
    bench_open(&b);
    struct cgroup *g = cgroup_open_own(&e);
    assert_non_null(g);
    char *argv[] = {(char[]){"nod"}, NULL};
    struct child_spec spec = {
        .path = "/nonexistent/nod",
        .argv = argv,
        .envp = subject_environment,
        .cgroup = g,
        .name = "w-7",
    };
    subject_try(&s, &b, &spec, &e);
    assert_non_null(s.child);
    bench_wait(&b, s.failed);
    assert_false(exists("w-7"));
    child_free(s.child);
    cgroup_free(g);
    bench_close(&b);
}

static void a_failed_start_leaves_no_cgroup(void **state)
{
    (void)state;
    inside(start_fails_in_cgroup);
}

/* The machine's root cgroup is not ours, even where we could write to it. */
static void the_root_is_not_delegated(void **state)
{
    (void)state;
    struct err e;
    if (!read_own_cgroup("::/")) /* a container's root looks the same, and is delegated */
        return;
    char events[160];
    snprintf(events, sizeof events, "%.*s/cgroup.events", (int)(strrchr(base, '/') - base), base);
    if (base[0] == '\0' || access(events, F_OK) == 0)
        return;
    assert_null(cgroup_open_own(&e));
    assert_int_equal(e.code, -EPERM);
    assert_string_equal(e.msg, "using cgroup \"/\": not delegated to us");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, make_base, remove_base)
        T(we_move_into_supervisor),
        T(groups_are_made_and_removed),
        T(a_worker_is_killed_with_its_cgroup),
        T(a_worker_joins_its_cgroup_where_it_cannot_be_cloned_into_it),
        T(a_failed_start_leaves_no_cgroup),
        T(the_root_is_not_delegated),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
