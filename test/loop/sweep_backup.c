/*
 * What a sweep removes is in its backup before it is removed, and what cannot be saved stays. The
 * disk is ours here (--wrap): it fills up, or fails to sync, after so many batches.
 */
#include "sweep_rig.h"

#include "core/sweep/backup.h"
#include "io/files/backup_reader.h"
#include "io/files/backup_store.h"

#include <ftw.h>
#include <semaphore.h>
#include <stdatomic.h>

#define D USEC_PER_DAY

static atomic_int syncs_left = -1; /* until fdatasync() fails; -1: never */
static atomic_bool holds;          /* fdatasync() waits for `go` */
static atomic_bool held;
static sem_t go;
static struct sweep_rig *rig;
static long long keys_at_sync; /* -1: nobody looks */

/* A server that was asked to remove before the sync would have fewer keys now. */
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
    if (holds) {
        held = true;
        sem_wait(&go);
    }
    if (keys_at_sync >= 0) {
        redisContext *c = rig_redis_connect(&rig->redis);
        keys_at_sync = rig_redis_int(c, "DBSIZE");
        redisFree(c);
    }
    if (syncs_left == 0) {
        errno = EIO;
        return -1;
    }
    if (syncs_left > 0)
        syncs_left--;
    return __real_fdatasync(fd);
}

static char dir[120];

static void use_backup(struct sweep_rig *r, bool enabled)
{
    const struct backup_keeping keep = {.age = 30 * D, .size = 0};
    sweeper_set_backup(r->sweeper, enabled, dir, &keep);
}

static int setup(void **state)
{
    rig = sweep_rig_up(NULL);
    syncs_left = -1;
    keys_at_sync = -1;
    holds = false;
    held = false;
    sem_init(&go, 0, 0);
    snprintf(dir, sizeof dir, "%s/backups", rig->redis.dir);
    use_backup(rig, true);
    *state = rig;
    return 0;
}

static int remove_it(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    sweeper_free(rig->sweeper);
    rig->sweeper = NULL;
    nftw(dir, remove_it, 8, FTW_DEPTH | FTW_PHYS);
    sweep_rig_free(*state);
    return 0;
}

static void plant(struct sweep_rig *r, int n)
{
    char id[16];
    for (int i = 0; i < n; i++) {
        snprintf(id, sizeof id, "%d", i);
        sweep_rig_session(r, id, 3 * D, 0);
    }
}

/* ---- what the file holds ---- */

struct content {
    bool done;
    int r;
    struct backup_look look;
    bool block;
    struct strbuf records;
};

static void on_look(const struct backup_look *look, const struct err *why, void *arg)
{
    struct content *c = arg;
    c->done = true;
    c->r = why ? why->code : 0;
    c->look = *look;
}

static void on_block(const struct strbuf *records, const struct err *why, void *arg)
{
    struct content *c = arg;
    assert_null(why);
    c->done = true;
    c->block = records;
    if (records)
        strbuf_add(&c->records, records->data, records->len);
}

static bool has_content(void *arg)
{
    return ((struct content *)arg)->done;
}

static struct backup_reader *read_backup(struct sweep_rig *r, struct content *c)
{
    static const struct backup_reader_events events = {on_look, on_block};
    char path[256];
    assert_true(backup_store_is_name(r->summary.backup));
    snprintf(path, sizeof path, "%s/%s", dir, r->summary.backup);
    *c = (struct content){0};
    struct backup_reader *reader = backup_reader_new(r->loop, path, &events, c);
    rig_wait(r->loop, has_content, c);
    assert_int_equal(c->r, 0);
    assert_int_equal(c->look.whole, c->look.size);
    do {
        c->done = false;
        backup_reader_next(reader);
        rig_wait(r->loop, has_content, c);
    } while (c->block);
    return reader;
}

static void done_with(struct backup_reader *reader, struct content *c)
{
    backup_reader_free(reader);
    strbuf_fini(&c->records);
}

static bool is_text(struct backup_bytes bytes, const char *text)
{
    return bytes.len == strlen(text) && memcmp(bytes.at, text, bytes.len) == 0;
}

