/* What came of one HTTP question, in words. */
#include "core/doctor/doctor_http.h"

#include "core/doctor/doctor.h"

#include <stdio.h>
#include <string.h>

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

const char *doctor_http_host(const char *url, char *buf, size_t size)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    snprintf(buf, size, "%.*s", (int)strcspn(host, "/?#"), host);
    return buf;
}

/* Whether a port is named: "h:8", "[::1]:8", but not "[::1]". */
static bool has_port(const char *host)
{
    const char *end = strrchr(host, ']');
    return strchr(end ? end : host, ':') != NULL;
}

void doctor_fix_secure(struct doctor_report *r, const struct doctor_http *h, const char *then)
{
    char host[DOCTOR_URL_MAX];
    doctor_http_host(h->url, host, sizeof host);
    doctor_fix(
        r, "openssl s_client -connect %s%s </dev/null%s", host, has_port(host) ? "" : ":443", then);
}
