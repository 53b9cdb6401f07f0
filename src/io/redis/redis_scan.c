/*
 * Walks the keys of Redis: names and TTLs.
 *
 * A flight is one round trip: the TTLs of the names that came before, and the next SCAN. When asked
 * for ahead, a SCAN goes as soon as its cursor is known, by itself, and the TTLs of the names along
 * with that cursor after it: Redis works on them while we read the one and write the next.
 *
 *   SCAN → coming → fetched → PTTL: flying → told: keys
 */
#include "io/redis/redis_scan.h"

#include "base/num.h"
#include "core/sweep/scan_cursor.h"
#include "io/redis/redis_scan_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_FIRST = 100, DEPTH_FIRST = 64 };

static void go_on(struct redis_scan *s);

/* Notes the first one. */
static void note_fault(struct redis_fault *f, enum redis_error error, const char *text, size_t len)
{
    if (f->error != REDIS_E_NONE)
        return;
    f->error = error;
    snprintf(f->text, sizeof f->text, "%.*s", (int)len, text);
}

void scan_garbage(struct redis_fault *f, const char *command)
{
    char text[64];
    int len = snprintf(text, sizeof text, "%s: an answer that is none", command);
    note_fault(f, REDIS_E_PROTOCOL, text, (size_t)len);
}

void scan_lost(const struct redis_scan *s, struct redis_fault *f)
{
    const char *why = redis_batch_lost_text(s->link);
    note_fault(f, REDIS_E_LOST, why, strlen(why));
}

/* ---- what is asked ---- */

void scan_take_time(usec_t *now, struct redis_fault *f, const struct redis_value *reply)
{
    if (reply->type == REDIS_ERROR) {
        note_fault(f, redis_error_class(reply->str, reply->len), reply->str, reply->len);
        return;
    }
    struct redis_value sec = redis_value_at(reply, 0);
    struct redis_value usec = redis_value_at(reply, 1);
    uint64_t sec_n;
    uint64_t usec_n;
    if (sec.type != REDIS_STRING || usec.type != REDIS_STRING ||
        num_parse_u64(sec.str, 0, UINT64_MAX / USEC_PER_SEC - 1, &sec_n) < 0 ||
        num_parse_u64(usec.str, 0, USEC_PER_SEC - 1, &usec_n) < 0)
        scan_garbage(f, "TIME");
    else
        *now = sec_n * USEC_PER_SEC + usec_n;
}

void scan_ask_time(struct redis_batch *b)
{
    redis_batch_add(b, SCAN_INDEX_TIME, 1, (const char *const[]){"TIME"}, NULL);
}

void scan_key_failed(struct redis_key *k, const struct redis_value *reply)
{
    if (k->error != REDIS_E_NONE)
        return;
    k->error = redis_error_class(reply->str, reply->len);
    snprintf(k->error_text, sizeof k->error_text, "%.*s", (int)reply->len, reply->str);
}

void scan_ask_key(
    struct redis_batch *batch, const struct redis_key *k, size_t id, const char *a, const char *b)
{
    const char *argv[] = {a, b, k->name};
    size_t len[] = {strlen(a), b ? strlen(b) : 0, k->name_len};
    if (!b) {
        argv[1] = k->name;
        len[1] = k->name_len;
    }
    redis_batch_add(batch, id, b ? 3 : 2, argv, len);
}

/* ---- names ---- */

static bool is_end(const char *cursor)
{
    return strcmp(cursor, "0") == 0;
}

/* Behind all names that are here. */
static const char *newest_cursor(const struct redis_scan *s)
{
    if (s->fetched.behind[0])
        return s->fetched.behind;
    if (s->flying.behind[0])
        return s->flying.behind;
    return s->open ? s->keys.behind : s->cursor;
}

/* There is room for what the next SCAN brings, and there is a next one. */
static bool may_scan(const struct redis_scan *s)
{
    bool here = s->fetched.behind[0] || s->flying.behind[0] || s->open;
    bool first = !s->begun && !here;
    return !s->scanning && !s->coming.behind[0] && (first || !is_end(newest_cursor(s)));
}

