/*
 * A document in memory, and a writer that dies at any moment: after each byte of what it writes.
 * pwrite() is ours here (--wrap): it writes as much as is left to it, and fails from then on.
 */
#include "io/keep/snapshot.h"

#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t bytes_left = SIZE_MAX;

ssize_t __real_pwrite64(int fd, const void *bytes, size_t len, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t len, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    if (bytes_left == 0) {
        errno = ENOSPC;
        return -1;
    }
    ssize_t n = __real_pwrite64(fd, bytes, len < bytes_left ? len : bytes_left, at);
    if (n > 0 && bytes_left != SIZE_MAX)
        bytes_left -= (size_t)n;
    return n;
}

static int write_text(int fd, const char *text)
{
    struct err e = {0};
    return snapshot_write(fd, text, strlen(text), &e);
}

static void assert_holds(int fd, const char *text)
{
    struct strbuf out = STRBUF_INIT;
    struct err e = {0};
    assert_int_equal(snapshot_read(fd, &out, &e), 0);
    assert_string_equal(strbuf_text(&out), text);
    strbuf_fini(&out);
}

static int read_error(int fd)
{
    struct strbuf out = STRBUF_INIT;
    struct err e = {0};
    int r = snapshot_read(fd, &out, &e);
    assert_int_equal(out.len, 0);
    assert_int_equal(e.code, r);
    strbuf_fini(&out);
    return r;
}

static int open_one(void)
{
    struct err e;
    int fd = snapshot_new(&e);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    return fd;
}

static void the_latest_is_read(void **state)
{
    (void)state;
    int fd = open_one();
    assert_int_equal(read_error(fd), -ENODATA);
    assert_int_equal(write_text(fd, ""), 0);
    assert_holds(fd, "");
    assert_int_equal(write_text(fd, "the first, which is rather long"), 0);
    assert_holds(fd, "the first, which is rather long");
    assert_int_equal(write_text(fd, "short"), 0);
    assert_holds(fd, "short");
    assert_int_equal(write_text(fd, "four"), 0);
    assert_holds(fd, "four");
    close(fd);
}

/* The writer of `later` dies after `budget` bytes. Whether it came to its end. */
static bool write_some(int fd, const char *later, size_t budget)
{
    bytes_left = budget;
    int r = write_text(fd, later);
    bytes_left = SIZE_MAX;
    if (r < 0)
        assert_int_equal(r, -ENOSPC);
    return r == 0;
}

static void whatever_moment_the_writer_dies_at(void **state)
{
    (void)state;
    static const char *const laters[] = {"later", "a later one that is longer than before", ""};
    for (size_t i = 0; i < 3; i++) {
        bool complete = false;
        for (size_t budget = 0; !complete; budget++) {
            int fd = open_one();
            assert_true(budget < 200);
            /* The very first one, then each copy over one of before. */
            if (!write_some(fd, "first", budget))
                assert_int_equal(read_error(fd), -ENODATA);
            assert_int_equal(write_text(fd, "an early one"), 0);
            assert_int_equal(write_text(fd, "before"), 0);
            complete = write_some(fd, laters[i], budget);
            assert_holds(fd, complete ? laters[i] : "before");
            /* The next writer dies as well. */
            bool again = write_some(fd, "later still", budget);
            assert_holds(fd, again ? "later still" : complete ? laters[i] : "before");
            assert_int_equal(write_text(fd, "the end"), 0);
            assert_holds(fd, "the end");
            close(fd);
        }
    }
}

/* Bytes of the two copies that hold something. */
static size_t holes_skipped(int fd, off_t *offsets, size_t max)
{
    size_t n = 0;
    off_t end = lseek(fd, 0, SEEK_END);
    for (off_t at = lseek(fd, 0, SEEK_DATA); at >= 0 && at < end;) {
        off_t stop = lseek(fd, at, SEEK_HOLE);
        for (off_t i = at; i < stop && i < at + 64 && n < max; i++)
            offsets[n++] = i;
        at = lseek(fd, stop, SEEK_DATA);
    }
    return n;
}

