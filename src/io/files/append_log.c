/* A file of checksummed lines. */
#include "io/files/append_log.h"

#include "base/checksum.h"
#include "base/strbuf.h"
#include "io/files/files.h"
#include "io/loop/job.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "0123456789abcdef " */
enum { SUM_LEN = 16, PREFIX_LEN = SUM_LEN + 1, FILE_MAX = 64 << 20 };

/* One fdatasync under way; it may outlive the log. */
struct flush {
    struct append_log *log; /* NULL: nobody wants to know */
    int fd;
    int result;
};

struct append_log {
    struct loop *loop;
    char *path;
    int fd;
    size_t size;
    struct flush *flush;
    bool again; /* more was written since it began */
    void (*on_lost)(const struct err *e, void *arg);
    void *arg;
};

static uint64_t sum_of(const char *line, size_t len)
{
    return checksum_add(CHECKSUM_START, line, len);
}

static void add_lines(const char *lines, size_t len, struct strbuf *out)
{
    const char *end = lines + len;
    while (lines < end) {
        const char *stop = memchr(lines, '\n', (size_t)(end - lines));
        size_t n = (size_t)((stop ? stop : end) - lines);
        strbuf_addf(out, "%016" PRIx64 " ", sum_of(lines, n));
        strbuf_add(out, lines, n);
        strbuf_addc(out, '\n');
        lines += n + 1;
    }
}

static bool is_whole(const char *line, size_t len)
{
    char want[SUM_LEN + 2];
    if (len < PREFIX_LEN)
        return false;
    snprintf(want, sizeof want, "%016" PRIx64 " ", sum_of(line + PREFIX_LEN, len - PREFIX_LEN));
    return memcmp(line, want, PREFIX_LEN) == 0;
}

/* Returns how long the file is up to its last whole line. */
static size_t replay(const char *text, size_t len,
    void (*on_line)(const char *line, size_t len, void *arg), void *arg,
    struct append_log_found *found)
{
    size_t good = 0;
    for (size_t at = 0; at < len;) {
        const char *stop = memchr(text + at, '\n', len - at);
        size_t n = (size_t)((stop ? stop : text + len) - (text + at));
        if (stop && is_whole(text + at, n)) {
            on_line(text + at + PREFIX_LEN, n - PREFIX_LEN, arg);
            found->lines++;
            good = at + n + 1;
        } else {
            found->bad++;
        }
        at += n + 1;
    }
    return good;
}

static int load(struct append_log *log, void (*on_line)(const char *line, size_t len, void *arg),
    struct append_log_found *found, struct err *e)
{
    char *text = NULL;
    size_t len = 0;
    int r = files_read(log->path, FILE_MAX, &text, &len, e);
    if (r < 0)
        return r;
    log->size = replay(text, len, on_line, log->arg, found);
    free(text);
    if (log->size < len && ftruncate(log->fd, (off_t)log->size) < 0)
        return err_sys(e, -errno, "repairing \"%s\"", log->path);
    return 0;
}

struct append_log *append_log_open(struct loop *l, const char *path,
    void (*on_line)(const char *line, size_t len, void *arg),
    void (*on_lost)(const struct err *e, void *arg), void *arg, struct append_log_found *out_found,
    struct err *e)
{
    struct append_log *log = calloc(1, sizeof *log);
    *out_found = (struct append_log_found){0};
    if (!log) {
        err_sys(e, -ENOMEM, "opening \"%s\"", path);
        return NULL;
    }
    *log = (struct append_log){.loop = l, .fd = -1, .on_lost = on_lost, .arg = arg};
    log->path = strdup(path);
    log->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (log->fd < 0 || !log->path)
        err_sys(e, log->path ? -errno : -ENOMEM, "opening \"%s\"", path);
    else if (load(log, on_line, out_found, e) == 0)
        return log;
    append_log_close(log);
    return NULL;
}

void append_log_close(struct append_log *log)
{
    if (!log)
        return;
    if (log->flush)
        log->flush->log = NULL;
    if (log->fd >= 0)
        close(log->fd);
    free(log->path);
    free(log);
}

static void flush(struct append_log *log);

static void work(void *arg)
{
    struct flush *f = arg;
    f->result = fdatasync(f->fd) < 0 ? -errno : 0;
    close(f->fd);
}

static void on_flushed(void *arg)
{
    struct flush *f = arg;
    struct append_log *log = f->log;
    int result = f->result;
    free(f);
    if (!log)
        return;
    log->flush = NULL;
    if (result < 0) {
        struct err e = {0};
        err_sys(&e, result, "making \"%s\" durable", log->path);
        log->on_lost(&e, log->arg);
    } else if (log->again) {
        flush(log);
    }
}

/* On the loop it could take as long as the disk likes. */
static void flush(struct append_log *log)
{
    log->again = log->flush != NULL;
    if (log->flush)
        return;
    struct flush *f = calloc(1, sizeof *f);
    if (f)
        *f = (struct flush){.log = log, .fd = fcntl(log->fd, F_DUPFD_CLOEXEC, 3)};
    if (!f || f->fd < 0) {
        free(f);
        return; /* the kernel writes it back by itself */
    }
    log->flush = f;
    job_run(log->loop, work, on_flushed, f);
}

int append_log_add(struct append_log *log, const char *lines, size_t len, struct err *e)
{
    struct strbuf text = STRBUF_INIT;
    add_lines(lines, len, &text);
    int r = text.failed ? -ENOMEM : files_write_all(log->fd, strbuf_text(&text), text.len);
    if (r == 0) {
        log->size += text.len;
        flush(log);
    } else {
        /* Half a line would be cut off at the next start; what follows it must not be. */
        int torn = ftruncate(log->fd, (off_t)log->size);
        r = err_sys(e, r, "writing \"%s\"%s", log->path, torn < 0 ? ", whose end is torn" : "");
    }
    strbuf_fini(&text);
    return r;
}

static int sync_directory(const char *path)
{
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int r = fd < 0 || fsync(fd) < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    free(copy);
    return r;
}

/* Returns the new file's descriptor, or a negative errno. */
static int write_beside(const char *path, const struct strbuf *text)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    int r = files_write_all(fd, strbuf_text(text), text->len);
    if (r == 0 && fdatasync(fd) < 0)
        r = -errno;
    if (r == 0)
        return fd;
    close(fd);
    unlink(path);
    return r;
}

int append_log_rewrite(struct append_log *log, const char *lines, size_t len, struct err *e)
{
    struct strbuf text = STRBUF_INIT;
    struct strbuf beside = STRBUF_INIT;
    strbuf_addf(&beside, "%s.new", log->path);
    add_lines(lines, len, &text);
    int fd = text.failed || beside.failed ? -ENOMEM : write_beside(strbuf_text(&beside), &text);
    int r = fd < 0 ? fd : 0;
    if (r == 0 && rename(strbuf_text(&beside), log->path) < 0) {
        r = -errno;
        close(fd);
        unlink(strbuf_text(&beside));
    }
    if (r == 0) {
        close(log->fd);
        log->fd = fd;
        log->size = text.len;
        r = sync_directory(log->path);
    }
    strbuf_fini(&text);
    strbuf_fini(&beside);
    return r < 0 ? err_sys(e, r, "rewriting \"%s\"", log->path) : 0;
}

size_t append_log_size(const struct append_log *log)
{
    return log->size;
}
