/* What came of one HTTP question, in words. */
#include "core/doctor/doctor_http.h"

#include <stdio.h>

static const char *const phase_names[] = {
#define X(symbol, name) [DOCTOR_PHASE_##symbol] = name,
    DOCTOR_PHASES(X)
#undef X
};

const char *doctor_phase_name(enum doctor_phase phase)
{
    return phase_names[phase];
}

const char *doctor_http_text(const struct doctor_http *h, char buf[DOCTOR_HTTP_TEXT_MAX])
{
    char took[SPAN_TEXT_MAX];
    span_show(h->took, took);
    switch (h->reply) {
    case DOCTOR_ANSWERED:
        snprintf(buf, DOCTOR_HTTP_TEXT_MAX, "%s: status %d after %s: %.120s", h->url, h->status,
            took, h->body);
        break;
    case DOCTOR_TIMED_OUT:
        snprintf(buf, DOCTOR_HTTP_TEXT_MAX, "%s: nothing within %s; it waited for: %s", h->url,
            took, doctor_phase_name(h->phase));
        break;
    case DOCTOR_REFUSED:
        snprintf(buf, DOCTOR_HTTP_TEXT_MAX, "%s: connection refused after %s", h->url, took);
        break;
    case DOCTOR_FAILED:
        snprintf(buf, DOCTOR_HTTP_TEXT_MAX, "%s: %s failed after %s: %s", h->url,
            doctor_phase_name(h->phase), took, h->what);
        break;
    }
    return buf;
}
