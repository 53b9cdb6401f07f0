/* Going through one backup file. */
#include "daemon/sweep/restore.h"

#include "base/text.h"
#include "core/event.h"
#include "core/sweep/sweep.h"
#include "core/sweep/sweep_policy.h"
#include "daemon/sweep/restore_tally.h"
#include "daemon/verbs/operation.h"
#include "io/files/backup_reader.h"
#include "io/files/backup_store.h"
#include "io/loop/loop.h"
#include "io/redis/redis_restore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESTORE_BATCH = 64, BATCH_BYTES = 256 * 1024 };

/* We work for that long at a time and then rest as long; a suspend is no work. */
static const usec_t work_quantum = 10 * USEC_PER_MSEC;
static const usec_t rest_most = USEC_PER_SEC;

/* A key of the batch under way. */
struct in_batch {
    struct backup_key key;
    enum backup_outcome outcome;
};

struct restore {
    struct loop *loop;
    struct redis_link *link;
    struct restore_wish wish; /* its texts are those below */
    char *file;
    char *key;
    struct strlist protect;
    char *author;
    char *redis; /* its address */
    struct operation *op;
    void (*on_done)(void *arg);
    void *arg;

    struct timer *timer;
    struct backup_reader *reader;
    struct redis_restorer *restorer;
    const struct backup_look *look;
    struct strbuf records; /* the block under way, and how far it was gone through */
    size_t at;
    uint64_t number; /* of the next key in the file */
    struct in_batch batch[RESTORE_BATCH];
    struct redis_restoree items[RESTORE_BATCH];
    size_t n;
    struct restore_tally tally;
    usec_t began_at;
    usec_t busy_since;
};

/* ---- the verdict ---- */

static void tell(const struct restore *r, bool well, const char *reason)
{
    struct event ev;
    if (r->wish.show || r->wish.dry_run)
        return;
    event_init(&ev, well ? EVENT_RESTORE_DONE : EVENT_RESTORE_FAILED);
    event_message(&ev, "backup %s: %s", r->wish.file, reason);
    event_field(&ev, "VOXKEEPER_BACKUP", "%s", r->wish.file);
    event_field(
        &ev, "VOXKEEPER_RESTORED", "%llu", (unsigned long long)restore_tally_restored(&r->tally));
    event_field(&ev, "VOXKEEPER_REDIS", "%s", r->redis);
    event_field(&ev, "VOXKEEPER_AUTHOR", "%s", r->author);
    event_field(
        &ev, "VOXKEEPER_OPERATION", "%llu", (unsigned long long)(r->op ? operation_id(r->op) : 0));
    event_field(&ev, "VOXKEEPER_REASON", "%s", reason);
    event_duration(&ev, usec_sub(loop_now(), r->began_at));
    event_emit(&ev);
    event_fini(&ev);
}

/* `error` NULL: the end of the file was reached. The last thing a function does. */
static void finish(struct restore *r, const char *error)
{
    struct strbuf words = STRBUF_INIT;
    bool nothing = !error && r->wish.key && r->tally.keys == 0;
    bool well = !error && !nothing && restore_tally_went_well(&r->tally);
    restore_tally_sentence(&r->tally, &r->wish, &words);
    if (r->look && r->look->whole < r->look->size)
        strbuf_addf(
            &words, "; the file is torn after %llu keys", (unsigned long long)r->look->index.keys);
    if (nothing)
        strbuf_addf(&words, "; no key in it matches \"%s\"", r->wish.key);
    if (error)
        strbuf_addf(&words, "; %s", error);
    tell(r, well, strbuf_text(&words));
    if (r->look)
        operation_set_result(
            r->op, restore_tally_json(&r->tally, &r->look->index, r->look->size, r->look->whole));
    operation_end(r->op, well ? OPERATION_DONE : OPERATION_FAILED, "%s", strbuf_text(&words));
    r->op = NULL;
    strbuf_fini(&words);
    r->on_done(r->arg);
}

