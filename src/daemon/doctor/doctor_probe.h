/* What the two files of the doctor's look at Redis share. */
#pragma once

#include "core/redis_url.h"
#include "daemon/doctor/doctor_parts.h"
#include "io/redis/redis_conn.h"
#include "io/redis/redis_handshake.h"
#include "io/resolve.h"

enum { DOCTOR_KEY_MAX = 320, DOCTOR_NEEDS_MAX = 16 + LIMIT_KEYSPACES };

/* What is asked behind MULTI: the needs, one key of each keyspace, and the lease. */
struct doctor_asked {
    struct doctor_probe *probe;
    unsigned index;
};

struct doctor_probe {
    struct doctor *doctor;
    struct doctor_redis *out;
    struct redis_url url;
    struct redis_login login;
    char *password_file;
    struct resolve *resolve;
    struct resolve_result found;
    int next_address;
    struct redis_conn *conn;
    struct timer *timer;
    usec_t step_began;
    unsigned pings;
    bool lease;
    char keys[LIMIT_KEYSPACES][DOCTOR_KEY_MAX]; /* one of each keyspace */
    unsigned n_keys;
    struct doctor_asked asked[DOCTOR_NEEDS_MAX];
    unsigned n_asked, answered;
    bool over;
};

/* All is said. Allowed in every callback. */
void doctor_probe_end(struct doctor_probe *p);

/* ---- doctor_rights.c ---- */

/* Of what keys the rights are asked. */
void doctor_rights_begin(struct doctor_probe *p, const struct config *c);

/* The answer to MULTI: asks for the rights, and ends it all with the last answer. */
void doctor_rights_on_multi(const struct redis_value *reply, void *arg);

/* Notes one that is missing, as ACL SETUSER takes it. */
void doctor_rights_missing(struct doctor_probe *p, const char *right);
