/*
 * A run of the checklist before a deployment: every check at the same time, each with a deadline of
 * its own. What is asked for of the checklist is core/preflight.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "core/config/config.h"
#include "core/preflight/preflight.h"

struct cJSON;
struct daemon;
struct preflight_monitor;
struct preflight_run;

/* What the team is told beside what is configured; texts are NULL, or a time 0, if it is not said.
 */
struct preflight_team {
    const char *release, *responsible;
    usec_t due_wall; /* estimated completion */
};

struct preflight_spec {
    struct daemon *daemon;
    const struct config *config; /* borrowed until the end; maybe not yet in force */
    uint64_t op;                 /* is told how far it is, and the team, when it has ended */
    struct preflight_team team;  /* borrowed for the call */
    /* Every check is over. From the loop; the run is to be freed then or later. */
    void (*on_done)(struct preflight_run *run, void *arg);
    void *arg;
};

/* Returns owned, or NULL with *e set. */
struct preflight_run *preflight_run_new(const struct preflight_spec *spec, struct err *e);

/* No callback comes after this; commands are killed. NULL is fine. */
void preflight_run_free(struct preflight_run *run);

/* A notice was tried to be delivered. */
struct notice;
struct notifier_answer;
void preflight_run_attempt(struct preflight_run *run, const char *name, const struct notice *notice,
    const struct notifier_answer *answer);

/* Borrowed. */
const struct preflight *preflight_run_list(const struct preflight_run *run);

/*
 * {"verdict", "began_at", "took_usec", "items": [{"item", "title", "verdict", "took_usec",
 * "checks": [{"check", "subject" (of one for each section), "verdict", "took_usec", "evidence":
 * [line..]}]}]}. Returns owned JSON.
 */
struct cJSON *preflight_run_json(const struct preflight_run *run);

/* NULL is fine: of none. */
struct preflight_monitor *preflight_run_monitor(const struct preflight_run *run);

/* The same as JUnit's XML. */
void preflight_run_junit(const struct preflight_run *run, struct strbuf *out);
