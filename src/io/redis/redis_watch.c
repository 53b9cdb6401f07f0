/*
 * Removes keys that are still what they were, by WATCH: look again, compare here, unlink in a
 * transaction that fails when a watched key changed after the look. For users without EVALSHA.
 */
#include "io/redis/redis_remove_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WATCH_WATCH, WATCH_ROLE, WATCH_KEYS }; /* then two for each key */
enum { KEY_EXPIRE, KEY_DUMP, KEY_REPLIES };

static void next_group(struct redis_remover *r);

static size_t group_end(const struct redis_remover *r)
{
    return r->n - r->group < r->group_max ? r->n : r->group + r->group_max;
}

static void group_failed(struct redis_remover *r, const struct redis_value *reply)
{
    enum redis_error error = redis_error_class(reply->str, reply->len);
    remover_fault(r, error, reply->str, reply->len);
}

static void check_role(struct redis_remover *r, const struct redis_value *reply)
{
    struct redis_value role = redis_value_at(reply, 0);
    if (role.type == REDIS_STRING && strcmp(role.str, "master") == 0)
        return;
    static const char text[] = "READONLY voxkeeper removes nothing from a replica";
    remover_fault(r, REDIS_E_READONLY, text, sizeof text - 1);
}

static void check_expire(
    struct redis_remover *r, struct redis_removee *item, const struct redis_value *reply)
{
    if (reply->type != REDIS_INTEGER)
        remover_garbage(r, r->has_expire ? "PEXPIRETIME" : "PTTL");
    else if (reply->integer == -2)
        item->result = REDIS_REMOVAL_GONE;
    else if (reply->integer != (r->has_expire ? item->expire_ms : -1))
        item->result = REDIS_REMOVAL_REFRESHED;
}

static void on_looked(size_t index, const struct redis_value *reply, void *arg)
{
    struct redis_remover *r = arg;
    if (reply->type == REDIS_ERROR) {
        if (!remover_crossed(r, reply))
            group_failed(r, reply);
        return;
    }
    if (index == WATCH_WATCH)
        return;
    if (index == WATCH_ROLE) {
        check_role(r, reply);
        return;
    }
    struct redis_removee *item = &r->items[r->group + (index - WATCH_KEYS) / KEY_REPLIES];
    if ((index - WATCH_KEYS) % KEY_REPLIES == KEY_EXPIRE)
        check_expire(r, item, reply);
    else if (item->result == REDIS_REMOVAL_UNKNOWN &&
             (reply->type != REDIS_STRING || reply->len != item->payload_len ||
                 memcmp(reply->str, item->payload, reply->len) != 0))
        item->result = REDIS_REMOVAL_CHANGED;
}

/* ---- the transaction ---- */

static bool wanted(const struct redis_removee *item)
{
    return item->result == REDIS_REMOVAL_UNKNOWN && item->error == REDIS_E_NONE;
}

/* EXEC answers one number for each key, or nil when one of the watched changed. */
static void on_exec(size_t is_exec, const struct redis_value *reply, void *arg)
{
    struct redis_remover *r = arg;
    if (reply->type == REDIS_ERROR)
        group_failed(r, reply);
    else if (is_exec && reply->type != REDIS_NIL && reply->type != REDIS_ARRAY)
        remover_garbage(r, "EXEC");
    if (!is_exec)
        return;
    size_t answer = 0;
    for (size_t i = r->group; i < group_end(r); i++) {
        if (!wanted(&r->items[i]))
            continue;
        struct redis_value removed = redis_value_at(reply, answer++);
        if (reply->type == REDIS_NIL)
            r->items[i].result = REDIS_REMOVAL_CHANGED;
        else if (removed.type == REDIS_INTEGER && removed.integer == 0)
            r->items[i].result = REDIS_REMOVAL_GONE;
        else if (removed.type == REDIS_INTEGER)
            r->items[i].result =
                r->items[i].repair_ms ? REDIS_REMOVAL_REPAIRED : REDIS_REMOVAL_DONE;
        else if (reply->type == REDIS_ARRAY)
            remover_garbage(r, "EXEC");
    }
}

static void on_exec_done(bool lost, void *arg)
{
    struct redis_remover *r = arg;
    r->batch = NULL;
    if (lost)
        remover_lost(r);
    r->group = group_end(r);
    next_group(r);
}

static void execute(struct redis_remover *r)
{
    r->batch = redis_batch_new(r->link, REMOVE_GROUP + 2, on_exec, on_exec_done, r);
    bool any = false;
    for (size_t i = r->group; i < group_end(r) && r->fault.error == REDIS_E_NONE; i++) {
        int64_t ms = r->items[i].repair_ms;
        char ttl[24];
        size_t ttl_len = (size_t)snprintf(ttl, sizeof ttl, "%" PRId64, ms);
        const char *const argv[] = {ms ? "PEXPIRE" : "UNLINK", r->items[i].name, ttl};
        const size_t len[] = {ms ? 7 : 6, r->items[i].name_len, ttl_len};
        if (!wanted(&r->items[i]))
            continue;
        if (!any)
            redis_batch_add(r->batch, false, 1, (const char *const[]){"MULTI"}, NULL);
        any = true;
        redis_batch_add(r->batch, false, ms ? 3 : 2, argv, len);
    }
    if (any)
        redis_batch_add(r->batch, true, 1, (const char *const[]){"EXEC"}, NULL);
    else
        redis_batch_add(r->batch, false, 1, (const char *const[]){"UNWATCH"}, NULL);
    redis_batch_end(r->batch);
}

static void on_looked_done(bool lost, void *arg)
{
    struct redis_remover *r = arg;
    r->batch = NULL;
    if (lost)
        remover_lost(r);
    if (!r->crossed) {
        execute(r);
        return;
    }
    r->crossed = false;
    r->group_max = 1;
    next_group(r);
}

static void next_group(struct redis_remover *r)
{
    const char *watch[1 + REMOVE_GROUP] = {"WATCH"};
    size_t watch_len[1 + REMOVE_GROUP] = {5};
    int n = 1;
    if (r->group == r->n || r->fault.error != REDIS_E_NONE) {
        for (size_t i = 0; i < r->n; i++) {
            if (wanted(&r->items[i]))
                r->items[i].error = r->fault.error;
        }
        remover_done(r);
        return;
    }
    for (size_t i = r->group; i < group_end(r); i++, n++) {
        watch[n] = r->items[i].name;
        watch_len[n] = r->items[i].name_len;
    }
    r->batch = redis_batch_new(
        r->link, WATCH_KEYS + KEY_REPLIES * REMOVE_GROUP, on_looked, on_looked_done, r);
    redis_batch_add(r->batch, WATCH_WATCH, n, watch, watch_len);
    redis_batch_add(r->batch, WATCH_ROLE, 1, (const char *const[]){"ROLE"}, NULL);
    for (size_t i = r->group; i < group_end(r); i++) {
        size_t id = WATCH_KEYS + KEY_REPLIES * (i - r->group);
        const size_t len[] = {r->has_expire ? 11 : 4, r->items[i].name_len};
        const char *const expire[] = {r->has_expire ? "PEXPIRETIME" : "PTTL", r->items[i].name};
        const char *const dump[] = {"DUMP", r->items[i].name};
        redis_batch_add(r->batch, id + KEY_EXPIRE, 2, expire, len);
        redis_batch_add(r->batch, id + KEY_DUMP, 2, dump, (const size_t[]){4, len[1]});
    }
    redis_batch_end(r->batch);
}

void remover_watch(struct redis_remover *r)
{
    r->group = 0;
    next_group(r);
}
