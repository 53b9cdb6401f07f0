/* Judging the workers: their processes, their listeners, and what they answer. */
#pragma once

#include "core/doctor/doctor_http.h"
#include "core/limits.h"

#include <stdbool.h>
#include <stdint.h>

struct doctor_report;

enum { DOCTOR_PORTS_MAX = 16, DOCTOR_CAUSES_MAX = 8, DOCTOR_CAUSE_MAX = 32 };

struct doctor_worker {
    char name[24];  /* "worker 1" */
    int pid;        /* 0: no process */
    bool loops;     /* it ends again and again */
    bool verified;  /* it once passed its probes */
    bool young;     /* it was started a moment ago: nothing is asked of it yet */
    bool leaving;   /* it was told to end: nothing is asked of it any more */
    char last[160]; /* how the life before ended; "": not known */
    bool ports_known;
    uint16_t expected;                /* port where it should listen; 0: nowhere, or not its own */
    uint16_t ports[DOCTOR_PORTS_MAX]; /* where it does */
    unsigned n_ports;
    uint64_t fds, max_fds;       /* 0: not known */
    uint64_t rss_first, rss_now; /* least in the first, and the last, third of the time watched */
    usec_t watched;
    struct doctor_http health, config, config_health;
};

struct doctor_cause {
    char name[DOCTOR_CAUSE_MAX];
    unsigned n;
};

struct doctor_agent {
    bool supervised; /* false: voxkeeperd does not run, and nothing is known of workers */
    bool drained;
    bool starting; /* all workers that there are are young */
    unsigned wanted;
    struct doctor_worker workers[LIMIT_WORKERS];
    unsigned n_workers;
    struct doctor_cause exits[DOCTOR_CAUSES_MAX]; /* within the last hour, but those asked for */
    unsigned n_exits;
    bool redis_serves; /* as we see it */
    usec_t slow;       /* an answer that takes longer is late */
};

void doctor_judge_agent(const struct doctor_agent *f, struct doctor_report *r);

/* The text of a member of a JSON body ("config.hasApiKey"), or its number, or true and false;
 * false if it is not there. */
bool doctor_member(const char *body, const char *path, char *out, unsigned size);
