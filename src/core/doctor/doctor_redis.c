/* Judging Redis. */
#include "core/doctor/doctor_redis.h"

#include "core/doctor/doctor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PING_LATE (100 * USEC_PER_MSEC)
static const double stale_late = 25.0;
enum { VERSION_LEAST = 6 };

bool doctor_redis_serves(const struct doctor_redis *f)
{
    return f->step == DOCTOR_REDIS_STEP_DONE && !f->loading;
}

/* ---- INFO ---- */

static const char *field(const char *text, const char *name, size_t *out_len)
{
    size_t len = strlen(name);
    for (const char *line = text; line && *line;) {
        if (strncmp(line, name, len) == 0 && line[len] == ':') {
            *out_len = strcspn(line + len + 1, "\r\n");
            return line + len + 1;
        }
        line = strchr(line, '\n');
        line += line != NULL;
    }
    return NULL;
}

static void take_text(const char *text, const char *name, char *out, size_t size)
{
    size_t len = 0;
    const char *value = field(text, name, &len);
    if (value)
        snprintf(out, size, "%.*s", (int)len, value);
}

static uint64_t take_number(const char *text, const char *name)
{
    char value[32] = "";
    take_text(text, name, value, sizeof value);
    return strtoull(value, NULL, 10);
}

void doctor_redis_info(const char *text, struct doctor_redis *f)
{
    char link[16] = "";
    char percent[32] = "";
    f->has_info = true;
    take_text(text, "redis_version", f->version, sizeof f->version);
    take_text(text, "run_id", f->run, sizeof f->run);
    take_text(text, "role", f->role, sizeof f->role);
    take_text(text, "master_link_status", link, sizeof link);
    take_text(text, "rdb_last_bgsave_status", f->save_status, sizeof f->save_status);
    take_text(text, "aof_last_write_status", f->aof_status, sizeof f->aof_status);
    take_text(text, "maxmemory_policy", f->policy, sizeof f->policy);
    take_text(text, "expired_stale_perc", percent, sizeof percent);
    f->loading = take_number(text, "loading") != 0;
    f->master_link_down = strcmp(link, "down") == 0;
    f->used_memory = take_number(text, "used_memory");
    f->maxmemory = take_number(text, "maxmemory");
    f->clients = take_number(text, "connected_clients");
    f->maxclients = take_number(text, "maxclients");
    f->rejected = take_number(text, "rejected_connections");
    f->evicted = take_number(text, "evicted_keys");
    f->uptime = take_number(text, "uptime_in_seconds");
    f->stale_percent = strtod(percent, NULL);
}

struct doctor_count_now doctor_redis_count(
    const struct doctor_redis *f, enum doctor_counter counter)
{
    return (struct doctor_count_now){.origin = doctor_rise_origin(f->run),
        .value = counter == DOCTOR_COUNTER_EVICTED ? f->evicted : f->rejected,
        .age = usec_add(f->uptime * USEC_PER_SEC, USEC_PER_SEC)};
}

/* ---- judging ---- */

static void judge_way(const struct doctor_redis *f, struct doctor_report *r)
{
    char took[SPAN_TEXT_MAX];
    switch (f->step) {
    case DOCTOR_REDIS_STEP_DNS:
        doctor_add(r, DOCTOR_REDIS_DNS, "", "%s: host \"%s\": %s (after %s)", f->address, f->host,
            f->why, span_show(f->resolved, took));
        doctor_fix(r, "getent hosts %s", f->host);
        break;
    case DOCTOR_REDIS_STEP_CONNECT:
        doctor_add(r, f->timed_out ? DOCTOR_REDIS_SILENT : DOCTOR_REDIS_REFUSED, "",
            "%s: connecting failed after %s: %s", f->address, span_show(f->connected, took),
            f->why);
        break;
    case DOCTOR_REDIS_STEP_LOGIN:
        doctor_add(r, DOCTOR_REDIS_AUTH, "", "%s, user \"%s\": %s", f->address,
            f->user[0] ? f->user : "default", f->why);
        break;
    case DOCTOR_REDIS_STEP_PING:
        if (f->loading)
            doctor_add(r, DOCTOR_REDIS_LOADING, "", "%s: %s", f->address, f->why);
        else
            doctor_add(r, DOCTOR_REDIS_SILENT, "",
                "%s: connected after %s, but no answer to PING: %s", f->address,
                span_show(f->connected, took), f->why);
        break;
    case DOCTOR_REDIS_UNASKED:
    case DOCTOR_REDIS_STEP_DONE:
        break;
    }
}

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void judge_memory(const struct doctor_redis *f, struct doctor_report *r)
{
    char span[SPAN_TEXT_MAX];
    bool full = f->maxmemory > 0 && f->used_memory >= f->maxmemory / 10 * 9;
    /* What expires soonest has been idle longest: live sessions go last. */
    bool evicts = f->policy[0] && strcmp(f->policy, "noeviction") != 0 &&
                  strcmp(f->policy, "volatile-ttl") != 0;
    if (f->evictions.by > 0)
        doctor_add(r, DOCTOR_SESSIONS_EVICTED, "",
            "%s: %" PRIu64 " keys within %s; evicted_keys is %" PRIu64 ", maxmemory %" PRIu64
            ", used_memory %" PRIu64 ", maxmemory-policy %s",
            f->address, f->evictions.by, span_format(f->evictions.within, span), f->evicted,
            f->maxmemory, f->used_memory, f->policy);
    else if (f->evicted > 0 && !f->evictions.known)
        doctor_gap(r, DOCTOR_SESSIONS,
            "evicted_keys of Redis is %" PRIu64 "; nobody has watched whether it still rises",
            f->evicted);
    if (evicts && f->maxmemory > 0)
        doctor_add(r, DOCTOR_SESSIONS_POLICY, "",
            "%s: maxmemory-policy is %s, and maxmemory %" PRIu64 " (used: %" PRIu64 ")", f->address,
            f->policy, f->maxmemory, f->used_memory);
    if (full || starts(f->write_error, "OOM"))
        doctor_add(r, DOCTOR_REDIS_MEMORY, "",
            "%s: used_memory is %" PRIu64 " of maxmemory %" PRIu64 "%s%s", f->address,
            f->used_memory, f->maxmemory, f->write_error[0] ? "; " : "", f->write_error);
    if (f->stale_percent > stale_late)
        doctor_add(r, DOCTOR_SESSIONS_BACKLOG, "", "%s: %.1f%% of the keys with a TTL have expired",
            f->address, f->stale_percent);
}

