/* A sweep in words, in JSON and as an event. */
#pragma once

#include "daemon/sweeper.h"

struct cJSON;

/* More findings than this are counted but not listed in an answer. */
enum { SWEEP_REPORT_FINDINGS_MAX = 10000 };

struct sweep_sentence {
    char text[320];
};

/* "dry run: 3 of 12 keys would be removed (2 stale, 1 stuck-task) in 12ms" */
struct sweep_sentence sweep_report_sentence(const struct sweep_summary *summary);

/* Every key was looked at, and nothing stood in the way of removing. */
bool sweep_report_went_well(const struct sweep_summary *summary);

/* Each returns owned JSON. */
struct cJSON *sweep_report_summary(const struct sweep_summary *summary);
struct cJSON *sweep_report_finding(const struct sweep_key *key);

/* SWEEP_DONE, SWEEP_FAILED or SWEEP_ABORTED; nothing for a census or a dry run. */
void sweep_report_event(const struct sweep_summary *summary);
