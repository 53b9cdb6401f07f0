/* A file of lines that need not survive the machine. */
#include "io/files/line_file.h"

#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct line_file {
    char *path;
    char *path_new;
    int fd; /* -1: none was written yet */
    uint64_t size;
};

struct line_file *line_file_new(const char *path)
{
    struct line_file *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    struct strbuf path_new = STRBUF_INIT;
    strbuf_addf(&path_new, "%s.new", path);
    f->fd = -1;
    f->path = strdup(path);
    f->path_new = strbuf_take(&path_new);
    if (f->path && f->path_new)
        return f;
    line_file_free(f);
    return NULL;
}

/* At an offset and not at the end: what a failed write left behind is written over. */
static bool write_at(int fd, const char *bytes, size_t len, uint64_t at)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, bytes, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

bool line_file_replace(struct line_file *f, const void *bytes, size_t len)
{
    int fd = open(f->path_new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    if (!write_at(fd, bytes, len, 0) || rename(f->path_new, f->path) < 0) {
        close(fd);
        unlink(f->path_new);
        return false;
    }
    if (f->fd >= 0)
        close(f->fd);
    f->fd = fd;
    f->size = len;
    return true;
}

bool line_file_append(struct line_file *f, const void *bytes, size_t len)
{
    if (f->fd < 0 || !write_at(f->fd, bytes, len, f->size))
        return false;
    f->size += len;
    return true;
}

void line_file_spoil(struct line_file *f)
{
    int fd = open(f->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    write_at(fd, "#", 1, 0);
    close(fd);
}

uint64_t line_file_size(const struct line_file *f)
{
    return f->size;
}

void line_file_free(struct line_file *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    free(f->path);
    free(f->path_new);
    free(f);
}
