/* The directory of backup files. */
#include "io/files/backup_store.h"

#include "base/log.h"
#include "base/timestamp.h"
#include "io/loop/job.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void backup_store_directory(const char *state_directory, struct strbuf *out)
{
    strbuf_addf(out, "%s/backups", state_directory);
}

/* d: a digit; everything else is itself. */
static const char shape[] = "sweep-dddddddd-dddddd-dddddd.backup";

const char *backup_store_name(usec_t wall, char out[BACKUP_NAME_MAX])
{
    time_t seconds = (time_t)(wall / USEC_PER_SEC);
    struct tm tm;
    char when[32];
    gmtime_r(&seconds, &tm);
    strftime(when, sizeof when, "%Y%m%d-%H%M%S", &tm);
    snprintf(out, BACKUP_NAME_MAX, "sweep-%s-%06u.backup", when, (unsigned)(wall % USEC_PER_SEC));
    return out;
}

bool backup_store_is_name(const char *name)
{
    if (strlen(name) != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        bool digit = name[i] >= '0' && name[i] <= '9';
        if (shape[i] == 'd' ? !digit : name[i] != shape[i])
            return false;
    }
    return true;
}

/* The time in a name of the right shape; 0 if it is none. */
static usec_t time_of(const char *name)
{
    char text[TIMESTAMP_TEXT_MAX];
    usec_t at = 0;
    snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s.%.6sZ", name + 6, name + 10,
        name + 12, name + 15, name + 17, name + 19, name + 22);
    return timestamp_parse(text, strlen(text), &at) == 0 ? at : 0;
}

static int add(struct backup_list *list, size_t *room, const struct backup_file *file)
{
    if (list->n == *room) {
        size_t more = *room ? 2 * *room : 64;
        struct backup_file *items = realloc(list->items, more * sizeof *items);
        if (!items)
            return -ENOMEM;
        list->items = items;
        *room = more;
    }
    list->items[list->n++] = *file;
    return 0;
}

static int newest_first(const void *a, const void *b)
{
    return -strcmp(((const struct backup_file *)a)->name, ((const struct backup_file *)b)->name);
}

static int read_directory(DIR *dir, struct backup_list *out)
{
    size_t room = 0;
    const struct dirent *entry;
    int r = 0;
    while (r == 0 && (errno = 0, entry = readdir(dir))) {
        struct stat st;
        struct backup_file file = {0};
        if (!backup_store_is_name(entry->d_name) ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(st.st_mode))
            continue;
        memcpy(file.name, entry->d_name, sizeof shape);
        file.at = time_of(file.name);
        file.size = (uint64_t)st.st_size;
        r = add(out, &room, &file);
    }
    return r < 0 ? r : -errno;
}

int backup_store_list(const char *directory, struct backup_list *out, struct err *e)
{
    struct backup_list list = {0};
    DIR *dir = opendir(directory);
    *out = list;
    if (!dir)
        return errno == ENOENT ? 0 : err_sys(e, -errno, "listing \"%s\"", directory);
    int r = read_directory(dir, &list);
    closedir(dir);
    if (r < 0) {
        backup_list_fini(&list);
        return err_sys(e, r, "listing \"%s\"", directory);
    }
    if (list.n > 0)
        qsort(list.items, list.n, sizeof *list.items, newest_first);
    *out = list;
    return 0;
}

void backup_list_fini(struct backup_list *list)
{
    free(list->items);
    *list = (struct backup_list){0};
}

/* ---- retention ---- */

static int remove_one(const char *directory, const char *name, struct err *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if (unlink(path) < 0 && errno != ENOENT)
        return err_sys(e, -errno, "removing the old backup \"%s\"", path);
    return 0;
}

int backup_store_prune(
    const char *directory, const struct backup_keeping *keep, usec_t now, struct err *e)
{
    struct backup_list list;
    uint64_t kept = 0;
    int removed = 0;
    int r = backup_store_list(directory, &list, e);
    for (size_t i = 0; i < list.n && r == 0; i++) {
        const struct backup_file *file = &list.items[i];
        bool old = usec_sub(now, file->at) > keep->age;
        bool beyond = i > 0 && keep->size > 0 && kept + file->size > keep->size;
        kept += file->size;
        if (!old && !beyond)
            continue;
        r = remove_one(directory, file->name, e);
        removed++;
    }
    backup_list_fini(&list);
    return r < 0 ? r : removed;
}

struct pruning {
    char *directory;
    struct backup_keeping keep;
    usec_t now;
    int r;
    struct err e;
};

static void prune(void *arg)
{
    struct pruning *p = arg;
    p->r = backup_store_prune(p->directory, &p->keep, p->now, &p->e);
}

static void on_pruned(void *arg)
{
    struct pruning *p = arg;
    if (p->r < 0)
        log_printf(LOG_LEVEL_WARNING, "%s", p->e.msg);
    else if (p->r > 0)
        log_printf(LOG_LEVEL_INFO, "removed %d old backups from \"%s\"", p->r, p->directory);
    free(p->directory);
    free(p);
}

void backup_store_prune_later(
    struct loop *l, const char *directory, const struct backup_keeping *keep)
{
    struct pruning *p = calloc(1, sizeof *p);
    if (!p || !(p->directory = strdup(directory)))
        abort();
    p->keep = *keep;
    p->now = loop_wall_now();
    job_run(l, prune, on_pruned, p);
}
