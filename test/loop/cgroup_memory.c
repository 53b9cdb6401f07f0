/* What a cgroup's files say of its memory; files of the same form will do. */
#include "io/child/cgroup_memory.h"

#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scene {
    char path[64];
    int fd;
};

static const char *const files[] = {"memory.current", "memory.stat", "memory.max"};

static int begin(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    snprintf(s->path, sizeof s->path, "/tmp/voxkeeper-test-XXXXXX");
    if (!mkdtemp(s->path))
        return -1;
    s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = s;
    return s->fd < 0 ? -1 : 0;
}

static int end(void **state)
{
    struct scene *s = *state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)unlinkat(s->fd, files[i], 0);
    close(s->fd);
    int r = rmdir(s->path);
    free(s);
    return r;
}

static void put(const struct scene *s, const char *name, const char *text)
{
    int fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void files_that_nobody_reads_do_not_count(void **state)
{
    struct scene *s = *state;
    struct cgroup_memory m;
    put(s, "memory.current", "1000000\n");
    put(s, "memory.stat",
        "anon 700000\nfile 300000\nactive_file 50000\ninactive_file 250000\nslab 1\n");
    put(s, "memory.max", "2000000\n");
    assert_int_equal(cgroup_memory_read(s->fd, &m), 0);
    assert_int_equal(m.used, 750000);
    assert_true(m.limited);
    assert_int_equal(m.limit, 2000000);
}

static void without_a_limit_there_is_none(void **state)
{
    struct scene *s = *state;
    struct cgroup_memory m;
    put(s, "memory.current", "4096\n");
    put(s, "memory.max", "max\n");
    assert_int_equal(cgroup_memory_read(s->fd, &m), 0);
    assert_int_equal(m.used, 4096);
    assert_false(m.limited);
}

/* The two files are not read at the same moment. */
static void it_never_uses_less_than_nothing(void **state)
{
    struct scene *s = *state;
    struct cgroup_memory m;
    put(s, "memory.current", "4096\n");
    put(s, "memory.stat", "inactive_file 8192\n");
    assert_int_equal(cgroup_memory_read(s->fd, &m), 0);
    assert_int_equal(m.used, 0);
}

static void without_the_controller_nothing_is_known(void **state)
{
    struct scene *s = *state;
    struct cgroup_memory m = {.used = 7};
    assert_int_equal(cgroup_memory_read(s->fd, &m), -ENOENT);
    put(s, "memory.current", "soon\n");
    assert_int_equal(cgroup_memory_read(s->fd, &m), -EINVAL);
    assert_int_equal(m.used, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_that_nobody_reads_do_not_count, begin, end),
        cmocka_unit_test_setup_teardown(without_a_limit_there_is_none, begin, end),
        cmocka_unit_test_setup_teardown(it_never_uses_less_than_nothing, begin, end),
        cmocka_unit_test_setup_teardown(without_the_controller_nothing_is_known, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
