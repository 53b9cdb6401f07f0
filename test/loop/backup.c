/*
 * io/files/backup_*: what is written is read, whatever goes wrong while it is written. write() and
 * fdatasync() are ours here (--wrap): a disk that fills up, takes half of what it is given, or
 * breaks.
 */
#include "redis_rig.h"

#include "core/sweep/backup.h"
#include "io/files/backup_reader.h"
#include "io/files/backup_store.h"
#include "io/files/backup_writer.h"
#include "io/loop/job.h"

#include <dirent.h>
#include <limits.h>
#include <stdatomic.h>

static atomic_size_t bytes_left = SIZE_MAX;
static atomic_size_t portion = SIZE_MAX;
static atomic_bool sync_fails;
static atomic_int syncs;
static pthread_t loop_thread;

static bool is_ours(void)
{
    return !pthread_equal(pthread_self(), loop_thread);
}

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    if (!is_ours())
        return __real_write(fd, bytes, len);
    if (bytes_left == 0) {
        errno = ENOSPC;
        return -1;
    }
    if (len > portion)
        len = portion;
    ssize_t n = __real_write(fd, bytes, len < bytes_left ? len : bytes_left);
    if (n > 0 && bytes_left != SIZE_MAX)
        bytes_left -= (size_t)n;
    return n;
}

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
    assert_true(is_ours());
    syncs++;
    if (sync_fails) {
        errno = EIO;
        return -1;
    }
    return __real_fdatasync(fd);
}

struct world {
    struct loop *loop;
    char top[64];
    char dir[80];
    struct backup_writer *writer;
    struct backup_reader *reader;
    bool done;
    int r;
    char why[ERR_MSG_MAX];
    struct backup_look look; /* its index is not ours */
    struct strbuf records;
    bool block;
};

static void on_written(const struct err *why, void *arg)
{
    struct world *w = arg;
    w->done = true;
    w->r = why ? why->code : 0;
    snprintf(w->why, sizeof w->why, "%s", why ? why->msg : "");
}

static void on_look(const struct backup_look *look, const struct err *why, void *arg)
{
    struct world *w = arg;
    on_written(why, arg);
    w->look = *look;
}

static void on_block(const struct strbuf *records, const struct err *why, void *arg)
{
    struct world *w = arg;
    on_written(why, arg);
    w->block = records;
    strbuf_reset(&w->records);
    if (records)
        strbuf_add(&w->records, records->data, records->len);
}

static bool is_done(void *arg)
{
    return ((struct world *)arg)->done;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err e;
    bytes_left = SIZE_MAX;
    portion = SIZE_MAX;
    sync_fails = false;
    syncs = 0;
    loop_thread = pthread_self();
    w->loop = loop_new(&e);
    snprintf(w->top, sizeof w->top, "/tmp/voxkeeper-backup-XXXXXX");
    assert_non_null(mkdtemp(w->top));
    snprintf(w->dir, sizeof w->dir, "%s/backups", w->top);
    w->writer = backup_writer_new(w->loop, w->dir, on_written, w);
    *state = w;
    return 0;
}

static void path_of(const struct world *w, const char *name, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", w->dir, name);
}

static int teardown(void **state)
{
    struct world *w = *state;
    struct backup_list list;
    char path[PATH_MAX];
    backup_writer_free(w->writer);
    backup_reader_free(w->reader);
    loop_free(w->loop);
    assert_int_equal(backup_store_list(w->dir, &list, NULL), 0);
    for (size_t i = 0; i < list.n; i++) {
        path_of(w, list.items[i].name, path);
        unlink(path);
    }
    backup_list_fini(&list);
    rmdir(w->dir);
    assert_int_equal(rmdir(w->top), 0);
    strbuf_fini(&w->records);
    free(w);
    return 0;
}

static int append(struct world *w, unsigned n_keys, char fill)
{
    struct strbuf records = STRBUF_INIT;
    char payload[500];
    for (unsigned i = 0; i < n_keys; i++) {
        for (size_t k = 0; k < sizeof payload; k++)
            payload[k] = (char)(fill + (char)(k * k * 7 + k * (i + 1)));
        backup_add_key(&records,
            &(struct backup_key){
                .expire_ms = -1, .name = {&fill, 1}, .payload = {payload, sizeof payload}});
    }
    w->done = false;
    backup_writer_append(w->writer, &records);
    assert_null(records.data);
    rig_wait(w->loop, is_done, w);
    return w->r;
}

static int look(struct world *w)
{
    static const struct backup_reader_events events = {on_look, on_block};
    struct backup_list list;
    char path[PATH_MAX];
    assert_int_equal(backup_store_list(w->dir, &list, NULL), 0);
    assert_int_equal(list.n, 1);
    path_of(w, list.items[0].name, path);
    backup_list_fini(&list);
    backup_reader_free(w->reader);
    w->done = false;
    w->reader = backup_reader_new(w->loop, path, &events, w);
    rig_wait(w->loop, is_done, w);
    return w->r;
}

