/* Judging the way to each provider, and our clock by theirs. */
#pragma once

#include "core/doctor/doctor_http.h"
#include "core/limits.h"

struct doctor_report;

enum { DOCTOR_PROVIDERS_MAX = 8 };

struct doctor_network {
    struct doctor_http providers[DOCTOR_PROVIDERS_MAX];
    unsigned n;
    usec_t slow; /* a connection that takes longer is late */
};

void doctor_judge_network(const struct doctor_network *f, struct doctor_report *r);