static void whichever_byte_is_changed(void **state)
{
    (void)state;
    enum { BYTES = 200 };
    off_t offsets[BYTES];
    int fd = open_one();
    assert_int_equal(write_text(fd, "before"), 0);
    assert_int_equal(write_text(fd, "latest"), 0);
    size_t n = holes_skipped(fd, offsets, BYTES);
    size_t fell_back = 0;
    assert_in_range(n, 76, BYTES - 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = 0;
        struct strbuf out = STRBUF_INIT;
        struct err e = {0};
        assert_int_equal(pread(fd, &byte, 1, offsets[i]), 1);
        byte ^= 0x40;
        assert_int_equal(pwrite(fd, &byte, 1, offsets[i]), 1);
        assert_int_equal(snapshot_read(fd, &out, &e), 0);
        if (strcmp(strbuf_text(&out), "before") == 0)
            fell_back++;
        else
            assert_string_equal(strbuf_text(&out), "latest");
        strbuf_fini(&out);
        byte ^= 0x40;
        assert_int_equal(pwrite(fd, &byte, 1, offsets[i]), 1);
    }
    /* Each byte of the latest copy's header and body. */
    assert_int_equal(fell_back, 32 + strlen("latest"));
    assert_holds(fd, "latest");
    close(fd);
}

static void wherever_it_is_cut(void **state)
{
    (void)state;
    int fd = open_one();
    assert_int_equal(write_text(fd, "before"), 0);
    assert_int_equal(write_text(fd, "latest"), 0);
    off_t whole = lseek(fd, 0, SEEK_END);
    for (off_t size = whole - 1; size >= whole - 38; size--) {
        assert_int_equal(ftruncate(fd, size), 0);
        assert_holds(fd, "before");
    }
    assert_int_equal(ftruncate(fd, 37), 0);
    assert_int_equal(read_error(fd), -ENODATA);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(read_error(fd), -ENODATA);
    assert_int_equal(write_text(fd, "anew"), 0);
    assert_holds(fd, "anew");
    close(fd);
}

static void as_long_as_allowed(void **state)
{
    (void)state;
    struct err e = {0};
    struct strbuf out = STRBUF_INIT;
    int fd = open_one();
    char *text = malloc(SNAPSHOT_MAX + 1);
    assert_non_null(text);
    memset(text, 'x', SNAPSHOT_MAX + 1);
    assert_int_equal(write_text(fd, "before"), 0);
    assert_int_equal(snapshot_write(fd, text, SNAPSHOT_MAX + 1, &e), -EFBIG);
    assert_holds(fd, "before");
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(snapshot_write(fd, text, SNAPSHOT_MAX, &e), 0);
        strbuf_reset(&out);
        assert_int_equal(snapshot_read(fd, &out, &e), 0);
        assert_int_equal(out.len, SNAPSHOT_MAX);
        assert_memory_equal(out.data, text, SNAPSHOT_MAX);
    }
    strbuf_fini(&out);
    free(text);
    close(fd);
}

static void anything_may_be_behind_it(void **state)
{
    (void)state;
    int ends[2];
    char noise[8192];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(read_error(ends[0]), -EINVAL);
    assert_int_equal(write_text(ends[1], "x"), -EINVAL);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(read_error(ends[0]), -EBADF);
    int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(read_error(directory), -EINVAL);
    close(directory);
    int zeros = open_one();
    assert_int_equal(ftruncate(zeros, 16 << 20), 0);
    assert_int_equal(read_error(zeros), -ENODATA);
    close(zeros);
    int random = open_one();
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(i * 2654435761U >> 13);
    assert_int_equal(write(random, noise, sizeof noise), sizeof noise);
    assert_int_equal(read_error(random), -ENODATA);
    close(random);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_is_read),
        cmocka_unit_test(whatever_moment_the_writer_dies_at),
        cmocka_unit_test(whichever_byte_is_changed),
        cmocka_unit_test(wherever_it_is_cut),
        cmocka_unit_test(as_long_as_allowed),
        cmocka_unit_test(anything_may_be_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
