/* Judging Redis: by a connection of the doctor's own, step by step. */
#pragma once

#include "core/doctor/doctor_rise.h"

#include <stdbool.h>
#include <stdint.h>

struct doctor_report;

/* An odd number: one that was late by chance is no fault of Redis. */
enum { DOCTOR_PINGS = 5 };

/* The step that failed, or the last. */
enum doctor_redis_step {
    DOCTOR_REDIS_UNASKED, /* none is configured */
    DOCTOR_REDIS_STEP_DNS,
    DOCTOR_REDIS_STEP_CONNECT,
    DOCTOR_REDIS_STEP_LOGIN,
    DOCTOR_REDIS_STEP_PING,
    DOCTOR_REDIS_STEP_DONE,
};

struct doctor_redis {
    enum doctor_redis_step step;
    bool timed_out;
    char address[320];
    char host[256];
    char cli[320]; /* redis-cli, as it reaches this address */
    char user[128];
    char why[256];                         /* why the step failed */
    usec_t resolved, connected, logged_in; /* each step's own time */
    usec_t pings[DOCTOR_PINGS];            /* what each took */
    char missing[512]; /* rights that are needed and not there: "+dump +unlink ~cursor_task:*" */
    char write_error[128]; /* what a write would be answered, though nothing was written */
    bool has_info;         /* the rest is known */
    char version[32];
    char role[16];
    bool loading;
    bool master_link_down;
    char save_status[16]; /* of the latest RDB, AOF write: "ok", "err" */
    char aof_status[16];
    bool stops_writes; /* the server refuses writes then */
    uint64_t used_memory, maxmemory;
    char policy[32];
    uint64_t clients, maxclients, rejected;
    uint64_t evicted;
    struct doctor_risen evictions, rejections; /* of late */
    char run[48];                              /* names this run of the server */
    uint64_t uptime;                           /* seconds */
    double stale_percent; /* of keys with a TTL, that have expired and are there still */
};

void doctor_judge_redis(const struct doctor_redis *f, struct doctor_report *r);

/* Whether keys can be looked at. */
bool doctor_redis_serves(const struct doctor_redis *f);

/* Takes what INFO answered into `f`. */
void doctor_redis_info(const char *text, struct doctor_redis *f);

/* One of its counters, as doctor_rise.h takes it. */
struct doctor_count_now doctor_redis_count(
    const struct doctor_redis *f, enum doctor_counter counter);
