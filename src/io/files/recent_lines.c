/* The latest lines of a file. */
#include "io/files/recent_lines.h"

#include "base/strbuf.h"
#include "io/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 16 << 20 };

struct recent_lines {
    char *path;
    size_t max;
    size_t n;       /* lines kept */
    size_t in_file; /* lines in the file */
    bool torn;      /* it does not end with a line end */
    char **lines;   /* oldest first */
};

static int keep(struct recent_lines *r, const char *line, size_t len)
{
    char *copy = strndup(line, len);
    if (!copy)
        return -ENOMEM;
    if (r->n == r->max) {
        free(r->lines[0]);
        memmove(r->lines, r->lines + 1, (r->max - 1) * sizeof *r->lines);
        r->n--;
    }
    r->lines[r->n++] = copy;
    return 0;
}

static int read_lines(struct recent_lines *r, struct err *e)
{
    char *text = NULL;
    size_t len = 0;
    int rc = files_read(r->path, FILE_MAX, &text, &len, e);
    if (rc == -ENOENT) {
        *e = (struct err){0};
        return 0;
    }
    if (rc < 0) {
        r->torn = true;
        return rc;
    }
    const char *at = text;
    for (const char *end; rc == 0 && (end = memchr(at, '\n', len - (size_t)(at - text)));
         at = end + 1) {
        rc = keep(r, at, (size_t)(end - at));
        r->in_file++;
    }
    r->torn = at < text + len;
    free(text);
    return rc;
}

struct recent_lines *recent_lines_open(const char *path, size_t max, struct err *e)
{
    struct recent_lines *r = calloc(1, sizeof *r);
    *e = (struct err){0};
    if (r) {
        r->max = max;
        r->path = strdup(path);
        r->lines = calloc(max, sizeof *r->lines);
    }
    if (!r || !r->path || !r->lines || read_lines(r, e) == -ENOMEM) {
        err_sys(e, -ENOMEM, "reading \"%s\"", path);
        recent_lines_free(r);
        return NULL;
    }
    return r;
}

/* Writes in one piece. */
static int write_to(const char *path, int flags, const struct strbuf *text, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | flags, 0600);
    if (fd < 0)
        return err_sys(e, -errno, "writing \"%s\"", path);
    ssize_t n = write(fd, text->data, text->len);
    int r = n < 0 ? -errno : (size_t)n < text->len ? -ENOSPC : 0;
    close(fd);
    return r < 0 ? err_sys(e, r, "writing \"%s\"", path) : 0;
}

/* The lines that are kept, into a new file in place of the old one. */
static int rewrite(struct recent_lines *r, struct err *e)
{
    struct strbuf text = STRBUF_INIT;
    struct strbuf path = STRBUF_INIT;
    for (size_t i = 0; i < r->n; i++)
        strbuf_addf(&text, "%s\n", r->lines[i]);
    strbuf_addf(&path, "%s.new", r->path);
    int rc = text.failed || path.failed ? err_sys(e, -ENOMEM, "writing \"%s\"", r->path)
                                        : write_to(strbuf_text(&path), O_TRUNC, &text, e);
    if (rc == 0 && rename(strbuf_text(&path), r->path) < 0)
        rc = err_sys(e, -errno, "renaming \"%s\"", strbuf_text(&path));
    if (rc == 0) {
        r->in_file = r->n;
        r->torn = false;
    }
    strbuf_fini(&text);
    strbuf_fini(&path);
    return rc;
}

static int append(struct recent_lines *r, const char *line, struct err *e)
{
    struct strbuf text = STRBUF_INIT;
    strbuf_addf(&text, "%s\n", line);
    int rc = text.failed ? err_sys(e, -ENOMEM, "writing \"%s\"", r->path)
                         : write_to(r->path, O_APPEND, &text, e);
    strbuf_fini(&text);
    if (rc == 0)
        r->in_file++;
    else
        r->torn = true; /* a part of it may be there */
    return rc;
}

int recent_lines_add(struct recent_lines *r, const char *line, struct err *e)
{
    if (keep(r, line, strlen(line)) < 0)
        return err_sys(e, -ENOMEM, "writing \"%s\"", r->path);
    if (r->torn || r->in_file + 1 >= 2 * r->max)
        return rewrite(r, e);
    return append(r, line, e);
}

size_t recent_lines_count(const struct recent_lines *r)
{
    return r->n;
}

const char *recent_lines_get(const struct recent_lines *r, size_t index)
{
    return r->lines[index];
}

void recent_lines_free(struct recent_lines *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++)
        free(r->lines[i]);
    free(r->lines);
    free(r->path);
    free(r);
}