/* ---- keys ---- */

static bool is_wanted(const struct restore *r, const struct backup_key *key)
{
    return !r->wish.key || text_glob(r->wish.key, strlen(r->wish.key), key->name.at, key->name.len);
}

/* Whether the key is to be put back; if not, all is said about it. */
static bool is_due(struct restore *r, const struct backup_key *key, enum backup_outcome outcome)
{
    enum restore_result result = RESTORE_LISTED;
    if (!r->wish.show) {
        if (outcome == BACKUP_SURVIVED || outcome == BACKUP_NOT_TRIED)
            result = RESTORE_NOT_REMOVED;
        else if (sweep_is_protected(&r->protect, key->name.at, key->name.len))
            result = RESTORE_PROTECTED;
        else
            return true;
    }
    restore_tally_add(&r->tally, key, outcome, result, "");
    return false;
}

static void add_to_batch(
    struct restore *r, const struct backup_key *key, enum backup_outcome outcome)
{
    r->batch[r->n] = (struct in_batch){*key, outcome};
    r->items[r->n++] = (struct redis_restoree){.name = key->name.at,
        .name_len = key->name.len,
        .payload = key->payload.at,
        .payload_len = key->payload.len,
        .expire_ms = key->expire_ms};
}

/* Gathers the next keys of the block; none: it is through. */
static void gather(struct restore *r)
{
    struct backup_record record;
    size_t bytes = 0;
    r->n = 0;
    while (r->n < RESTORE_BATCH && bytes < BATCH_BYTES &&
           backup_next(&r->records, &r->at, &record) == 1) {
        if (record.type != BACKUP_KEY)
            continue;
        enum backup_outcome outcome = backup_index_outcome(&r->look->index, r->number++);
        if (!is_wanted(r, &record.key) || !is_due(r, &record.key, outcome))
            continue;
        add_to_batch(r, &record.key, outcome);
        bytes += record.key.name.len + record.key.payload.len;
    }
}

static void go_on(struct restore *r)
{
    gather(r);
    if (r->n > 0)
        redis_restorer_run(r->restorer, r->items, r->n);
    else
        backup_reader_next(r->reader);
}

static enum restore_result result_of(const struct restore *r, const struct redis_restoree *item)
{
    switch (item->result) {
    case REDIS_RESTORAL_DONE:
        if (r->wish.dry_run)
            return RESTORE_WOULD_RESTORE;
        return item->converted ? RESTORE_CONVERTED : RESTORE_RESTORED;
    case REDIS_RESTORAL_EXISTS:
        return RESTORE_EXISTS;
    case REDIS_RESTORAL_EXPIRED:
        return RESTORE_EXPIRED;
    case REDIS_RESTORAL_REFUSED:
        return RESTORE_REFUSED;
    case REDIS_RESTORAL_UNKNOWN:
        return RESTORE_FAILED;
    }
    return RESTORE_FAILED;
}

static bool ends_it(const struct redis_fault *fault)
{
    if (fault->error == REDIS_E_NONE)
        return false;
    enum sweep_reaction reaction = sweep_react_key(fault->error, fault->text);
    return reaction != SWEEP_REACT_SKIP_KEY && reaction != SWEEP_REACT_SKIP_KEYSPACE;
}

static void on_restored(
    struct redis_restoree *items, size_t n, const struct redis_fault *fault, void *arg)
{
    struct restore *r = arg;
    for (size_t i = 0; i < n; i++) {
        enum restore_result result = result_of(r, &items[i]);
        const char *error =
            result == RESTORE_FAILED && !items[i].error_text[0] ? fault->text : items[i].error_text;
        restore_tally_add(&r->tally, &r->batch[i].key, r->batch[i].outcome, result, error);
    }
    if (ends_it(fault)) {
        finish(r, fault->text);
        return;
    }
    usec_t busy = usec_sub(loop_now(), r->busy_since);
    usec_t rest = busy < rest_most ? busy : rest_most;
    timer_arm(r->timer, busy < work_quantum ? 0 : usec_add(loop_now(), rest));
    if (busy >= work_quantum)
        operation_progress(r->op, "%llu of %llu keys", (unsigned long long)r->number,
            (unsigned long long)r->look->index.keys);
}

