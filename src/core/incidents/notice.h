/*
 * What is told to people elsewhere: about an incident, one notice for each turn that it takes;
 * about a deployment, that it began and how it ended.
 */
#pragma once

#include "base/span.h"
#include "core/incidents/condition.h"

#define NOTICE_KINDS(X)                                                                            \
    X(OPENED, "opened")                                                                            \
    X(UPDATED, "updated")                                                                          \
    X(ACKNOWLEDGED, "acknowledged")                                                                \
    X(RESOLVED, "resolved")                                                                        \
    X(BEGUN, "begun") /* of a deployment, as is the next */                                        \
    X(ENDED, "ended")                                                                              \
    X(TEST, "test") /* of a notifier; there is no incident */

#define X(symbol, name) NOTICE_##symbol,
enum notice_kind { NOTICE_KINDS(X) };
#undef X

/* Every text is borrowed for the call, and never NULL. */
struct notice {
    enum notice_kind kind;
    const char *incident;     /* its id, "20261122-193000-crash-loop"; the end of the dedup key */
    enum condition condition; /* only of an incident, see notice_of_incident() */
    enum severity severity;
    const char *agent;   /* [Agent] Name= */
    const char *subject; /* what it is about, e.g. a worker or a provider; "": nothing special */
    const char *summary; /* one line */
    const char *details; /* some lines; "": none */
    const char *runbook_url; /* of the condition's section */
    usec_t opened_wall;      /* microseconds since the epoch */
    usec_t wall;             /* of what this notice tells */
};
