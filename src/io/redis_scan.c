/* Walks the keys of Redis: names and TTLs. */
#include "io/redis_scan.h"

#include "base/num.h"
#include "core/limits.h"
#include "core/scan_cursor.h"
#include "io/redis_scan_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_FIRST = 100, DEPTH_FIRST = 64 };

void scan_fault(struct redis_scan *s, enum redis_error error, const char *text, size_t len)
{
    if (s->fault.error != REDIS_E_NONE)
        return;
    s->fault.error = error;
    snprintf(s->fault.text, sizeof s->fault.text, "%.*s", (int)len, text);
}

void scan_garbage(struct redis_scan *s, const char *command)
{
    char text[64];
    int len = snprintf(text, sizeof text, "%s: an answer that is none", command);
    scan_fault(s, REDIS_E_PROTOCOL, text, (size_t)len);
}

static void forget_keys(struct redis_scan *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->keys[i].name);
        free(s->keys[i].payload);
    }
    free(s->keys);
    s->keys = NULL;
    s->n = 0;
}

/* True when the step is over because something failed; on_fault was called then. */
bool scan_failed(struct redis_scan *s, bool lost)
{
    s->batch = NULL;
    if (lost) {
        const char *why = redis_batch_lost_text(s->link);
        scan_fault(s, REDIS_E_LOST, why, strlen(why));
    }
    if (s->fault.error == REDIS_E_NONE)
        return false;
    forget_keys(s);
    s->events.on_fault(&s->fault, s->arg);
    return true;
}

static void make_room(struct redis_scan *s, size_t n)
{
    s->keys = calloc(n + 1, sizeof *s->keys);
    if (!s->keys)
        abort();
}

static void copy_key(struct redis_scan *s, const char *name, size_t len)
{
    unsigned tag = 0;
    if (len > LIMIT_REDIS_KEY || !s->events.on_name(name, len, &tag, s->arg))
        return;
    char *copy = malloc(len + 1);
    if (!copy)
        abort();
    memcpy(copy, name, len);
    copy[len] = '\0';
    s->keys[s->n++] = (struct redis_key){
        .name = copy, .name_len = len, .tag = tag, .ttl_ms = -2, .expire_ms = -2};
}

/* ---- TTLs ---- */

void scan_take_time(struct redis_scan *s, const struct redis_value *reply)
{
    if (reply->type == REDIS_ERROR) {
        scan_fault(s, redis_error_class(reply->str, reply->len), reply->str, reply->len);
        return;
    }
    struct redis_value sec = redis_value_at(reply, 0);
    struct redis_value usec = redis_value_at(reply, 1);
    uint64_t sec_n;
    uint64_t usec_n;
    if (sec.type != REDIS_STRING || usec.type != REDIS_STRING ||
        num_parse_u64(sec.str, 0, UINT64_MAX / USEC_PER_SEC - 1, &sec_n) < 0 ||
        num_parse_u64(usec.str, 0, USEC_PER_SEC - 1, &usec_n) < 0)
        scan_garbage(s, "TIME");
    else
        s->now = sec_n * USEC_PER_SEC + usec_n;
}

void scan_key_failed(struct redis_key *k, const struct redis_value *reply)
{
    if (k->error != REDIS_E_NONE)
        return;
    k->error = redis_error_class(reply->str, reply->len);
    snprintf(k->error_text, sizeof k->error_text, "%.*s", (int)reply->len, reply->str);
}

static void on_ttl(size_t index, const struct redis_value *reply, void *arg)
{
    struct redis_scan *s = arg;
    if (index == SCAN_INDEX_TIME) {
        scan_take_time(s, reply);
    } else if (reply->type == REDIS_INTEGER) {
        s->keys[index].ttl_ms = reply->integer;
        s->keys[index].gone = reply->integer == -2;
    } else if (reply->type == REDIS_ERROR) {
        scan_key_failed(&s->keys[index], reply);
    } else {
        scan_garbage(s, "PTTL");
    }
}

static void on_ttls(bool lost, void *arg)
{
    struct redis_scan *s = arg;
    if (scan_failed(s, lost))
        return;
    s->events.on_keys(s->keys, s->n, s->now, s->arg);
}

void scan_ask_time(struct redis_scan *s)
{
    redis_batch_add(s->batch, SCAN_INDEX_TIME, 1, (const char *const[]){"TIME"}, NULL);
}

/* command + the key's name */
void scan_ask_key(struct redis_scan *s, size_t index, size_t id, const char *a, const char *b)
{
    const struct redis_key *k = &s->keys[index];
    const char *argv[] = {a, b, k->name};
    size_t len[] = {strlen(a), b ? strlen(b) : 0, k->name_len};
    if (!b) {
        argv[1] = k->name;
        len[1] = k->name_len;
    }
    redis_batch_add(s->batch, id, b ? 3 : 2, argv, len);
}

