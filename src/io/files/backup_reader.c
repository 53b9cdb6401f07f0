/* Reading a backup file. While a job is under way all but `left` belongs to the other thread. */
#include "io/files/backup_reader.h"

#include "core/sweep/backup.h"
#include "io/loop/job.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct backup_reader {
    struct loop *loop;
    char *path;
    struct backup_reader_events events;
    void *arg;
    bool busy;
    bool in_callback;
    atomic_bool left; /* nobody waits: the job ends early, and the reader with it */
    bool looked;
    int fd;
    struct backup_look look;
    uint64_t at; /* where the next block begins */
    char *packed;
    size_t packed_size;
    struct strbuf records;
    int r; /* 1: a block; 0: the end, or the tear; negative: *e */
    struct err e;
};

/* Returns 1, 0 (the file ends before) or a negative errno. */
static int read_at(const struct backup_reader *r, char *bytes, size_t len, uint64_t at)
{
    while (len > 0) {
        ssize_t n = pread(r->fd, bytes, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        bytes += n;
        len -= (size_t)n;
        at += (uint64_t)n;
    }
    return 1;
}

static int make_room(struct backup_reader *r, size_t len)
{
    if (len <= r->packed_size)
        return 0;
    char *packed = realloc(r->packed, len);
    if (!packed)
        return -ENOMEM;
    r->packed = packed;
    r->packed_size = len;
    return 0;
}

/* As read_at(): the block at `at`, of which nothing is believed. */
static int read_block(struct backup_reader *r)
{
    char header[BACKUP_BLOCK_HEADER];
    size_t len = 0;
    /* What is appended after the look has begun does not count. */
    if (r->look.size - r->at < sizeof header)
        return 0;
    int result = read_at(r, header, sizeof header, r->at);
    if (result <= 0)
        return result;
    if (backup_block_len(header, &len) < 0 || len > r->look.size - r->at - sizeof header)
        return 0;
    if (make_room(r, len) < 0)
        return -ENOMEM;
    result = read_at(r, r->packed, len, r->at + sizeof header);
    if (result <= 0)
        return result;
    result = backup_unpack(header, r->packed, len, &r->records);
    if (result < 0)
        return result == -EBADMSG ? 0 : result;
    r->at += sizeof header + len;
    return 1;
}

static int open_file(struct backup_reader *r)
{
    char signature[BACKUP_SIGNATURE_LEN];
    struct stat st;
    r->fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (r->fd < 0 || fstat(r->fd, &st) < 0)
        return err_sys(&r->e, -errno, "reading the backup \"%s\"", r->path);
    if (!S_ISREG(st.st_mode))
        return err_set(&r->e, -EINVAL, "reading the backup \"%s\": it is no file", r->path);
    r->look.size = (uint64_t)st.st_size;
    int result = read_at(r, signature, sizeof signature, 0);
    if (result < 0)
        return err_sys(&r->e, result, "reading the backup \"%s\"", r->path);
    if (result == 0 || memcmp(signature, BACKUP_SIGNATURE, sizeof signature) != 0)
        return err_set(&r->e, -EBADMSG,
            "reading the backup \"%s\": it does not begin as a backup of voxkeeper does", r->path);
    r->at = BACKUP_SIGNATURE_LEN;
    return 0;
}

static void look(void *arg)
{
    struct backup_reader *r = arg;
    int result = 1;
    r->r = open_file(r);
    if (r->r < 0)
        return;
    while (result == 1 && !atomic_load(&r->left)) {
        r->look.whole = r->at;
        result = read_block(r);
        if (result == 1 && backup_index_add(&r->look.index, &r->records) < 0)
            result = 0; /* its sum is right and its content is not: written by something else */
    }
    if (result < 0)
        r->r = err_sys(&r->e, result, "reading the backup \"%s\"", r->path);
    r->at = BACKUP_SIGNATURE_LEN;
}

static void next(void *arg)
{
    struct backup_reader *r = arg;
    strbuf_reset(&r->records);
    r->r = r->at < r->look.whole ? read_block(r) : 0;
    if (r->r < 0)
        err_sys(&r->e, r->r, "reading the backup \"%s\"", r->path);
    else if (r->r == 0 && r->at < r->look.whole)
        r->r = err_set(&r->e, -ESTALE, "reading the backup \"%s\": it changed meanwhile", r->path);
}

static void release(struct backup_reader *r)
{
    if (r->fd >= 0)
        close(r->fd);
    backup_index_fini(&r->look.index);
    strbuf_fini(&r->records);
    free(r->packed);
    free(r->path);
    free(r);
}

static void on_done(void *arg)
{
    struct backup_reader *r = arg;
    r->busy = false;
    r->in_callback = true;
    const struct err *why = r->r < 0 ? &r->e : NULL;
    if (!atomic_load(&r->left)) {
        if (r->looked) {
            r->events.on_block(r->r == 1 ? &r->records : NULL, why, r->arg);
        } else {
            r->looked = true;
            r->events.on_look(&r->look, why, r->arg);
        }
    }
    r->in_callback = false;
    if (atomic_load(&r->left) && !r->busy)
        release(r);
}

struct backup_reader *backup_reader_new(
    struct loop *l, const char *path, const struct backup_reader_events *events, void *arg)
{
    struct backup_reader *r = calloc(1, sizeof *r);
    if (!r || !(r->path = strdup(path)))
        abort();
    r->loop = l;
    r->events = *events;
    r->arg = arg;
    r->fd = -1;
    r->busy = true;
    job_run(l, look, on_done, r);
    return r;
}

void backup_reader_next(struct backup_reader *r)
{
    assert(!r->busy && r->looked);
    r->busy = true;
    job_run(r->loop, next, on_done, r);
}

void backup_reader_free(struct backup_reader *r)
{
    if (!r)
        return;
    atomic_store(&r->left, true);
    if (!r->busy && !r->in_callback)
        release(r);
}
