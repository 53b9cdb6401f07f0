/* Small files. */
#include "io/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads until the end of the file or until `max` + 1 bytes are there. */
static int read_all(int fd, char *buf, size_t max, size_t *out_len)
{
    size_t len = 0;
    while (len <= max) {
        ssize_t n = read(fd, buf + len, max + 1 - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *out_len = len;
    return len > max ? -EFBIG : 0;
}

static int read_open(int fd, size_t max, char **out_text, size_t *out_len)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    if ((size_t)st.st_size > max)
        return -EFBIG;
    /* The file may grow while it is read; what is beyond its size now is not wanted. */
    size_t size = (size_t)st.st_size;
    char *text = malloc(size + 2);
    if (!text)
        return -ENOMEM;
    size_t len = 0;
    int r = read_all(fd, text, size, &len);
    if (r < 0 && r != -EFBIG) {
        free(text);
        return r;
    }
    len = len > size ? size : len;
    text[len] = '\0';
    *out_text = text;
    *out_len = len;
    return 0;
}

int files_read(const char *path, size_t max, char **out_text, size_t *out_len, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_sys(e, -errno, "reading \"%s\"", path);
    int r = read_open(fd, max, out_text, out_len);
    close(fd);
    if (r == -EFBIG)
        return err_set(e, r, "reading \"%s\": it is larger than %zu bytes", path, max);
    if (r == -EINVAL)
        return err_set(e, r, "reading \"%s\": it is not a regular file", path);
    return r < 0 ? err_sys(e, r, "reading \"%s\"", path) : 0;
}

static int read_end(int fd, size_t max, char **out_text, size_t *out_len)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    size_t size = (size_t)st.st_size < max ? (size_t)st.st_size : max;
    off_t skipped = st.st_size - (off_t)size;
    char *text = malloc(size + 1);
    size_t len = 0;
    if (!text)
        return -ENOMEM;
    while (len < size) {
        ssize_t n = pread(fd, text + len, size - len, skipped + (off_t)len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    /* The first line is not whole, unless it is the first of the file. */
    const char *newline = skipped > 0 ? memchr(text, '\n', len) : NULL;
    size_t cut = newline ? (size_t)(newline - text) + 1 : 0;
    memmove(text, text + cut, len - cut);
    text[len - cut] = '\0';
    *out_text = text;
    *out_len = len - cut;
    return 0;
}

int files_read_end(const char *path, size_t max, char **out_text, size_t *out_len, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_sys(e, -errno, "reading \"%s\"", path);
    int r = read_end(fd, max, out_text, out_len);
    close(fd);
    return r < 0 ? err_sys(e, r, "reading \"%s\"", path) : 0;
}

int files_write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

int files_append(const char *path, const void *bytes, size_t len, struct err *e)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(e, -errno, "appending to \"%s\"", path);
    int r = files_write_all(fd, bytes, len);
    if (r == 0 && fdatasync(fd) < 0)
        r = -errno;
    close(fd);
    return r < 0 ? err_sys(e, r, "appending to \"%s\"", path) : 0;
}

int files_make_directory(const char *path, struct err *e)
{
    struct stat st;
    if (mkdir(path, 0750) == 0)
        return 0;
    int r = -errno;
    if (r == -EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return 0;
    return err_sys(e, r == -EEXIST ? -ENOTDIR : r, "making the directory \"%s\"", path);
}

static uint64_t nanoseconds(struct timespec t)
{
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

struct file_stamp files_stamp(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return (struct file_stamp){0};
    return (struct file_stamp){.device = st.st_dev,
        .inode = st.st_ino,
        .size = (uint64_t)st.st_size,
        .modified_nsec = nanoseconds(st.st_mtim),
        .changed_nsec = nanoseconds(st.st_ctim)};
}

bool files_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified_nsec == b->modified_nsec && a->changed_nsec == b->changed_nsec;
}