static void ask_names(struct redis_scan *s, struct redis_batch *b)
{
    char count[16];
    const char *cursor = newest_cursor(s);
    int count_len = snprintf(count, sizeof count, "%u", s->count);
    const char *const argv[] = {"SCAN", cursor, "MATCH", s->match, "COUNT", count};
    const size_t len[] = {4, strlen(cursor), 5, s->match_len, 5, (size_t)count_len};
    s->scanning = true;
    s->names_asked_at = loop_now();
    redis_batch_add(b, SCAN_INDEX_SCAN, 6, argv, len);
}

static void take_names(struct redis_scan *s, const struct redis_value *reply)
{
    struct scan_list *l = &s->coming;
    s->scanning = false;
    if (reply->type == REDIS_ERROR) {
        note_fault(
            &s->flight_fault, redis_error_class(reply->str, reply->len), reply->str, reply->len);
        return;
    }
    struct redis_value cursor = redis_value_at(reply, 0);
    struct redis_value names = redis_value_at(reply, 1);
    if (cursor.type != REDIS_STRING || cursor.len == 0 || cursor.len >= sizeof l->behind ||
        strspn(cursor.str, "0123456789") != cursor.len || names.type != REDIS_ARRAY) {
        scan_garbage(&s->flight_fault, "SCAN");
        return;
    }
    size_t bytes = 0;
    for (size_t i = 0; i < names.n_items; i++)
        bytes += redis_value_at(&names, i).len;
    scan_list_make_room(l, names.n_items, bytes);
    for (size_t i = 0; i < names.n_items; i++) {
        struct redis_value name = redis_value_at(&names, i);
        if (name.type == REDIS_STRING)
            scan_list_add(s, l, name.str, name.len);
        else
            scan_garbage(&s->flight_fault, "SCAN");
    }
    memcpy(l->behind, cursor.str, cursor.len + 1);
}

/* ---- flights ---- */

/* What was asked ahead is not wanted. */
static void come_back(struct redis_scan *s)
{
    redis_batch_leave(s->flight);
    redis_batch_leave(s->names);
    s->flight = NULL;
    s->names = NULL;
    s->scanning = false;
    s->landed = false;
    s->flight_fault = (struct redis_fault){0};
    scan_list_reset(&s->flying);
    scan_list_reset(&s->fetched);
    scan_list_reset(&s->coming);
}

static void on_reply(size_t index, const struct redis_value *reply, void *arg)
{
    struct redis_scan *s = arg;
    if (index == SCAN_INDEX_TIME) {
        scan_take_time(&s->flight_now, &s->flight_fault, reply);
    } else if (index == SCAN_INDEX_SCAN) {
        take_names(s, reply);
    } else if (reply->type == REDIS_INTEGER) {
        s->flying.keys[index].ttl_ms = reply->integer;
        s->flying.keys[index].gone = reply->integer == -2;
    } else if (reply->type == REDIS_ERROR) {
        scan_key_failed(&s->flying.keys[index], reply);
    } else {
        scan_garbage(&s->flight_fault, "PTTL");
    }
}

static void on_named(bool lost, void *arg)
{
    struct redis_scan *s = arg;
    s->names = NULL;
    s->names_took = usec_sub(loop_now(), s->names_asked_at);
    if (lost)
        scan_lost(s, &s->flight_fault);
    go_on(s);
}

static void on_flown(bool lost, void *arg)
{
    struct redis_scan *s = arg;
    s->flight = NULL;
    if (lost)
        scan_lost(s, &s->flight_fault);
    s->landed = s->flying.behind[0];
    if (s->landed && s->wanted && !s->ahead)
        s->names_took = usec_sub(loop_now(), s->flown_at);
    go_on(s);
}

static void scan_ahead(struct redis_scan *s)
{
    if (!s->ahead || !may_scan(s))
        return;
    s->names = redis_batch_new(s->link, 1, on_reply, on_named, s);
    ask_names(s, s->names);
    redis_batch_end(s->names);
}

