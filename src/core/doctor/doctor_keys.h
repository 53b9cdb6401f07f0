/* Judging sessions and tasks: counted while keys are walked over, judged at the end. */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct doctor_report;

enum { DOCTOR_EXAMPLE_MAX = 128 };

struct doctor_count {
    uint64_t n;
    char example[DOCTOR_EXAMPLE_MAX]; /* name of the first, as people read it */
    char reason[160];
};

struct doctor_keys {
    bool walked;                                      /* some were looked at */
    bool complete;                                    /* all were */
    char why[160];                                    /* why not */
    uint64_t keys;                                    /* that were looked at */
    struct doctor_count no_ttl, odd_ttl, outlived;    /* sessions */
    struct doctor_count old, orphans;                 /* tasks that wait */
    uint64_t pending_hour, pending_day, pending_more; /* that wait for up to that long */
    usec_t oldest;
};

/* Notes one more. */
void doctor_count_add(
    struct doctor_count *c, const char *name, unsigned name_len, const char *reason);

void doctor_judge_keys(const struct doctor_keys *f, struct doctor_report *r);
