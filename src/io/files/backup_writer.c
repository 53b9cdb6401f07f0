/* Writing a backup file. While a block is under way the file belongs to the other thread. */
#include "io/files/backup_writer.h"

#include "base/log.h"
#include "core/sweep/backup.h"
#include "io/files/backup_store.h"
#include "io/files/files.h"
#include "io/loop/job.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct backup_writer {
    struct loop *loop;
    char *directory;
    backup_written_fn *on_written;
    void *arg;
    bool busy;
    bool left; /* goes with the block under way */
    /* The other thread's while busy. */
    struct strbuf records;
    struct strbuf block;
    char name[BACKUP_NAME_MAX];
    int fd;
    uint64_t size; /* of what is whole and on the disk */
    int r;         /* a failure, which stays */
    struct err e;
};

static int sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 || fsync(fd) < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return r;
}

static int make_directory(const char *path)
{
    char *parent = strdup(path);
    if (!parent)
        return -ENOMEM;
    char *slash = strrchr(parent, '/');
    if (slash)
        *slash = '\0';
    int r = mkdir(path, 0700) < 0 ? -errno : 0;
    if (r == 0)
        r = sync_directory(slash == parent ? "/" : slash ? parent : ".");
    free(parent);
    return r == -EEXIST ? 0 : r;
}

/* The name tells when; should that one exist, a microsecond later will do. */
static int create(struct backup_writer *w)
{
    char path[4096];
    int r = make_directory(w->directory);
    if (r < 0)
        return err_sys(&w->e, r, "making the directory \"%s\"", w->directory);
    usec_t wall = loop_wall_now();
    do {
        backup_store_name(wall++, w->name);
        snprintf(path, sizeof path, "%s/%s", w->directory, w->name);
        w->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    } while (w->fd < 0 && errno == EEXIST);
    if (w->fd < 0)
        return err_sys(&w->e, -errno, "creating the backup \"%s\"", path);
    r = sync_directory(w->directory);
    if (r < 0)
        return err_sys(&w->e, r, "creating the backup \"%s\"", path);
    strbuf_adds(&w->block, BACKUP_SIGNATURE);
    return 0;
}

/* What is not whole goes again where that is possible; a reader stops there in any case. */
static int give_up(struct backup_writer *w, int r)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", w->directory, w->name);
    err_sys(&w->e, r, "writing the backup \"%s\"", path);
    if (w->size == 0 ? unlink(path) < 0 : ftruncate(w->fd, (off_t)w->size) < 0)
        log_printf(LOG_LEVEL_DEBUG, "\"%s\" keeps a torn end", path);
    return r;
}

static int append(struct backup_writer *w)
{
    int r = 0;
    strbuf_reset(&w->block);
    if (w->fd < 0)
        r = create(w);
    if (r < 0)
        return r;
    r = backup_pack(&w->records, &w->block);
    if (r == 0)
        r = files_write_all(w->fd, w->block.data, w->block.len);
    if (r == 0 && fdatasync(w->fd) < 0)
        r = -errno;
    if (r < 0)
        return give_up(w, r);
    w->size += w->block.len;
    return 0;
}

static void work(void *arg)
{
    struct backup_writer *w = arg;
    if (w->r == 0)
        w->r = append(w);
}

static void release(struct backup_writer *w)
{
    if (w->fd >= 0)
        close(w->fd);
    strbuf_fini(&w->records);
    strbuf_fini(&w->block);
    free(w->directory);
    free(w);
}

static void on_done(void *arg)
{
    struct backup_writer *w = arg;
    w->busy = false;
    if (w->left)
        release(w);
    else
        w->on_written(w->r < 0 ? &w->e : NULL, w->arg);
}

struct backup_writer *backup_writer_new(
    struct loop *l, const char *directory, backup_written_fn *on_written, void *arg)
{
    struct backup_writer *w = calloc(1, sizeof *w);
    if (!w || !(w->directory = strdup(directory)))
        abort();
    w->loop = l;
    w->on_written = on_written;
    w->arg = arg;
    w->fd = -1;
    return w;
}

void backup_writer_append(struct backup_writer *w, struct strbuf *records)
{
    assert(!w->busy);
    strbuf_fini(&w->records);
    w->records = *records;
    *records = (struct strbuf)STRBUF_INIT;
    w->busy = true;
    job_run(w->loop, work, on_done, w);
}

const char *backup_writer_name(const struct backup_writer *w)
{
    return w->size > 0 ? w->name : "";
}

uint64_t backup_writer_size(const struct backup_writer *w)
{
    return w->size;
}

void backup_writer_free(struct backup_writer *w)
{
    if (!w)
        return;
    w->left = true;
    if (!w->busy)
        release(w);
}
