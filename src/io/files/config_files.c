/* Finding and reading the files of a configuration. */
#include "io/files/config_files.h"

#include "base/strbuf.h"
#include "core/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A drop-in: its name decides the order, its path where it is read. */
struct drop_in {
    char *name;
    char *path;
};

struct drop_ins {
    struct drop_in *items;
    size_t n;
};

static bool is_null_device(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* The whole of an open file. */
static int read_all(int fd, const char *path, struct strbuf *text, struct err *e)
{
    char chunk[16 * 1024];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, -errno, "read configuration \"%s\"", path);
        if (n == 0)
            break;
        strbuf_add(text, chunk, (size_t)n);
        if (text->len > LIMIT_CONFIG_FILE)
            return err_set(e, -EFBIG, "read configuration \"%s\": larger than %d bytes", path,
                LIMIT_CONFIG_FILE);
    }
    return text->failed ? err_sys(e, -ENOMEM, "read configuration \"%s\"", path) : 0;
}

/* Without O_NONBLOCK a FIFO would hold us until someone writes to it. */
static int read_file(const char *path, struct strbuf *text, struct err *e)
{
    struct stat st;
    int r = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_sys(e, -errno, "open configuration \"%s\"", path);
    if (fstat(fd, &st) < 0)
        r = err_sys(e, -errno, "examine configuration \"%s\"", path);
    else if (S_ISDIR(st.st_mode))
        r = err_sys(e, -EISDIR, "read configuration \"%s\"", path);
    else if (!S_ISREG(st.st_mode) && !is_null_device(&st))
        r = err_set(e, -EINVAL, "read configuration \"%s\": not a regular file", path);
    else
        r = read_all(fd, path, text, e);
    close(fd);
    return r;
}

/* Takes `path`. */
static int add_source(struct config_files *f, char *path, struct err *e)
{
    struct strbuf text = STRBUF_INIT;
    struct config_source *sources = NULL;
    int r = path ? read_file(path, &text, e) : err_sys(e, -ENOMEM, "read configuration");
    if (r == 0 && f->n == LIMIT_CONFIG_FILES)
        r = err_set(
            e, -E2BIG, "read configuration \"%s\": more than %d files", path, LIMIT_CONFIG_FILES);
    if (r == 0) {
        sources = realloc(f->sources, (f->n + 1) * sizeof *sources);
        if (!sources)
            r = err_sys(e, -ENOMEM, "read configuration \"%s\"", path);
    }
    if (r < 0) {
        strbuf_fini(&text);
        free(path);
        return r;
    }
    size_t len = text.len;
    f->sources = sources;
    f->sources[f->n++] = (struct config_source){path, strbuf_take(&text), len};
    return f->sources[f->n - 1].text ? 0 : err_sys(e, -ENOMEM, "read configuration \"%s\"", path);
}

/* Returns owned `a` `b` `c` in one, or NULL. */
static char *joined(const char *a, const char *b, const char *c)
{
    struct strbuf path = STRBUF_INIT;
    strbuf_adds(&path, a);
    strbuf_adds(&path, b);
    strbuf_adds(&path, c);
    return strbuf_take(&path);
}

static bool is_drop_in(const char *name)
{
    size_t len = strlen(name);
    return name[0] != '.' && len > strlen(".conf") && strcmp(name + len - 5, ".conf") == 0;
}

static int add_drop_in(struct drop_ins *all, const char *dir, const char *name)
{
    for (size_t i = 0; i < all->n; i++) {
        if (strcmp(all->items[i].name, name) == 0)
            return 0; /* masked */
    }
    struct drop_in *items = realloc(all->items, (all->n + 1) * sizeof *items);
    if (!items)
        return -ENOMEM;
    all->items = items;
    struct drop_in item = {.name = strdup(name), .path = joined(dir, "/", name)};
    if (!item.name || !item.path) {
        free(item.name);
        free(item.path);
        return -ENOMEM;
    }
    all->items[all->n++] = item;
    return 0;
}

/* A directory that is not there has no drop-ins. Takes `dir`. */
static int list_drop_ins(struct drop_ins *all, char *dir, struct err *e)
{
    DIR *d = dir ? opendir(dir) : NULL;
    int r = 0;
    if (!dir)
        return err_sys(e, -ENOMEM, "read configuration");
    if (!d) {
        r = errno == ENOENT ? 0 : err_sys(e, -errno, "open directory \"%s\"", dir);
        free(dir);
        return r;
    }
    while (r == 0) {
        errno = 0;
        const struct dirent *entry = readdir(d);
        if (!entry) {
            if (errno)
                r = err_sys(e, -errno, "read directory \"%s\"", dir);
            break;
        }
        if (is_drop_in(entry->d_name) && add_drop_in(all, dir, entry->d_name) < 0)
            r = err_sys(e, -ENOMEM, "read directory \"%s\"", dir);
    }
    closedir(d);
    free(dir);
    return r;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct drop_in *)a)->name, ((const struct drop_in *)b)->name);
}

static int read_drop_ins(struct config_files *f, const char *file, const char *vendor,
    const char *runtime, const char *name, struct err *e)
{
    struct drop_ins all = {0};
    char *in_runtime = joined(runtime, "/", name);
    char *in_vendor = joined(vendor, "/", name);
    int r = in_runtime && in_vendor ? 0 : err_sys(e, -ENOMEM, "read configuration");
    if (r == 0)
        r = list_drop_ins(&all, joined(file, ".d", ""), e);
    if (r == 0)
        r = list_drop_ins(&all, joined(in_runtime, ".d", ""), e);
    if (r == 0)
        r = list_drop_ins(&all, joined(in_vendor, ".d", ""), e);
    if (all.n > 0)
        qsort(all.items, all.n, sizeof *all.items, by_name);
    for (size_t i = 0; i < all.n; i++) {
        if (r == 0)
            r = add_source(f, all.items[i].path, e);
        else
            free(all.items[i].path);
        free(all.items[i].name);
    }
    free(all.items);
    free(in_runtime);
    free(in_vendor);
    return r;
}

int config_files_read(const char *file, const char *vendor, const char *runtime,
    struct config_files *out, struct err *e)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash ? slash + 1 : file;
    struct config_files files = {0};
    char *shipped = joined(vendor, "/", name);
    int r = 0;
    if (shipped && access(shipped, F_OK) < 0 && errno == ENOENT)
        free(shipped);
    else
        r = add_source(&files, shipped, e);
    if (r == 0)
        r = add_source(&files, strdup(file), e);
    if (r == 0)
        r = read_drop_ins(&files, file, vendor, runtime, name, e);
    if (r < 0) {
        config_files_fini(&files);
        return r;
    }
    *out = files;
    return 0;
}

void config_files_fini(struct config_files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free((char *)f->sources[i].path);
        free((char *)f->sources[i].text);
    }
    free(f->sources);
    *f = (struct config_files){0};
}
