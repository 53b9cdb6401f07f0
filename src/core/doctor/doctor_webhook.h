/* Judging the ways in and back: webhooks, the public address, callbacks, cursor-runner. */
#pragma once

#include "core/doctor/doctor_http.h"

struct doctor_report;

struct doctor_webhook {
    struct doctor_http tools, callback;   /* POST {} on the public listener */
    unsigned secrets_refused;             /* webhooks that were, lately */
    char secret_line[200];                /* what the agent said of the latest */
    struct doctor_http public_tools;      /* the same by PublicUrl= */
    struct doctor_http own_config;        /* GET /config on a worker, */
    struct doctor_http back, back_config; /* POST {} and GET /config by ELEVENLABS_AGENT_URL */
    struct doctor_http runner;            /* GET /health of CURSOR_RUNNER_URL */
    bool agent_disabled;                  /* then 503 says nothing more */
};

void doctor_judge_webhook(const struct doctor_webhook *f, struct doctor_report *r);
