/* What the files of the doctor share. */
#pragma once

#include "core/doctor/doctor_agent.h"
#include "core/doctor/doctor_host.h"
#include "core/doctor/doctor_keys.h"
#include "core/doctor/doctor_network.h"
#include "core/doctor/doctor_redis.h"
#include "core/doctor/doctor_webhook.h"
#include "daemon/doctor/doctor.h"
#include "io/http/http_client.h"
#include "io/loop/loop.h"

enum { DOCTOR_ASKS_MAX = 3 * LIMIT_WORKERS + DOCTOR_PROVIDERS_MAX + 8 };

/* One HTTP question under way. */
struct doctor_ask {
    struct doctor *doctor;
    struct http_request *request; /* NULL: it is over */
    struct doctor_http *out;
};

struct doctor {
    struct doctor_spec spec;
    struct timer *timer;
    struct strlist ignore; /* copied */
    unsigned waiting;      /* for so many parts */
    bool begun;            /* all were started */
    usec_t began_at;
    struct doctor_ask asks[DOCTOR_ASKS_MAX];
    unsigned n_asks;
    struct doctor_probe *probe;   /* of Redis; NULL: it is over */
    struct doctor_walk *walk;     /* over its keys */
    struct doctor_survey *survey; /* of processes and machine */
    struct doctor_http control;   /* what voxkeeperd says of itself, asked by who is none */
    struct doctor_agent agent;
    struct doctor_webhook webhook;
    struct doctor_redis redis;
    struct doctor_keys keys;
    struct doctor_network network;
    struct doctor_host host;
    struct doctor_report report;
};

/* One part is over; the last one ends it all, in a later turn of the loop. */
void doctor_part_done(struct doctor *d);

/* ---- doctor_ask.c ---- */

struct doctor_question {
    const char *url;
    bool post; /* POST {} */
    const char *ca_file;
    const char *unix_socket; /* NULL: by the network */
    bool want_expiry;
    usec_t timeout;
};
void doctor_ask(struct doctor *d, const struct doctor_question *q, struct doctor_http *out);
void doctor_asks_free(struct doctor *d);

/* The questions to the agent and to those around it. */
void doctor_ask_all(struct doctor *d);

/* ---- doctor_crew.c: what the daemon knows of its workers ---- */
void doctor_crew(struct doctor *d);

/* ---- doctor_probe.c: Redis, step by step ---- */
struct doctor_probe *doctor_probe_new(struct doctor *d);
void doctor_probe_free(struct doctor_probe *p);

/* ---- doctor_walk.c: sessions and tasks ---- */
struct doctor_walk *doctor_walk_new(struct doctor *d);
/* Ends it: what was seen so far counts. NULL is fine. */
void doctor_walk_free(struct doctor_walk *w);

/* ---- doctor_survey.c: /proc, disks, the service manager; on a thread ---- */
struct doctor_survey *doctor_survey_new(struct doctor *d);
/* The thread may go on for a while; nobody waits for it. NULL is fine. */
void doctor_survey_leave(struct doctor_survey *s);
