/* A sweep in words, in JSON and as an event. */
#pragma once

#include "daemon/sweep/sweeper.h"

struct cJSON;

/* More findings of one kind than this are counted but not listed in an answer: what there is most
 * of must not hide the rest, and an answer is made in one turn of the loop. */
enum { SWEEP_REPORT_FINDINGS_MAX = 100 };

struct sweep_sentence {
    char text[1024];
};

/* "dry run: 3 of 12 keys would be removed (2 stale, 1 stuck-task) in 12ms" */
struct sweep_sentence sweep_report_sentence(const struct sweep_summary *summary);

/* What stood in the way, and what to do about it; "": nothing. */
struct sweep_sentence sweep_report_trouble(const struct sweep_summary *summary);

/* Every key was looked at, and nothing stood in the way of removing. */
bool sweep_report_went_well(const struct sweep_summary *summary);

/* Each returns owned JSON. */
struct cJSON *sweep_report_summary(const struct sweep_summary *summary);
struct cJSON *sweep_report_finding(const struct sweep_key *key);
struct cJSON *sweep_report_progress(const struct sweep_progress *progress);

/* "42%: 1200 keys seen, 50 findings, 31000 keys/s, 4s left, Redis answers in 210us" */
struct sweep_sentence sweep_report_progress_sentence(const struct sweep_progress *progress);

/* Every finding but the usual ones, "2 stale, 1 stuck-task". */
void sweep_report_counts(const struct sweep_summary *summary, struct strbuf *out);

/* Whom it was for: `operation` 0 and `reason` "" if nobody asked. */
struct sweep_asker {
    const char *author, *reason;
    uint64_t operation;
};

/* SWEEP_DONE, SWEEP_FAILED or SWEEP_ABORTED; nothing for a census or a dry run. */
void sweep_report_event(const struct sweep_summary *summary, const struct sweep_asker *asker);
