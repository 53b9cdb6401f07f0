/* Judging the way to each provider. */
#include "core/doctor/doctor_network.h"

#include "base/timestamp.h"
#include "core/doctor/doctor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SKEW_SECONDS = 30 };

static void judge_one(const struct doctor_http *h, usec_t slow, struct doctor_report *r)
{
    static const enum doctor_check checks[] = {
        [DOCTOR_PHASE_DNS] = DOCTOR_NETWORK_DNS,
        [DOCTOR_PHASE_ROUTE] = DOCTOR_NETWORK_ROUTE,
        [DOCTOR_PHASE_TCP] = DOCTOR_NETWORK_TCP,
        [DOCTOR_PHASE_TLS] = DOCTOR_NETWORK_TLS,
        [DOCTOR_PHASE_ANSWER] = DOCTOR_NETWORK_ANSWER,
    };
    char text[DOCTOR_HTTP_TEXT_MAX];
    char host[96];
    char spans[3][SPAN_TEXT_MAX];
    doctor_http_host(h->url, host, sizeof host);
    if (h->reply == DOCTOR_ANSWERED) {
        usec_t took = h->secured ? h->secured : h->connected;
        if (slow > 0 && took > slow)
            doctor_add(r, DOCTOR_NETWORK_SLOW, host,
                "%s: name after %s, connected after %s, secured after %s", h->url,
                span_show(h->resolved, spans[0]), span_show(h->connected, spans[1]),
                span_show(h->secured, spans[2]));
        if (slow > 0 && took > slow)
            doctor_fix(r,
                "curl -sS -o /dev/null -w 'name %%{time_namelookup} s, connected "
                "%%{time_connect} s, secured %%{time_appconnect} s ' '%s'",
                h->url);
        return;
    }
    doctor_add(r, checks[h->phase], host, "%s", doctor_http_text(h, text));
    if (h->phase == DOCTOR_PHASE_DNS)
        doctor_fix(r, "getent hosts %.*s; cat /etc/resolv.conf", (int)strcspn(host, ":"), host);
    else if (h->phase == DOCTOR_PHASE_TLS)
        doctor_fix_secure(r, h, "");
    else if (h->phase != DOCTOR_PHASE_ROUTE)
        doctor_fix(r, "curl -v '%s'", h->url);
}

/* Seconds that our clock is ahead. */
static int64_t skew_of(const struct doctor_http *h)
{
    return (int64_t)(h->wall / USEC_PER_SEC) - h->date;
}

static bool is_skewed(int64_t skew)
{
    return skew > SKEW_SECONDS || skew < -SKEW_SECONDS;
}

/* Its certificate begins in our future. (One that has ended may be an authority's, or its own.) */
static bool is_of_tomorrow(const struct doctor_http *h)
{
    return h->asked && h->reply != DOCTOR_ANSWERED && h->certificate &&
           strstr(h->what, "not yet valid");
}

/* A clock that is far behind gets no answer that tells the time. Returns whether it is. */
static bool judge_certificates(const struct doctor_network *f, struct doctor_report *r)
{
    const struct doctor_http *first = NULL;
    unsigned n = 0;
    char now[TIMESTAMP_TEXT_MAX];
    for (unsigned i = 0; i < f->n; i++) {
        if (!is_of_tomorrow(&f->providers[i]))
            continue;
        first = first ? first : &f->providers[i];
        n++;
    }
    if (n < 2)
        return false;
    doctor_add(r, DOCTOR_CLOCK_SKEW, "",
        "by our clock it is %s, when the certificates of %u providers are not yet valid, such as "
        "that of %s",
        timestamp_format(first->wall, now), n, first->url);
    return true;
}

/* One provider may be wrong itself: two have to agree, where two tell. */
static void judge_clock(const struct doctor_network *f, struct doctor_report *r)
{
    const struct doctor_http *skewed = NULL;
    unsigned n_skewed = 0;
    unsigned n = 0;
    for (unsigned i = 0; i < f->n; i++) {
        const struct doctor_http *h = &f->providers[i];
        if (!h->asked || h->reply != DOCTOR_ANSWERED || h->date == 0)
            continue;
        n++;
        if (!is_skewed(skew_of(h)))
            continue;
        skewed = h;
        n_skewed++;
    }
    if (n < 2 && judge_certificates(f, r))
        return;
    if (n < 2)
        doctor_gap(r, DOCTOR_AGENT, "clock skew: %s",
            n == 0 ? "no provider told its time" : "only one provider told its time");
    else if (n_skewed >= 2)
        doctor_add(r, DOCTOR_CLOCK_SKEW, "",
            "our clock is %+" PRId64 " s off that of %s, and %u of %u providers agree",
            skew_of(skewed), skewed->url, n_skewed, n);
}

void doctor_judge_network(const struct doctor_network *f, struct doctor_report *r)
{
    if (f->n == 0) {
        doctor_gap(r, DOCTOR_NETWORK, "no provider is named ([Doctor] Provider=)");
        return;
    }
    for (unsigned i = 0; i < f->n; i++) {
        if (f->providers[i].asked)
            judge_one(&f->providers[i], f->slow, r);
    }
    judge_clock(f, r);
}
