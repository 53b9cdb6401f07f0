/* Documents on their way to disk, one write at a time. */
#include "io/files/doc_dir.h"

#include "base/log.h"
#include "io/files/files.h"
#include "io/loop/job.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY_AFTER (30 * USEC_PER_SEC)
#define UNFINISHED ".new"
#define BROKEN ".broken"

struct write {
    struct write *next;
    char *name;
    char *text; /* NULL: remove the file */
};

/* Lives as long as a job does, also when its owner is gone. */
struct doc_dir {
    struct loop *loop;
    char *path;
    struct write *first; /* waiting, the one under way among them */
    struct timer *retry;
    bool writing; /* another thread is at `under_way` */
    bool closed;
    struct write *under_way;
    struct err result; /* of it */
    char trouble[ERR_MSG_MAX];
};

static void free_write(struct write *w)
{
    if (!w)
        return;
    free(w->name);
    free(w->text);
    free(w);
}

static void path_of(const struct doc_dir *d, const char *name, const char *suffix, char out[4096])
{
    snprintf(out, 4096, "%s/%s%s", d->path, name, suffix);
}

static void make_durable(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

static int replace(const struct doc_dir *d, const struct write *w, struct err *e)
{
    char unfinished[4096];
    char path[4096];
    path_of(d, w->name, UNFINISHED, unfinished);
    path_of(d, w->name, "", path);
    (void)unlink(unfinished);
    int r = files_append(unfinished, w->text, strlen(w->text), e);
    if (r == 0 && rename(unfinished, path) < 0)
        r = err_sys(e, -errno, "renaming \"%s\" to \"%s\"", unfinished, path);
    if (r < 0)
        (void)unlink(unfinished);
    return r;
}

static int perform(const struct doc_dir *d, const struct write *w, struct err *e)
{
    char path[4096];
    int r = 0;
    if (w->text) {
        r = files_make_directory(d->path, e);
        if (r == 0)
            r = replace(d, w, e);
    } else {
        path_of(d, w->name, "", path);
        if (unlink(path) < 0 && errno != ENOENT)
            r = err_sys(e, -errno, "removing \"%s\"", path);
    }
    if (r == 0)
        make_durable(d->path);
    return r;
}

static void work(void *arg)
{
    struct doc_dir *d = arg;
    d->result = (struct err){0};
    (void)perform(d, d->under_way, &d->result);
}

static void destroy(struct doc_dir *d)
{
    while (d->first) {
        struct err e = {0};
        struct write *w = d->first;
        d->first = w->next;
        if (perform(d, w, &e) < 0)
            log_printf(LOG_LEVEL_WARNING, "%s", e.msg);
        free_write(w);
    }
    free(d->path);
    free(d);
}

/* Puts a write that failed back, unless a newer one of the same name waits. */
static void put_back(struct doc_dir *d, struct write *w)
{
    for (const struct write *other = d->first; other; other = other->next) {
        if (strcmp(other->name, w->name) == 0) {
            free_write(w);
            return;
        }
    }
    w->next = d->first;
    d->first = w;
}

static void begin(struct doc_dir *d);

static void on_done(void *arg)
{
    struct doc_dir *d = arg;
    struct write *w = d->under_way;
    d->under_way = NULL;
    d->writing = false;
    if (d->result.code == 0) {
        d->trouble[0] = '\0';
        free_write(w);
    } else {
        if (!d->trouble[0])
            log_printf(LOG_LEVEL_WARNING, "%s; it is tried again", d->result.msg);
        snprintf(d->trouble, sizeof d->trouble, "%s", d->result.msg);
        put_back(d, w);
    }
    if (d->closed)
        destroy(d);
    else if (d->trouble[0])
        timer_arm(d->retry, usec_add(loop_now(), RETRY_AFTER));
    else
        begin(d);
}

static void begin(struct doc_dir *d)
{
    if (d->writing || !d->first)
        return;
    d->under_way = d->first;
    d->first = d->first->next;
    d->writing = true;
    timer_disarm(d->retry);
    job_run(d->loop, work, on_done, d);
}

static void on_retry(void *arg)
{
    begin(arg);
}

/* Whether `name` ends with `suffix`. */
static bool has_suffix(const char *name, const char *suffix)
{
    size_t len = strlen(name);
    size_t n = strlen(suffix);
    return len > n && strcmp(name + len - n, suffix) == 0;
}

static void remove_unfinished(const struct doc_dir *d)
{
    const struct dirent *entry;
    DIR *dir = opendir(d->path);
    if (!dir)
        return;
    while ((entry = readdir(dir)) != NULL) {
        if (has_suffix(entry->d_name, UNFINISHED))
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    closedir(dir);
}

struct doc_dir *doc_dir_open(struct loop *l, const char *path)
{
    struct doc_dir *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->path = strdup(path);
    if (!d->path) {
        free(d);
        return NULL;
    }
    d->loop = l;
    d->retry = timer_new(l, on_retry, d);
    remove_unfinished(d);
    return d;
}

void doc_dir_free(struct doc_dir *d)
{
    if (!d)
        return;
    timer_free(d->retry);
    d->retry = NULL;
    d->closed = true;
    if (!d->writing)
        destroy(d);
}

int doc_dir_list(const struct doc_dir *d, struct strlist *out, struct err *e)
{
    const struct dirent *entry;
    int r = 0;
    DIR *dir = opendir(d->path);
    if (!dir)
        return errno == ENOENT ? 0 : err_sys(e, -errno, "listing \"%s\"", d->path);
    while (r == 0 && (errno = 0, entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' && !has_suffix(entry->d_name, UNFINISHED) &&
            !has_suffix(entry->d_name, BROKEN))
            r = strlist_add(out, entry->d_name);
    }
    r = r < 0 ? r : -errno;
    closedir(dir);
    return r < 0 ? err_sys(e, r, "listing \"%s\"", d->path) : 0;
}

int doc_dir_read(const struct doc_dir *d, const char *name, size_t max, char **out_text,
    size_t *out_len, struct err *e)
{
    char path[4096];
    path_of(d, name, "", path);
    return files_read(path, max, out_text, out_len, e);
}

int doc_dir_set_aside(const struct doc_dir *d, const char *name, struct err *e)
{
    char path[4096];
    char broken[4096];
    path_of(d, name, "", path);
    path_of(d, name, BROKEN, broken);
    return rename(path, broken) < 0 ? err_sys(e, -errno, "renaming \"%s\"", path) : 0;
}

static void put(struct doc_dir *d, const char *name, char *text)
{
    struct write **at = &d->first;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    if (*at) {
        free((*at)->text);
        (*at)->text = text;
    } else {
        struct write *w = calloc(1, sizeof *w);
        if (w)
            w->name = strdup(name);
        if (!w || !w->name) {
            log_printf(LOG_LEVEL_WARNING, "writing \"%s\": out of memory", name);
            free(text);
            free(w);
            return;
        }
        w->text = text;
        *at = w;
    }
    if (!d->trouble[0])
        begin(d);
}

void doc_dir_put(struct doc_dir *d, const char *name, char *text)
{
    if (text)
        put(d, name, text);
    else
        log_printf(LOG_LEVEL_WARNING, "writing \"%s\": out of memory", name);
}

void doc_dir_remove(struct doc_dir *d, const char *name)
{
    put(d, name, NULL);
}

const char *doc_dir_trouble(const struct doc_dir *d)
{
    return d->trouble;
}
