/* Removes keys that are still what they were, by a script. */
#include "io/redis/redis_remove.h"

#include "io/redis/redis_remove_parts.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * KEYS[i] with ARGV[3i-2], the payload it must have, ARGV[3i-1], its expiry in ms or "-1", and
 * ARGV[3i], "0" to remove it or the TTL in ms that it is to get.
 * Answers for each key: 2 repaired, 1 removed, 0 gone, -1 another value, -2 another expiry.
 *
 * No `#!lua` line: with one, Redis refuses the call under OOM, when it is needed most. INFO and not
 * ROLE, which scripts may not call. The TTL comes first: it touches nothing.
 */
static const char script[] =
    "if not string.find(redis.call('INFO', 'replication'), 'role:master', 1, true) then\n"
    "  return redis.error_reply('READONLY voxkeeper removes nothing from a replica')\n"
    "end\n"
    "local result = {}\n"
    "for i, key in ipairs(KEYS) do\n"
    "  local payload, expiry, repair = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]\n"
    "  local ttl = redis.call('PTTL', key)\n"
    "  local same = (ttl == -1) == (expiry == '-1')\n"
    "  if same and ttl >= 0 then\n"
    "    same = string.format('%.0f', redis.call('PEXPIRETIME', key)) == expiry\n"
    "  end\n"
    "  if ttl == -2 then\n"
    "    result[i] = 0\n"
    "  elseif not same then\n"
    "    result[i] = -2\n"
    "  elseif redis.call('DUMP', key) ~= payload then\n"
    "    result[i] = -1\n"
    "  elseif repair ~= '0' then\n"
    "    result[i] = 2 * redis.call('PEXPIRE', key, repair)\n"
    "  else\n"
    "    result[i] = redis.call('UNLINK', key)\n"
    "  end\n"
    "end\n"
    "return result\n";

static void call_script(struct redis_remover *r);

void remover_fault(struct redis_remover *r, enum redis_error error, const char *text, size_t len)
{
    if (r->fault.error != REDIS_E_NONE)
        return;
    r->fault.error = error;
    snprintf(r->fault.text, sizeof r->fault.text, "%.*s", (int)len, text);
}

bool remover_crossed(struct redis_remover *r, const struct redis_value *reply)
{
    static const char word[] = "CROSSSLOT ";
    bool crossed = reply->type == REDIS_ERROR && r->group_max > 1 &&
                   strncmp(reply->str, word, sizeof word - 1) == 0;
    r->crossed = r->crossed || crossed;
    return crossed;
}

void remover_garbage(struct redis_remover *r, const char *command)
{
    char text[64];
    int len = snprintf(text, sizeof text, "%s: an answer that is none", command);
    remover_fault(r, REDIS_E_PROTOCOL, text, (size_t)len);
}

void remover_lost(struct redis_remover *r)
{
    const char *why = redis_batch_lost_text(r->link);
    remover_fault(r, REDIS_E_LOST, why, strlen(why));
    for (size_t i = 0; i < r->n; i++) {
        if (r->items[i].result == REDIS_REMOVAL_UNKNOWN)
            r->items[i].error = REDIS_E_LOST;
    }
}

void remover_done(struct redis_remover *r)
{
    struct redis_removee *items = r->items;
    struct redis_fault fault = r->fault;
    r->items = NULL;
    r->on_done(items, r->n, &fault, r->arg);
}

/* ---- loading ---- */

static void on_loaded(size_t index, const struct redis_value *reply, void *arg)
{
    struct redis_remover *r = arg;
    (void)index;
    if (reply->type == REDIS_STRING && reply->len == sizeof r->sha - 1) {
        memcpy(r->sha, reply->str, sizeof r->sha);
        return;
    }
    if (reply->type != REDIS_ERROR) {
        remover_garbage(r, "SCRIPT LOAD");
        return;
    }
    enum redis_error error = redis_error_class(reply->str, reply->len);
    r->watches = error == REDIS_E_NOPERM;
    if (!r->watches)
        remover_fault(r, error, reply->str, reply->len);
}

