/* What an operator asks of backups. */
#include "daemon/verbs/verb_backup.h"

#include "base/strbuf.h"
#include "base/timestamp.h"
#include "daemon/daemon.h"
#include "daemon/verbs/operation.h"
#include "io/files/backup_store.h"

#include <cjson/cJSON.h>
#include <errno.h>

/* More files than this are counted but not listed. */
enum { FILES_LISTED_MAX = 1000 };

static void on_done(void *arg)
{
    struct daemon *d = arg;
    restore_free(d->restore);
    d->restore = NULL;
}

static const char *kind_of(const struct restore_wish *wish)
{
    if (wish->show)
        return "backups";
    return wish->dry_run ? "restore --dry-run" : "restore";
}

struct operation *verb_restore(struct daemon *d, const struct verb_asker *asker,
    const struct restore_wish *wish, struct err *e)
{
    const char *kind = kind_of(wish);
    if (!wish->file) {
        err_set(e, -EINVAL, "reading the request: \"file\" is missing");
        return NULL;
    }
    if (d->restore) {
        err_set(e, -EBUSY, "reading the backup \"%.80s\": another one is being read", wish->file);
        return NULL;
    }
    struct operation *op = verb_begin(d, kind, asker, e);
    if (!op)
        return NULL;
    d->restore = restore_new(&(struct restore_spec){.loop = d->loop,
                                 .link = d->redis,
                                 .config = d->config,
                                 .wish = *wish,
                                 .author = asker->author,
                                 .op = op,
                                 .on_done = on_done,
                                 .arg = d},
        e);
    if (d->restore)
        return op;
    operation_end(op, OPERATION_FAILED, "%s", e->msg);
    return NULL;
}

static struct cJSON *file_json(const struct backup_file *file)
{
    struct cJSON *o = cJSON_CreateObject();
    char at[TIMESTAMP_TEXT_MAX];
    cJSON_AddStringToObject(o, "file", file->name);
    cJSON_AddStringToObject(o, "at", timestamp_format(file->at, at));
    cJSON_AddNumberToObject(o, "bytes", (double)file->size);
    return o;
}

struct cJSON *verb_backups_json(const struct daemon *d, struct err *e)
{
    struct strbuf directory = STRBUF_INIT;
    struct backup_list list;
    uint64_t bytes = 0;
    backup_store_directory(d->config->admin.state_directory, &directory);
    int r = backup_store_list(strbuf_text(&directory), &list, e);
    struct cJSON *o = r < 0 ? NULL : cJSON_CreateObject();
    if (o) {
        cJSON_AddStringToObject(o, "directory", strbuf_text(&directory));
        struct cJSON *files = cJSON_AddArrayToObject(o, "backups");
        for (size_t i = 0; i < list.n; i++) {
            bytes += list.items[i].size;
            if (i < FILES_LISTED_MAX)
                cJSON_AddItemToArray(files, file_json(&list.items[i]));
        }
        cJSON_AddNumberToObject(o, "total", (double)list.n);
        cJSON_AddNumberToObject(o, "bytes", (double)bytes);
        backup_list_fini(&list);
    }
    strbuf_fini(&directory);
    return o;
}
