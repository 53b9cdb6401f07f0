/* Reading, mending and growing the file of the change log. */
#include "io/files/changelog_file.h"

#include "core/limits.h"
#include "io/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int cut_at(const char *path, size_t len, struct err *e)
{
    return truncate(path, (off_t)len) < 0 ? err_sys(e, -errno, "shortening \"%s\"", path) : 0;
}

static int mend(const char *path, char *text, const struct changelog_finding *f, size_t len,
    char **out_torn, struct err *e)
{
    if (f->whole == len)
        return 0;
    if (f->unended)
        return files_append(path, "\n", 1, e);
    int r = cut_at(path, f->whole, e);
    if (r < 0)
        return r;
    *out_torn = strndup(text + f->whole, len - f->whole);
    text[f->whole] = '\0';
    return 0;
}

int changelog_file_open(const char *path, struct changelog_finding *out, char **out_text,
    char **out_torn, struct err *e)
{
    char *text = NULL;
    size_t len = 0;
    *out_torn = NULL;
    int r = files_read(path, LIMIT_CHANGELOG_FILE, &text, &len, e);
    if (r == -ENOENT) {
        text = strdup("");
        r = text ? 0 : err_sys(e, -ENOMEM, "reading \"%s\"", path);
    }
    if (r < 0)
        return r;
    struct changelog_finding found;
    changelog_check(text, len, &found);
    r = mend(path, text, &found, len, out_torn, e);
    if (r < 0) {
        free(text);
        return r;
    }
    *out = found;
    *out_text = text;
    return 0;
}

int changelog_file_append(const char *path, const char *lines, size_t len, struct err *e)
{
    struct stat before = {0};
    if (stat(path, &before) < 0 && errno != ENOENT)
        return err_sys(e, -errno, "appending to \"%s\"", path);
    int r = files_append(path, lines, len, e);
    struct err ignored = {0};
    if (r < 0)
        (void)cut_at(path, (size_t)before.st_size, &ignored);
    return r;
}

/* Skips the half line with which it begins. */
static void begin_with_a_line(char *text, size_t *len)
{
    const char *end = memchr(text, '\n', *len);
    size_t skip = end ? (size_t)(end - text) + 1 : *len;
    memmove(text, text + skip, *len - skip + 1);
    *len -= skip;
}

static int read_tail(int fd, size_t max, char **out_text, size_t *out_len)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    size_t size = (size_t)st.st_size;
    /* One byte more shows whether it begins with a line. */
    size_t from = size > max ? size - max - 1 : 0;
    char *text = calloc(1, size - from + 1);
    if (!text)
        return -ENOMEM;
    ssize_t n = pread(fd, text, size - from, (off_t)from);
    if (n < 0) {
        int r = -errno;
        free(text);
        return r;
    }
    size_t len = (size_t)n;
    text[len] = '\0';
    if (from > 0)
        begin_with_a_line(text, &len);
    *out_text = text;
    *out_len = len;
    return 0;
}

int changelog_file_tail(
    const char *path, size_t max, char **out_text, size_t *out_len, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int r = fd < 0 ? -errno : read_tail(fd, max, out_text, out_len);
    if (fd >= 0)
        close(fd);
    if (r != -ENOENT)
        return r < 0 ? err_sys(e, r, "reading \"%s\"", path) : 0;
    *out_text = strdup("");
    *out_len = 0;
    return *out_text ? 0 : err_sys(e, -ENOMEM, "reading \"%s\"", path);
}
