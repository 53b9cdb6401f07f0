/*
 * Post-mortems: the Markdown of an incident, with what is known filled in and prompts for the rest;
 * and whether somebody has answered the two that matter most. Pure.
 */
#pragma once

#include "base/strbuf.h"

#include <stddef.h>

struct cJSON;

enum { POSTMORTEM_FAULTS_MAX = 32, POSTMORTEM_FILE_MAX = 1 << 20 };

/* What somebody has to answer; a section that says only this was not written. */
#define POSTMORTEM_PROMPT_CAUSE                                                                    \
    "_Why could this happen, and why was it not noticed before? Name the mechanism, not a "        \
    "person._"
#define POSTMORTEM_PROMPT_WELL "_What helped? Keep it._"
#define POSTMORTEM_PROMPT_POORLY "_What was missing, slow or misleading?_"
#define POSTMORTEM_PROMPT_ACTION "_what will be done_"
#define POSTMORTEM_PROMPT_OWNER "_who_"
#define POSTMORTEM_PROMPT_DUE "_YYYY-MM-DD_"

/* Appends the post-mortem of an incident: what GET VK_API_INCIDENTS "/ID" answers. What it lacks is
 * left out. */
void postmortem_write(const struct cJSON *incident, struct strbuf *out);

struct postmortem_fault {
    unsigned line; /* from 1; of a section that is missing: the last one */
    char what[200];
};

struct postmortem_report {
    struct postmortem_fault faults[POSTMORTEM_FAULTS_MAX];
    unsigned n;
    unsigned more; /* that found no room */
};

/*
 * Checks the sections "Root cause" and "Action items": the cause must be there and explain
 * something; each item needs an owner and a date that exists (YYYY-MM-DD). Items are the rows of a
 * table with the columns Action, Owner and Due, or lines `- what (owner: NAME, due: DATE)`. Any
 * bytes are fine.
 */
void postmortem_check(const char *text, size_t len, struct postmortem_report *out);