static void on_load_done(bool lost, void *arg)
{
    struct redis_remover *r = arg;
    r->batch = NULL;
    if (lost)
        remover_lost(r);
    if (r->watches)
        remover_watch(r);
    else if (r->fault.error != REDIS_E_NONE)
        remover_done(r);
    else
        call_script(r);
}

static void load_script(struct redis_remover *r)
{
    r->batch = redis_batch_new(r->link, 1, on_loaded, on_load_done, r);
    redis_batch_add(r->batch, 0, 3, (const char *const[]){"SCRIPT", "LOAD", script}, NULL);
    redis_batch_end(r->batch);
}

/* ---- calling ---- */

/* Waits for the script: an item that a call did not decide. */
static bool undecided(const struct redis_removee *item)
{
    return item->result == REDIS_REMOVAL_UNKNOWN && item->error == REDIS_E_NONE;
}

/* The next up to group_max undecided items from `from` on; returns how many. */
static size_t next_group(const struct redis_remover *r, size_t from, size_t members[REMOVE_GROUP])
{
    size_t n = 0;
    for (size_t i = from; i < r->n && n < r->group_max; i++) {
        if (undecided(&r->items[i]))
            members[n++] = i;
    }
    return n;
}

static enum redis_removal removal_of(int64_t code)
{
    switch (code) {
    case 2:
        return REDIS_REMOVAL_REPAIRED;
    case 1:
        return REDIS_REMOVAL_DONE;
    case 0:
        return REDIS_REMOVAL_GONE;
    case -1:
        return REDIS_REMOVAL_CHANGED;
    case -2:
        return REDIS_REMOVAL_REFRESHED;
    default:
        return REDIS_REMOVAL_UNKNOWN;
    }
}

/* Redis does not say which command of the script it was. */
static void script_fault(
    struct redis_remover *r, enum redis_error error, const struct redis_value *reply)
{
    static const char lacks[] = "ERR The user executing the script can't run";
    char text[sizeof r->fault.text];
    int len = snprintf(text, sizeof text, "%.*s", (int)reply->len, reply->str);
    if (strncmp(text, lacks, sizeof lacks - 1) == 0)
        len = snprintf(
            text, sizeof text, "%s (its ACL needs +info +pttl +pexpiretime +dump +unlink)", lacks);
    remover_fault(r, error, text, (size_t)len);
}

/* `first` is the group's first item; nothing before it is undecided when its answer comes. */
static void on_called(size_t first, const struct redis_value *reply, void *arg)
{
    struct redis_remover *r = arg;
    size_t members[REMOVE_GROUP];
    size_t n = next_group(r, first, members);
    enum redis_error error = REDIS_E_PROTOCOL;
    if (reply->type == REDIS_ERROR)
        error = redis_error_class(reply->str, reply->len);
    if (remover_crossed(r, reply))
        return;
    if (error == REDIS_E_NOSCRIPT && !r->reloaded) {
        r->sha[0] = '\0';
        return;
    }
    bool answered = reply->type == REDIS_ARRAY && reply->n_items == n;
    /* Without the right to run scripts at all, the other way is open. */
    if (error == REDIS_E_NOPERM && strstr(reply->str, "command") && strstr(reply->str, "evalsha")) {
        r->watches = true;
        return;
    }
    if (reply->type == REDIS_ERROR)
        script_fault(r, error, reply);
    else if (!answered)
        remover_garbage(r, "EVALSHA");
    for (size_t i = 0; i < n; i++) {
        struct redis_removee *item = &r->items[members[i]];
        struct redis_value code = redis_value_at(reply, i);
        if (answered && code.type == REDIS_INTEGER)
            item->result = removal_of(code.integer);
        if (item->result != REDIS_REMOVAL_UNKNOWN)
            continue;
        item->error = error;
        if (answered)
            remover_garbage(r, "EVALSHA");
    }
}