/* Returns whether there was a block. */
static bool next(struct world *w)
{
    w->done = false;
    backup_reader_next(w->reader);
    rig_wait(w->loop, is_done, w);
    assert_int_equal(w->r, 0);
    return w->block;
}

static void what_is_written_is_read(void **state)
{
    struct world *w = *state;
    char path[PATH_MAX];
    struct stat st;
    assert_string_equal(backup_writer_name(w->writer), "");
    assert_int_equal(append(w, 3, 'a'), 0);
    assert_int_equal(syncs, 1);
    assert_int_equal(append(w, 4, 'b'), 0);
    assert_int_equal(syncs, 2);
    path_of(w, backup_writer_name(w->writer), path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, backup_writer_size(w->writer));
    assert_int_equal(stat(w->dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(look(w), 0);
    assert_int_equal(w->look.index.keys, 7);
    assert_int_equal(w->look.whole, w->look.size);
    assert_true(next(w));
    struct backup_record record;
    size_t at = 0;
    assert_int_equal(backup_next(&w->records, &at, &record), 1);
    assert_int_equal(record.key.payload.len, 500);
    assert_true(next(w));
    assert_false(next(w));
}

static void short_writes_are_gone_on_with(void **state)
{
    struct world *w = *state;
    portion = 7;
    assert_int_equal(append(w, 10, 'a'), 0);
    assert_int_equal(look(w), 0);
    assert_int_equal(w->look.index.keys, 10);
}

static void a_full_disk_keeps_what_was_there(void **state)
{
    struct world *w = *state;
    assert_int_equal(append(w, 3, 'a'), 0);
    uint64_t size = backup_writer_size(w->writer);
    bytes_left = 10;
    assert_int_equal(append(w, 3, 'b'), -ENOSPC);
    assert_non_null(strstr(w->why, "No space left on device"));
    assert_non_null(strstr(w->why, w->dir));
    bytes_left = SIZE_MAX;
    assert_int_equal(look(w), 0);
    assert_int_equal(w->look.index.keys, 3);
    assert_int_equal(w->look.size, size);
    /* It stays broken: what follows a hole would not be read. */
    assert_int_equal(append(w, 3, 'c'), -ENOSPC);
    assert_int_equal(backup_writer_size(w->writer), size);
}

static void a_disk_that_is_full_from_the_start_leaves_no_file(void **state)
{
    struct world *w = *state;
    struct backup_list list;
    bytes_left = 10;
    assert_int_equal(append(w, 3, 'a'), -ENOSPC);
    assert_int_equal(backup_store_list(w->dir, &list, NULL), 0);
    assert_int_equal(list.n, 0);
    backup_list_fini(&list);
    assert_string_equal(backup_writer_name(w->writer), "");
}

static void what_was_not_synced_was_not_written(void **state)
{
    struct world *w = *state;
    assert_int_equal(append(w, 3, 'a'), 0);
    uint64_t size = backup_writer_size(w->writer);
    sync_fails = true;
    assert_int_equal(append(w, 3, 'b'), -EIO);
    sync_fails = false;
    assert_int_equal(append(w, 3, 'c'), -EIO);
    assert_int_equal(look(w), 0);
    assert_int_equal(w->look.index.keys, 3);
    assert_int_equal(w->look.size, size);
}

static void a_directory_that_cannot_be_made_is_told(void **state)
{
    struct world *w = *state;
    int fd = open(w->dir, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(append(w, 1, 'a'), -ENOTDIR);
    assert_non_null(strstr(w->why, w->dir));
    unlink(w->dir);
}

static void a_torn_file_is_read_up_to_the_tear(void **state)
{
    struct world *w = *state;
    char path[PATH_MAX];
    assert_int_equal(append(w, 3, 'a'), 0);
    uint64_t first = backup_writer_size(w->writer);
    assert_int_equal(append(w, 2, 'b'), 0);
    path_of(w, backup_writer_name(w->writer), path);
    for (off_t size = (off_t)backup_writer_size(w->writer) - 1; size >= (off_t)first; size -= 37) {
        assert_int_equal(truncate(path, size), 0);
        assert_int_equal(look(w), 0);
        assert_int_equal(w->look.index.keys, 3);
        assert_int_equal(w->look.whole, first);
        assert_true(next(w));
        assert_false(next(w));
    }
    /* A hole of zeros behind it, as some file systems leave one. */
    assert_int_equal(truncate(path, (off_t)first), 0);
    assert_int_equal(truncate(path, (off_t)first + 4096), 0);
    assert_int_equal(look(w), 0);
    assert_int_equal(w->look.whole, first);
    /* A changed byte within. */
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "\xff\xff", 2, 40), 2);
    close(fd);
    assert_int_equal(look(w), 0);
    assert_int_equal(w->look.index.keys, 0);
    assert_int_equal(w->look.whole, BACKUP_SIGNATURE_LEN);
    assert_false(next(w));
}

static void what_is_no_backup_is_refused(void **state)
{
    struct world *w = *state;
    char path[PATH_MAX];
    assert_int_equal(append(w, 1, 'a'), 0);
    path_of(w, backup_writer_name(w->writer), path);
    assert_int_equal(truncate(path, 4), 0);
    assert_int_equal(look(w), -EBADMSG);
    assert_non_null(strstr(w->why, path));
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    backup_reader_free(w->reader);
    w->done = false;
    w->reader =
        backup_reader_new(w->loop, path, &(struct backup_reader_events){on_look, on_block}, w);
    rig_wait(w->loop, is_done, w);
    assert_int_equal(w->r, -EINVAL);
    unlink(path);
}

static void both_can_be_left_at_any_time(void **state)
{
    struct world *w = *state;
    struct strbuf records = STRBUF_INIT;
    assert_int_equal(append(w, 1, 'a'), 0);
    assert_int_equal(look(w), 0);
    w->done = false;
    backup_reader_next(w->reader);
    backup_reader_free(w->reader);
    w->reader = NULL;
    backup_add_results(&records, &(struct backup_results){0, {"\1", 1}});
    backup_writer_append(w->writer, &records);
    backup_writer_free(w->writer);
    w->writer = NULL;
    loop_free(w->loop); /* waits for both */
    assert_false(w->done);
    struct err e;
    w->loop = loop_new(&e);
    assert_int_equal(look(w), 0);
    assert_int_equal(w->look.index.outcomes[BACKUP_REMOVED], 1);
}

/* ---- which are kept ---- */

static void make_file(const struct world *w, usec_t at, size_t size)
{
    char name[BACKUP_NAME_MAX];
    char path[PATH_MAX];
    mkdir(w->dir, 0700);
    path_of(w, backup_store_name(at, name), path);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    close(fd);
}

static void the_old_and_the_many_go(void **state)
{
    struct world *w = *state;
    const usec_t now = UINT64_C(1763830000123456);
    struct backup_list list;
    struct err e = {0};
    assert_int_equal(backup_store_prune(w->dir, &(struct backup_keeping){0}, now, &e), 0);
    for (unsigned day = 0; day < 6; day++)
        make_file(w, now - day * USEC_PER_DAY, 100);
    struct backup_keeping keep = {.age = 4 * USEC_PER_DAY};
    assert_int_equal(backup_store_prune(w->dir, &keep, now, &e), 1);
    keep.size = 350;
    assert_int_equal(backup_store_prune(w->dir, &keep, now, &e), 2);
    assert_int_equal(backup_store_prune(w->dir, &keep, now, &e), 0);
    assert_int_equal(backup_store_list(w->dir, &list, &e), 0);
    assert_int_equal(list.n, 3);
    assert_int_equal(list.items[0].at, now);
    assert_int_equal(list.items[2].at, now - 2 * USEC_PER_DAY);
    assert_int_equal(list.items[0].size, 100);
    backup_list_fini(&list);
    keep = (struct backup_keeping){.age = USEC_INFINITY, .size = 1};
    assert_int_equal(backup_store_prune(w->dir, &keep, now, &e), 2);
    assert_int_equal(backup_store_prune(w->dir, &keep, now, &e), 0);
}

static void other_files_are_none_of_ours(void **state)
{
    (void)state;
    char name[BACKUP_NAME_MAX];
    assert_string_equal(
        backup_store_name(UINT64_C(1763830000123456), name), "sweep-20251122-164640-123456.backup");
    assert_true(backup_store_is_name(name));
    static const char *const others[] = {"", ".", "..", "../sweep-20251122-164640-123456.backup",
        "sweep-20251122-164640-123456.backup~", "sweep-20251122-164640-12345x.backup",
        "x/weep-20251122-164640-123456.backup", "sweep-20251122-164640-123456.backu"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(backup_store_is_name(others[i]));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read),
        TEST(short_writes_are_gone_on_with),
        TEST(a_full_disk_keeps_what_was_there),
        TEST(a_disk_that_is_full_from_the_start_leaves_no_file),
        TEST(what_was_not_synced_was_not_written),
        TEST(a_directory_that_cannot_be_made_is_told),
        TEST(a_torn_file_is_read_up_to_the_tear),
        TEST(what_is_no_backup_is_refused),
        TEST(both_can_be_left_at_any_time),
        TEST(the_old_and_the_many_go),
        TEST(other_files_are_none_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