static void on_timer(void *arg)
{
    struct restore *r = arg;
    r->busy_since = loop_now();
    go_on(r);
}

/* ---- the file ---- */

static void on_look(const struct backup_look *look, const struct err *why, void *arg)
{
    struct restore *r = arg;
    if (why) {
        finish(r, why->msg);
        return;
    }
    r->look = look;
    backup_reader_next(r->reader);
}

static void on_block(const struct strbuf *records, const struct err *why, void *arg)
{
    struct restore *r = arg;
    if (why || !records) {
        finish(r, why ? why->msg : NULL);
        return;
    }
    strbuf_reset(&r->records);
    strbuf_add(&r->records, strbuf_text(records), records->len);
    r->at = 0;
    r->busy_since = loop_now();
    if (r->records.failed)
        finish(r, "memory is out");
    else
        go_on(r);
}

static char *copy(const char *text)
{
    char *out = strdup(text);
    if (!out)
        abort();
    return out;
}

static int check(const struct restore_spec *spec, struct err *e)
{
    if (!backup_store_is_name(spec->wish.file))
        return err_set(e, -EINVAL,
            "reading the backup \"%.80s\": that is no backup's name; see: voxkeeper backups",
            spec->wish.file);
    if (spec->wish.show || (spec->link && redis_link_state(spec->link) == REDIS_LINK_UP))
        return 0;
    if (!spec->link)
        return err_set(e, -ENOTCONN, "restoring: no Redis is configured ([Redis] Url=)");
    return err_set(e, -ENOTCONN, "restoring: Redis at %s is not up: %s",
        redis_link_address(spec->link), redis_link_why(spec->link));
}

struct restore *restore_new(const struct restore_spec *spec, struct err *e)
{
    static const struct backup_reader_events events = {on_look, on_block};
    struct strbuf path = STRBUF_INIT;
    if (check(spec, e) < 0)
        return NULL;
    struct restore *r = calloc(1, sizeof *r);
    if (!r || strlist_copy(&r->protect, &spec->config->sweep.protect) < 0)
        abort();
    r->loop = spec->loop;
    r->link = spec->link;
    r->wish = spec->wish;
    r->file = copy(spec->wish.file);
    r->key = spec->wish.key ? copy(spec->wish.key) : NULL;
    r->wish.file = r->file;
    r->wish.key = r->key;
    r->author = copy(spec->author);
    r->redis = copy(spec->link ? redis_link_address(spec->link) : "");
    r->op = spec->op;
    r->on_done = spec->on_done;
    r->arg = spec->arg;
    r->began_at = loop_now();
    r->timer = timer_new(r->loop, on_timer, r);
    restore_tally_init(&r->tally);
    if (!r->wish.show)
        r->restorer = redis_restorer_new(
            r->link, &(struct redis_restore_how){r->wish.replace, r->wish.dry_run}, on_restored, r);
    backup_store_directory(spec->config->admin.state_directory, &path);
    strbuf_addf(&path, "/%s", r->wish.file);
    r->reader = backup_reader_new(r->loop, strbuf_text(&path), &events, r);
    strbuf_fini(&path);
    return r;
}

void restore_free(struct restore *r)
{
    if (!r)
        return;
    operation_end(r->op, OPERATION_FAILED, "cut short: Redis is no longer ours, or we stop");
    timer_free(r->timer);
    backup_reader_free(r->reader);
    redis_restorer_free(r->restorer);
    restore_tally_fini(&r->tally);
    strbuf_fini(&r->records);
    strlist_fini(&r->protect);
    free(r->file);
    free(r->key);
    free(r->author);
    free(r->redis);
    free(r);
}