static void what_is_removed_is_in_the_backup(void **state)
{
    struct sweep_rig *r = *state;
    struct content c;
    struct backup_record record;
    size_t at = 0;
    sweep_rig_session(r, "live", 0, 3600);
    sweep_rig_session(r, "stale", 3 * D, 0);
    redisReply *dump = rig_redis_do(r->c, "DUMP elevenlabs:session:stale");
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, 1);
    assert_int_equal(r->summary.backed_up, 1);
    struct backup_reader *reader = read_backup(r, &c);
    assert_int_equal(c.look.index.keys, 1);
    assert_int_equal(c.look.index.outcomes[BACKUP_REMOVED], 1);
    assert_non_null(strstr(c.look.index.server, r->redis.socket));
    assert_int_equal(backup_next(&c.records, &at, &record), 1);
    assert_int_equal(record.type, BACKUP_HEADER);
    assert_int_equal(backup_next(&c.records, &at, &record), 1);
    assert_true(is_text(record.key.name, "elevenlabs:session:stale"));
    assert_true(is_text(record.key.type, "string"));
    assert_true(is_text(record.key.keyspace, "sessions"));
    assert_true(is_text(record.key.finding, "stale"));
    assert_true(record.key.reason.len > 0);
    assert_int_equal(record.key.expire_ms, -1);
    assert_int_equal(record.key.payload.len, dump->len);
    assert_memory_equal(record.key.payload.at, dump->str, dump->len);
    freeReplyObject(dump);
    done_with(reader, &c);
}

static void nothing_goes_before_it_is_on_the_disk(void **state)
{
    struct sweep_rig *r = *state;
    plant(r, 5);
    keys_at_sync = 0;
    syncs_left = 0;
    sweep_rig_run(r, (struct sweep_request){0});
    assert_int_equal(keys_at_sync, 5);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 5);
    assert_int_equal(r->summary.removed, 0);
    assert_int_equal(r->summary.not_tried, 5);
    assert_true(r->summary.complete && r->summary.backup_failed);
    assert_non_null(strstr(r->summary.error_text, "Input/output error"));
    assert_string_equal(r->summary.backup, "");
    assert_int_equal(r->summary.backed_up, 0);
}

static void when_the_disk_breaks_on_the_way_the_rest_stays(void **state)
{
    struct sweep_rig *r = *state;
    struct content c;
    enum { N = 1000 };
    plant(r, N);
    syncs_left = 3;
    sweep_rig_run(r, (struct sweep_request){0});
    assert_true(r->summary.complete && r->summary.backup_failed);
    assert_true(r->summary.removed > 0 && r->summary.removed < N);
    assert_int_equal(r->summary.removed + r->summary.not_tried, N);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), N - (long long)r->summary.removed);
    assert_int_equal(r->summary.backed_up, r->summary.removed);
    struct backup_reader *reader = read_backup(r, &c);
    assert_int_equal(c.look.index.keys, r->summary.removed);
    done_with(reader, &c);
    /* The next one has a file of its own and goes on. */
    syncs_left = -1;
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 0);
}

static void rewrite(struct sweep_rig *r)
{
    r->on_finding = NULL;
    rig_redis_run(r->c, "SET elevenlabs:session:0 x");
}

static void what_survives_is_told_in_the_backup(void **state)
{
    struct sweep_rig *r = *state;
    struct content c;
    enum { N = 300 };
    plant(r, N);
    /* One of the keys is written anew after the first batch is gone; which one it hits is open. */
    r->on_finding = rewrite;
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(rig_redis_int(r->c, "EXISTS elevenlabs:session:0"), 1);
    struct backup_reader *reader = read_backup(r, &c);
    assert_int_equal(c.look.index.outcomes[BACKUP_REMOVED], r->summary.removed);
    assert_int_equal(c.look.index.outcomes[BACKUP_SURVIVED], r->summary.survived);
    assert_int_equal(c.look.index.outcomes[BACKUP_UNKNOWN], 0);
    done_with(reader, &c);
}

static size_t files(void)
{
    struct backup_list list;
    assert_int_equal(backup_store_list(dir, &list, NULL), 0);
    size_t n = list.n;
    backup_list_fini(&list);
    return n;
}

static void a_sweep_that_removes_nothing_writes_nothing(void **state)
{
    struct sweep_rig *r = *state;
    sweep_rig_session(r, "live", 0, 3600);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_session(r, "stale", 3 * D, 0);
    sweep_rig_run(r, (struct sweep_request){.dry_run = true});
    sweep_rig_run(r, (struct sweep_request){.census_only = true});
    assert_int_equal(files(), 0);
    assert_string_equal(r->summary.backup, "");
}