static void on_calls_done(bool lost, void *arg)
{
    struct redis_remover *r = arg;
    size_t members[REMOVE_GROUP];
    r->batch = NULL;
    if (lost)
        remover_lost(r);
    if (r->crossed)
        r->group_max = 1;
    r->crossed = false;
    bool well = r->fault.error == REDIS_E_NONE;
    bool left = next_group(r, 0, members) > 0;
    if (left && r->sha[0] && !r->watches) {
        call_script(r);
    } else if (left && r->watches && well) {
        remover_watch(r);
    } else if (left && !r->reloaded && well) {
        r->reloaded = true;
        load_script(r);
    } else {
        remover_done(r);
    }
}

static void call_group(struct redis_remover *r, const size_t *members, size_t n)
{
    const char *argv[3 + 4 * REMOVE_GROUP] = {"EVALSHA", r->sha};
    size_t len[3 + 4 * REMOVE_GROUP] = {7, strlen(r->sha)};
    char expiry[REMOVE_GROUP][24];
    char repair[REMOVE_GROUP][24];
    char count[8];
    int argc = 2;
    argv[argc] = count;
    len[argc++] = (size_t)snprintf(count, sizeof count, "%zu", n);
    for (size_t i = 0; i < n; i++) {
        argv[argc] = r->items[members[i]].name;
        len[argc++] = r->items[members[i]].name_len;
    }
    for (size_t i = 0; i < n; i++) {
        const struct redis_removee *item = &r->items[members[i]];
        argv[argc] = item->payload;
        len[argc++] = item->payload_len;
        argv[argc] = expiry[i];
        len[argc++] = (size_t)snprintf(expiry[i], sizeof expiry[i], "%" PRId64, item->expire_ms);
        argv[argc] = repair[i];
        len[argc++] = (size_t)snprintf(repair[i], sizeof repair[i], "%" PRId64, item->repair_ms);
    }
    redis_batch_add(r->batch, members[0], argc, argv, len);
}

static void call_script(struct redis_remover *r)
{
    size_t members[REMOVE_GROUP];
    size_t n;
    size_t calls = 0;
    r->batch = redis_batch_new(r->link, r->n, on_called, on_calls_done, r);
    for (size_t from = 0; calls < r->calls_max && (n = next_group(r, from, members)) > 0; calls++) {
        call_group(r, members, n);
        from = members[n - 1] + 1;
    }
    redis_batch_end(r->batch);
}

/* ---- the object ---- */

void redis_remover_run(struct redis_remover *r, struct redis_removee *items, size_t n)
{
    assert(!r->items && n > 0);
    r->items = items;
    r->n = n;
    r->reloaded = false;
    r->fault = (struct redis_fault){0};
    for (size_t i = 0; i < n; i++) {
        items[i].result = REDIS_REMOVAL_UNKNOWN;
        items[i].error = REDIS_E_NONE;
        if (!r->has_expire && items[i].expire_ms != -1)
            items[i].error = REDIS_E_OTHER;
    }
    if (r->watches)
        remover_watch(r);
    else if (!r->sha[0])
        load_script(r);
    else
        call_script(r);
}

struct redis_remover *redis_remover_new(
    struct redis_link *link, bool has_expire, redis_removed_fn *on_done, void *arg)
{
    struct redis_remover *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->link = link;
    r->has_expire = has_expire;
    r->group_max = REMOVE_GROUP;
    r->calls_max = SIZE_MAX;
    r->on_done = on_done;
    r->arg = arg;
    return r;
}

void redis_remover_pace(struct redis_remover *r, bool one_by_one)
{
    r->calls_max = one_by_one ? 1 : SIZE_MAX;
    if (r->group_max > 1)
        r->group_max = one_by_one ? REMOVE_GROUP_PACED : REMOVE_GROUP;
}

bool redis_remover_watches(const struct redis_remover *r)
{
    return r->watches;
}

void redis_remover_free(struct redis_remover *r)
{
    if (!r)
        return;
    redis_batch_leave(r->batch);
    free(r);
}