static void judge_server(const struct doctor_redis *f, struct doctor_report *r)
{
    bool misconf = starts(f->write_error, "MISCONF");
    if (strcmp(f->role, "slave") == 0 || starts(f->write_error, "READONLY"))
        doctor_add(r, DOCTOR_REDIS_REPLICA, "", "%s: its role is \"%s\"%s", f->address, f->role,
            f->master_link_down ? ", and it has lost its master" : "");
    if (misconf || strcmp(f->aof_status, "err") == 0 || strcmp(f->save_status, "err") == 0)
        doctor_add(r, DOCTOR_REDIS_PERSISTENCE, "",
            "%s: rdb_last_bgsave_status is %s, aof_last_write_status %s%s%s", f->address,
            f->save_status, f->aof_status, misconf ? "; a write is answered " : "",
            misconf ? f->write_error : "");
    if (f->rejections.by > 0 || (f->maxclients > 0 && f->clients >= f->maxclients / 10 * 9))
        doctor_add(r, DOCTOR_REDIS_CLIENTS, "",
            "%s: %" PRIu64 " of %" PRIu64 " connections; %" PRIu64 " were refused of late",
            f->address, f->clients, f->maxclients, f->rejections.by);
    else if (f->rejected > 0 && !f->rejections.known)
        doctor_gap(r, DOCTOR_REDIS,
            "rejected_connections is %" PRIu64 "; nobody has watched whether it still rises",
            f->rejected);
    if (f->version[0] && strtoul(f->version, NULL, 10) < VERSION_LEAST)
        doctor_add(r, DOCTOR_REDIS_VERSION, "", "%s: version %s", f->address, f->version);
}

static int by_length(const void *a, const void *b)
{
    usec_t x = *(const usec_t *)a;
    usec_t y = *(const usec_t *)b;
    return (x > y) - (x < y);
}

static usec_t median(const usec_t pings[DOCTOR_PINGS])
{
    usec_t sorted[DOCTOR_PINGS];
    memcpy(sorted, pings, sizeof sorted);
    qsort(sorted, DOCTOR_PINGS, sizeof *sorted, by_length);
    return sorted[DOCTOR_PINGS / 2];
}

static void judge_what_answers(const struct doctor_redis *f, struct doctor_report *r)
{
    char took[SPAN_TEXT_MAX];
    usec_t ping = median(f->pings);
    if (ping > PING_LATE)
        doctor_add(r, DOCTOR_REDIS_SLOW, "", "%s: most of %d PINGs took %s or longer", f->address,
            DOCTOR_PINGS, span_show(ping, took));
    if (f->missing[0]) {
        doctor_add(r, DOCTOR_REDIS_RIGHTS, "", "%s, user \"%s\": missing %s", f->address,
            f->user[0] ? f->user : "default", f->missing);
        doctor_fix(r, "redis-cli ACL SETUSER %s %s", f->user[0] ? f->user : "default", f->missing);
    }
    if (!f->has_info) {
        doctor_gap(r, DOCTOR_REDIS, "memory, role and persistence: it does not answer INFO");
        return;
    }
    judge_server(f, r);
    judge_memory(f, r);
}

void doctor_judge_redis(const struct doctor_redis *f, struct doctor_report *r)
{
    if (f->step == DOCTOR_REDIS_UNASKED) {
        doctor_gap(r, DOCTOR_REDIS, "no Redis is configured ([Redis] Url=)");
        return;
    }
    judge_way(f, r);
    if (f->step == DOCTOR_REDIS_STEP_DONE)
        judge_what_answers(f, r);
    /* There may be other servers on this machine: what is typed has to reach this one. */
    if (f->cli[0])
        doctor_address(r, "redis-cli", f->cli);
}