static void without_a_backup_it_removes_all_the_same(void **state)
{
    struct sweep_rig *r = *state;
    plant(r, 3);
    sweep_rig_run(r, (struct sweep_request){.no_backup = true});
    assert_int_equal(r->summary.removed, 3);
    use_backup(r, false);
    plant(r, 3);
    sweep_rig_run(r, (struct sweep_request){0});
    assert_int_equal(r->summary.removed, 3);
    assert_int_equal(files(), 0);
}

static void cancel(struct sweep_rig *r)
{
    sweeper_cancel(r->sweeper);
}

static void a_cancelled_sweep_leaves_a_whole_file(void **state)
{
    struct sweep_rig *r = *state;
    struct content c;
    enum { N = 1000 };
    plant(r, N);
    r->on_finding = cancel;
    sweep_rig_run(r, (struct sweep_request){0});
    assert_false(r->summary.complete);
    assert_true(r->summary.removed > 0 && r->summary.removed < N);
    struct backup_reader *reader = read_backup(r, &c);
    assert_int_equal(c.look.index.outcomes[BACKUP_REMOVED], r->summary.removed);
    assert_int_equal(c.look.index.outcomes[BACKUP_UNKNOWN], 0);
    done_with(reader, &c);
}

static bool is_held(void *arg)
{
    (void)arg;
    return held;
}

static void one_cancelled_while_it_saves_removes_nothing(void **state)
{
    struct sweep_rig *r = *state;
    struct content c;
    plant(r, 5);
    holds = true;
    sweep_rig_begin(r, (struct sweep_request){0});
    rig_wait(r->loop, is_held, r);
    sweeper_cancel(r->sweeper);
    holds = false;
    sem_post(&go);
    sweep_rig_finish(r);
    assert_int_equal(r->summary.removed, 0);
    assert_int_equal(r->summary.not_tried, 5);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 5);
    struct backup_reader *reader = read_backup(r, &c);
    assert_int_equal(c.look.index.outcomes[BACKUP_NOT_TRIED], 5);
    done_with(reader, &c);
}

static void it_may_be_freed_while_it_writes(void **state)
{
    struct sweep_rig *r = *state;
    plant(r, 500);
    for (int turns = 1; turns < 60; turns++) {
        sweep_rig_begin(r, (struct sweep_request){0});
        for (int i = 0; i < turns && !r->done; i++)
            uv_run(loop_uv(r->loop), UV_RUN_ONCE);
        sweeper_free(r->sweeper);
        redis_link_free(r->link);
        sweep_rig_connect(r, r->redis.url, NULL, NULL);
        use_backup(r, true);
        if (turns % 10 == 0)
            plant(r, 500);
    }
}

static void old_files_go_when_a_sweep_begins(void **state)
{
    struct sweep_rig *r = *state;
    char path[256];
    char name[BACKUP_NAME_MAX];
    mkdir(dir, 0700);
    for (int day = 29; day <= 31; day++) {
        snprintf(path, sizeof path, "%s/%s", dir,
            backup_store_name(loop_wall_now() - (usec_t)day * D, name));
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    }
    sweep_rig_run(r, (struct sweep_request){.dry_run = true});
    assert_int_equal(files(), 3);
    sweep_rig_run(r, (struct sweep_request){0});
    sweeper_free(r->sweeper);
    redis_link_free(r->link);
    r->link = NULL;
    r->sweeper = NULL;
    struct err e;
    loop_free(r->loop); /* waits for the other thread */
    r->loop = loop_new(&e);
    assert_int_equal(files(), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_removed_is_in_the_backup),
        TEST(nothing_goes_before_it_is_on_the_disk),
        TEST(when_the_disk_breaks_on_the_way_the_rest_stays),
        TEST(what_survives_is_told_in_the_backup),
        TEST(a_sweep_that_removes_nothing_writes_nothing),
        TEST(without_a_backup_it_removes_all_the_same),
        TEST(a_cancelled_sweep_leaves_a_whole_file),
        TEST(one_cancelled_while_it_saves_removes_nothing),
        TEST(it_may_be_freed_while_it_writes),
        TEST(old_files_go_when_a_sweep_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