static void fly(struct redis_scan *s)
{
    const struct scan_list *l = &s->flying;
    scan_list_move(&s->flying, &s->fetched);
    scan_list_move(&s->fetched, &s->coming);
    scan_ahead(s);
    bool names = !s->ahead && may_scan(s);
    s->flown_at = loop_now();
    s->flight = redis_batch_new(s->link, l->n + 2, on_reply, on_flown, s);
    if (l->n > 0)
        scan_ask_time(s->flight);
    for (size_t i = 0; i < l->n; i++)
        scan_ask_key(s->flight, &l->keys[i], i, "PTTL", NULL);
    if (names)
        ask_names(s, s->flight);
    redis_batch_end(s->flight);
}

static void tell_fault(struct redis_scan *s)
{
    struct redis_fault fault = s->flight_fault;
    s->wanted = false;
    come_back(s);
    s->events.on_fault(&fault, false, s->arg);
}

/* Asks for what comes next. What is answered from inside of it is looked at when it is over. */
static void ask(struct redis_scan *s)
{
    s->asking = true;
    if (!s->fetched.behind[0])
        scan_list_move(&s->fetched, &s->coming);
    scan_ahead(s);
    bool named = s->fetched.behind[0] || (!s->ahead && may_scan(s));
    if (!s->landed && !s->flight && named && (s->wanted || s->ahead))
        fly(s);
    s->asking = false;
}

static void tell_step(struct redis_scan *s)
{
    s->wanted = false;
    s->landed = false;
    s->open = true;
    s->scan_took = s->names_took;
    s->names_took = 0;
    scan_list_move(&s->keys, &s->flying);
    usec_t now = s->flight_now;
    s->events.on_keys(s->keys.keys, s->keys.n, now, s->arg);
}

/* The last thing a function does: whoever is told may free the scan. */
static void go_on(struct redis_scan *s)
{
    if (s->asking)
        return;
    if (s->flight_fault.error == REDIS_E_NONE)
        ask(s);
    if (!s->wanted)
        return;
    if (s->flight_fault.error != REDIS_E_NONE)
        tell_fault(s);
    else if (s->landed)
        tell_step(s);
}

void redis_scan_step(struct redis_scan *s)
{
    if (s->open || s->flight_fault.error != REDIS_E_NONE)
        come_back(s);
    if (redis_scan_at_end(s))
        redis_scan_restart(s);
    s->open = false;
    s->wanted = true;
    go_on(s);
}

void redis_scan_names(struct redis_scan *s, const struct redis_name *names, size_t n)
{
    size_t bytes = 0;
    come_back(s);
    for (size_t i = 0; i < n; i++)
        bytes += names[i].len;
    scan_list_make_room(&s->fetched, n, bytes);
    for (size_t i = 0; i < n; i++)
        scan_list_add(s, &s->fetched, names[i].name, names[i].len);
    snprintf(s->fetched.behind, sizeof s->fetched.behind, "0");
    s->open = false;
    s->wanted = true;
    go_on(s);
}

void redis_scan_restart(struct redis_scan *s)
{
    come_back(s);
    snprintf(s->cursor, sizeof s->cursor, "0");
    s->begun = false;
    s->open = false;
}

void redis_scan_advance(struct redis_scan *s)
{
    assert(s->open);
    scan_wait(s, &s->keys);
    memcpy(s->cursor, s->keys.behind, sizeof s->cursor);
    s->open = false;
    s->begun = true;
}

void redis_scan_pace(struct redis_scan *s, unsigned count, unsigned depth, bool ahead)
{
    s->count = count;
    s->depth = depth;
    s->ahead = ahead;
}

struct redis_scan_took redis_scan_took(const struct redis_scan *s)
{
    return (struct redis_scan_took){s->scan_took, s->look_took};
}

bool redis_scan_at_end(const struct redis_scan *s)
{
    return s->begun && is_end(s->cursor);
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
        .count = COUNT_FIRST,
        .depth = DEPTH_FIRST};
    return s;
}

void redis_scan_free(struct redis_scan *s)
{
    if (!s)
        return;
    redis_batch_leave(s->flight);
    redis_batch_leave(s->names);
    redis_batch_leave(s->batch);
    scan_keys_fini(&s->waiting);
    scan_keys_fini(&s->looked);
    scan_list_fini(&s->coming);
    scan_list_fini(&s->fetched);
    scan_list_fini(&s->flying);
    scan_list_fini(&s->keys);
    free(s->match);
    free(s);
}
