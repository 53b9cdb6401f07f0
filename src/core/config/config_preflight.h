/* [Preflight]: what the checklist before a deployment is to find. */
#pragma once

#include "base/span.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stdint.h>

struct config_preflight {
    bool required;               /* [Rollout] RequirePreflight= */
    usec_t timeout;              /* of the whole */
    struct strlist skip;         /* `ITEM: reason` */
    struct strlist test_command; /* argv; empty: none */
    usec_t test_timeout;
    unsigned min_workers, max_workers;
    unsigned scale_down_at, scale_up_at; /* percent of sessions_per_worker */
    unsigned sessions_per_worker;        /* 0: not known, as is the next */
    uint64_t worker_memory;              /* bytes */
    unsigned descriptors_per_session;
    struct strlist expected_peak;
    struct strlist dashboard_urls;
    char *prometheus_url, *alertmanager_url; /* NULL: none */
    struct strlist rules;                    /* names of alerts */
    usec_t alert_timeout, notify_timeout;
    struct strlist rollback_dry_run; /* NAME=value, then arguments; empty: it has none */
    char *previous_release;          /* path; NULL: none */
    char *responsible;               /* NULL: nobody */
    usec_t duration;                 /* of a deployment; 0: not known */
};
