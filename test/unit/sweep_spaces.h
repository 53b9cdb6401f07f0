/* Keyspaces like the agent's, and what Redis tells about one key. */
#pragma once

#include "base/timestamp.h"
#include "cmocka_all.h"
#include "core/config/config.h"
#include "core/sweep/sweep.h"

#include <string.h>

#define MIN USEC_PER_MIN
#define HOUR USEC_PER_HOUR
#define DAY USEC_PER_DAY

static const usec_t now_wall = UINT64_C(1748779200) * USEC_PER_SEC; /* 2025-06-01T12:00:00Z */
static const usec_t active_window = 15 * MIN;

#define TEXT(s) ((char[]){s})

static char *session_fields[] = {TEXT("lastAccessedAt"), TEXT("createdAt"), NULL};
static char *task_fields[] = {TEXT("completedAt"), TEXT("createdAt"), NULL};

static const struct config_keyspace session_space = {.name = TEXT("sessions"),
    .pattern = TEXT("elevenlabs:session:*"),
    .kind = CONFIG_KEYSPACE_SESSION,
    .expect_ttl = HOUR,
    .max_age = 24 * HOUR,
    .max_value = 256 * 1024,
    .age_fields = {session_fields, 2}};
static const struct config_keyspace task_space = {.name = TEXT("tasks"),
    .pattern = TEXT("cursor_task:*"),
    .kind = CONFIG_KEYSPACE_TASK,
    .expect_ttl = 24 * HOUR,
    .max_age = 12 * HOUR,
    .max_value = 256 * 1024,
    .age_fields = {task_fields, 2}};
static const struct config_keyspace other_space = {.name = TEXT("others"),
    .pattern = TEXT("other:*"),
    .kind = CONFIG_KEYSPACE_OTHER,
    .expect_ttl = USEC_INFINITY,
    .max_age = 24 * HOUR,
    .max_value = 256 * 1024,
    .age_fields = {session_fields, 2}};

enum { NO_TTL = 0 };

static inline struct sweep_facts facts_of(usec_t ttl, const char *value)
{
    return (struct sweep_facts){.name = "k",
        .name_len = 1,
        .is_string = true,
        .ttl_known = true,
        .has_ttl = ttl != NO_TTL,
        .ttl = ttl,
        .idle_known = true,
        .idle = 30 * HOUR,
        .value = value,
        .value_len = value ? strlen(value) : 0,
        .now_wall = now_wall};
}

struct row {
    const struct config_keyspace *space;
    usec_t ttl;
    const char *value;
    enum sweep_finding finding;
    bool removable;
    bool live;
    bool pending;
    const char *reason;
};

static inline void check(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct row *row = &rows[i];
        struct sweep_facts f = facts_of(row->ttl, row->value);
        struct sweep_judgement j = sweep_judge(row->space, active_window, &f);
        if (j.finding != row->finding || j.removable != row->removable || j.live != row->live ||
            j.pending != row->pending || (row->reason && !strstr(j.reason, row->reason)))
            fail_msg("row %zu: %s, \"%s\", removable %d live %d pending %d", i,
                sweep_finding_name(j.finding), j.reason, j.removable, j.live, j.pending);
    }
}

#define CHECK(rows) check(rows, sizeof rows / sizeof *rows)

#define AT(field, time) "{\"" field "\":\"2025-" time "Z\"}"
#define TASK(pending, time) "{\"pending\":" pending ",\"createdAt\":\"2025-" time "Z\"}"

#define OVER(time, expiry)                                                                         \
    "{\"createdAt\":\"2025-" time "Z\",\"metadata\":{\"expiresAt\":\"2025-" expiry "Z\"}}"
