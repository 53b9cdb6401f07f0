/* What came of one HTTP question, as the doctor's judges see it. */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far it came: the last phase is the one that failed. */
#define DOCTOR_PHASES(X)                                                                           \
    X(DNS, "name resolution")                                                                      \
    X(ROUTE, "routing")                                                                            \
    X(TCP, "TCP connection")                                                                       \
    X(TLS, "TLS")                                                                                  \
    X(ANSWER, "answer")

#define X(symbol, name) DOCTOR_PHASE_##symbol,
enum doctor_phase { DOCTOR_PHASES(X) };
#undef X

enum doctor_reply { DOCTOR_ANSWERED, DOCTOR_TIMED_OUT, DOCTOR_REFUSED, DOCTOR_FAILED };

enum { DOCTOR_BODY_MAX = 4096, DOCTOR_URL_MAX = 256 };

struct doctor_report;

struct doctor_http {
    bool asked;
    char url[DOCTOR_URL_MAX]; /* without user and password */
    enum doctor_reply reply;
    enum doctor_phase phase; /* not ANSWERED: that failed */
    bool certificate;        /* TLS failed for the certificate */
    int status;
    char body[DOCTOR_BODY_MAX];
    char what[200];                      /* not ANSWERED: one line */
    usec_t took;                         /* all of it */
    usec_t resolved, connected, secured; /* since the start; 0: it did not come so far */
    int64_t date;    /* of the answer's Date:, seconds since the epoch; 0: none */
    usec_t wall;     /* when the answer came */
    int64_t expires; /* of the certificate, seconds since the epoch; 0: not known */
};

const char *doctor_phase_name(enum doctor_phase phase);

/* " http://..: timed out after 3s (TCP connection)" into `buf`, returned. */
enum { DOCTOR_HTTP_TEXT_MAX = 600 };
const char *doctor_http_text(const struct doctor_http *h, char buf[DOCTOR_HTTP_TEXT_MAX]);

/* "api.example.com:8443" of "https://api.example.com:8443/v1". Into `buf`, returned. */
const char *doctor_http_host(const char *url, char *buf, size_t size);

/* The command that shows the certificate there, for the latest finding; `then` stands behind it. */
void doctor_fix_secure(struct doctor_report *r, const struct doctor_http *h, const char *then);
