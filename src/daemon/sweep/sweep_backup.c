/* A pass and its backup. */
#include "daemon/sweep/sweep_backup.h"

#include "base/log.h"
#include "build_config.h"
#include "core/event.h"
#include "core/sweep/backup.h"
#include "core/sweep/rdb_value.h"
#include "io/redis/redis_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct backup_bytes text(const char *s)
{
    return (struct backup_bytes){s, strlen(s)};
}

static void tell_failure(const struct sweep_pass *p, const struct err *why)
{
    struct event ev;
    event_init(&ev, EVENT_BACKUP_FAILED);
    event_message(
        &ev, "nothing is removed from Redis, since it cannot be saved before: %s", why->msg);
    event_field(&ev, "VOXKEEPER_REDIS", "%s", redis_link_address(p->link));
    event_field(&ev, "VOXKEEPER_REASON", "%s", why->msg);
    event_emit(&ev);
    event_fini(&ev);
}

/* Looks on without removing: what a sweep finds is worth knowing in any case. */
static void fail(struct sweep_pass *p, const struct err *why)
{
    struct sweep_summary *s = &p->summary;
    s->backup_failed = true;
    p->may_remove = false;
    if (!s->error_text[0])
        snprintf(
            s->error_text, sizeof s->error_text, "%.*s", (int)sizeof s->error_text - 1, why->msg);
    tell_failure(p, why);
    sweep_step_spare(p);
}

/* Of the keys that were saved last. */
static void add_results(struct sweep_pass *p, struct strbuf *results)
{
    backup_add_results(
        &p->backup_records, &(struct backup_results){p->summary.backed_up - results->len,
                                {strbuf_text(results), results->len}});
    strbuf_fini(results);
}

/* They are in the backup, and stay in Redis. */
static void spare(struct sweep_pass *p)
{
    struct strbuf results = STRBUF_INIT;
    for (size_t i = 0; i < p->n_condemned; i++)
        strbuf_addc(&results, BACKUP_NOT_TRIED);
    add_results(p, &results);
    sweep_step_spare(p);
}

static void on_written(const struct err *why, void *arg)
{
    struct sweep_pass *p = arg;
    snprintf(p->summary.backup, sizeof p->summary.backup, "%s", backup_writer_name(p->backup));
    if (p->ending) {
        if (why)
            log_printf(
                LOG_LEVEL_WARNING, "%s; it does not tell what became of its last keys", why->msg);
        sweep_pass_finish(p);
        return;
    }
    if (why) {
        fail(p, why);
        return;
    }
    p->summary.backed_up += p->n_condemned;
    if (p->end || p->cancelled || sweep_pass_is_cut_off(p))
        spare(p);
    else
        sweep_step_remove(p);
}

void sweep_backup_conf_init(struct sweep_backup_conf *conf, bool enabled, const char *directory,
    const struct backup_keeping *keep)
{
    *conf = (struct sweep_backup_conf){enabled, strdup(directory), *keep};
    if (!conf->directory)
        abort();
}

void sweep_backup_conf_fini(struct sweep_backup_conf *conf)
{
    free(conf->directory);
    *conf = (struct sweep_backup_conf){0};
}

void sweep_backup_begin(struct sweep_pass *p, struct loop *l, const struct sweep_backup_conf *conf,
    const struct sweep_request *request)
{
    if (!conf->directory || request->dry_run || request->census_only)
        return;
    backup_store_prune_later(l, conf->directory, &conf->keep);
    if (conf->enabled && !request->no_backup)
        p->backup = backup_writer_new(l, conf->directory, on_written, p);
}

static void add_header(struct sweep_pass *p)
{
    const struct backup_header header = {.at = loop_wall_now(),
        .server = text(redis_link_address(p->link)),
        .version = text(p->server_version),
        .voxkeeper = text(VOXKEEPER_VERSION)};
    backup_add_header(&p->backup_records, &header);
}

static void add_key(struct sweep_pass *p, const struct sweep_condemned *c)
{
    const struct redis_key *key = c->key;
    const struct backup_key saved = {.expire_ms = key->expire_ms,
        .type = text(rdb_type_name(key->payload, key->payload_len)),
        .keyspace = text(p->plan.keyspaces[key->tag].name),
        .finding = text(sweep_finding_name(c->judgement.finding)),
        .reason = text(c->judgement.reason),
        .name = {key->name, key->name_len},
        .payload = {key->payload, key->payload_len}};
    backup_add_key(&p->backup_records, &saved);
}

void sweep_backup_save(struct sweep_pass *p)
{
    if (!p->backup) {
        sweep_step_remove(p);
        return;
    }
    if (p->summary.backed_up == 0)
        add_header(p);
    for (size_t i = 0; i < p->n_condemned; i++)
        add_key(p, &p->condemned[i]);
    backup_writer_append(p->backup, &p->backup_records);
}

static enum backup_outcome outcome_of(enum redis_removal removal)
{
    switch (removal) {
    case REDIS_REMOVAL_DONE:
        return BACKUP_REMOVED;
    case REDIS_REMOVAL_GONE:
    case REDIS_REMOVAL_CHANGED:
    case REDIS_REMOVAL_REFRESHED:
    case REDIS_REMOVAL_REPAIRED:
        return BACKUP_SURVIVED;
    case REDIS_REMOVAL_UNKNOWN:
        return BACKUP_UNKNOWN;
    }
    return BACKUP_UNKNOWN;
}

void sweep_backup_note(struct sweep_pass *p, const struct redis_removee *items, size_t n)
{
    if (!p->backup)
        return;
    struct strbuf results = STRBUF_INIT;
    for (size_t i = 0; i < n; i++)
        strbuf_addc(&results, (char)outcome_of(items[i].result));
    add_results(p, &results);
}

bool sweep_backup_end(struct sweep_pass *p)
{
    if (!p->backup || p->backup_records.len == 0 || p->summary.backup_failed)
        return false;
    p->ending = true;
    backup_writer_append(p->backup, &p->backup_records);
    return true;
}

void sweep_backup_forget(struct sweep_pass *p)
{
    backup_writer_free(p->backup);
    strbuf_fini(&p->backup_records);
}