static void ask_ttls(struct redis_scan *s)
{
    s->batch = redis_batch_new(s->link, s->n + 1, on_ttl, on_ttls, s);
    scan_ask_time(s);
    for (size_t i = 0; i < s->n; i++)
        scan_ask_key(s, i, i, "PTTL", NULL);
    redis_batch_end(s->batch);
}

/* ---- SCAN ---- */

static void on_scan(size_t index, const struct redis_value *reply, void *arg)
{
    struct redis_scan *s = arg;
    (void)index;
    if (reply->type == REDIS_ERROR) {
        scan_fault(s, redis_error_class(reply->str, reply->len), reply->str, reply->len);
        return;
    }
    struct redis_value cursor = redis_value_at(reply, 0);
    struct redis_value names = redis_value_at(reply, 1);
    if (cursor.type != REDIS_STRING || cursor.len == 0 || cursor.len >= sizeof s->next_cursor ||
        strspn(cursor.str, "0123456789") != cursor.len || names.type != REDIS_ARRAY) {
        scan_garbage(s, "SCAN");
        return;
    }
    memcpy(s->next_cursor, cursor.str, cursor.len + 1);
    make_room(s, names.n_items);
    for (size_t i = 0; i < names.n_items; i++) {
        struct redis_value name = redis_value_at(&names, i);
        if (name.type == REDIS_STRING)
            copy_key(s, name.str, name.len);
        else
            scan_garbage(s, "SCAN");
    }
}

static void on_scanned(bool lost, void *arg)
{
    struct redis_scan *s = arg;
    if (scan_failed(s, lost))
        return;
    s->scan_took = usec_sub(loop_now(), s->asked_at);
    if (s->n > 0) {
        ask_ttls(s);
        return;
    }
    s->events.on_keys(s->keys, 0, s->now, s->arg);
}

static void begin_step(struct redis_scan *s)
{
    assert(!s->batch);
    forget_keys(s);
    s->sized = false;
    s->window_from = 0;
    s->window_to = 0;
    s->scan_took = 0;
    s->look_took = 0;
    s->asked_at = loop_now();
    s->fault = (struct redis_fault){0};
}

void redis_scan_step(struct redis_scan *s)
{
    char count[16];
    int count_len = snprintf(count, sizeof count, "%u", s->count);
    const char *const argv[] = {"SCAN", s->cursor, "MATCH", s->match, "COUNT", count};
    const size_t len[] = {4, strlen(s->cursor), 5, s->match_len, 5, (size_t)count_len};
    begin_step(s);
    s->batch = redis_batch_new(s->link, 1, on_scan, on_scanned, s);
    redis_batch_add(s->batch, 0, 6, argv, len);
    redis_batch_end(s->batch);
}

void redis_scan_names(struct redis_scan *s, const struct redis_name *names, size_t n)
{
    begin_step(s);
    make_room(s, n);
    for (size_t i = 0; i < n; i++)
        copy_key(s, names[i].name, names[i].len);
    ask_ttls(s);
}

void redis_scan_restart(struct redis_scan *s)
{
    snprintf(s->cursor, sizeof s->cursor, "0");
    s->begun = false;
}

void redis_scan_advance(struct redis_scan *s)
{
    memcpy(s->cursor, s->next_cursor, sizeof s->cursor);
    s->begun = true;
}

void redis_scan_pace(struct redis_scan *s, unsigned count, unsigned depth)
{
    s->count = count;
    s->depth = depth;
}

struct redis_scan_took redis_scan_took(const struct redis_scan *s)
{
    return (struct redis_scan_took){s->scan_took, s->look_took};
}

bool redis_scan_at_end(const struct redis_scan *s)
{
    return s->begun && strcmp(s->cursor, "0") == 0;
}

double redis_scan_fraction(const struct redis_scan *s)
{
    uint64_t cursor;
    if (redis_scan_at_end(s))
        return 1;
    return num_parse_u64(s->cursor, 0, UINT64_MAX, &cursor) < 0 ? 0 : scan_cursor_fraction(cursor);
}

struct redis_scan *redis_scan_new(struct redis_link *link, const char *match, size_t match_len,
    bool has_expire, const struct redis_scan_events *events, void *arg)
{
    struct redis_scan *s = calloc(1, sizeof *s);
    char *copy = malloc(match_len + 1);
    if (!s || !copy)
        abort();
    memcpy(copy, match, match_len);
    *s = (struct redis_scan){.link = link,
        .match = copy,
        .match_len = match_len,
        .has_expire = has_expire,
        .events = *events,
        .arg = arg,
        .cursor = "0",
        .next_cursor = "0",
        .count = COUNT_FIRST,
        .depth = DEPTH_FIRST};
    return s;
}

void redis_scan_free(struct redis_scan *s)
{
    if (!s)
        return;
    redis_batch_leave(s->batch);
    forget_keys(s);
    free(s->match);
    free(s);
}
