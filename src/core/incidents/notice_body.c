/* The bodies for Alertmanager and PagerDuty. */
#include "core/incidents/notice_body.h"

#include "base/text.h"
#include "base/timestamp.h"
#include "core/incidents/notice_json.h"
#include "core/incidents/notice_text.h"

#include <string.h>
#include <strings.h>

/* Bytes that PagerDuty takes of a summary; of details we send no more than a person reads. */
enum { PAGERDUTY_SUMMARY_MAX = 1024, DETAILS_MAX = 8192, LABEL_MAX = 256 };

static void member(struct strbuf *out, const char *name, const char *text, size_t max)
{
    char last = out->len > 0 ? out->data[out->len - 1] : '{';
    strbuf_addf(out, "%s\"%s\":", last == '{' ? "" : ",", name);
    text_json(out, text, notice_text_fit(text, strlen(text), max));
}

/* Whoever routes by `severity` knows these two words; P1 to P3 are told apart by `priority`. */
static const char *urgency(enum severity s)
{
    return s == SEVERITY_P3 ? "ticket" : "page";
}

static void add_alert(const struct notice *n, const struct notice_sender *sender, usec_t ends_wall,
    struct strbuf *out)
{
    char at[TIMESTAMP_TEXT_MAX];
    bool resolved = n->kind == NOTICE_RESOLVED || n->kind == NOTICE_ENDED;
    usec_t end = resolved ? n->wall : ends_wall;
    usec_t least = usec_add(n->opened_wall, USEC_PER_MSEC);
    strbuf_adds(out, "{\"labels\":{");
    member(out, "alertname", notice_condition(n), LABEL_MAX);
    member(out, "severity", urgency(n->severity), LABEL_MAX);
    member(out, "priority", severity_name(n->severity), LABEL_MAX);
    member(out, "service", "voxkeeper", LABEL_MAX);
    member(out, "agent", n->agent, LABEL_MAX);
    member(out, "instance", sender->host, LABEL_MAX);
    member(out, "incident", n->incident, LABEL_MAX);
    if (n->subject[0])
        member(out, "subject", n->subject, LABEL_MAX);
    strbuf_adds(out, "},\"annotations\":{");
    member(out, "summary", n->summary, PAGERDUTY_SUMMARY_MAX);
    member(out, "description", n->details, DETAILS_MAX);
    member(out, "runbook_url", n->runbook_url, PAGERDUTY_SUMMARY_MAX);
    strbuf_adds(out, "}");
    member(out, "startsAt", timestamp_format(n->opened_wall, at), sizeof at);
    member(out, "endsAt", timestamp_format(end > least ? end : least, at), sizeof at);
    strbuf_addc(out, '}');
}

void notice_body_alertmanager(const struct notice *const *notices, size_t n,
    const struct notice_sender *sender, usec_t ends_wall, struct strbuf *out)
{
    strbuf_addc(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            strbuf_addc(out, ',');
        add_alert(notices[i], sender, ends_wall, out);
    }
    strbuf_addc(out, ']');
}

static const char *pagerduty_action(enum notice_kind kind)
{
    switch (kind) {
    case NOTICE_OPENED:
    case NOTICE_UPDATED:
    case NOTICE_TEST:
        return "trigger";
    case NOTICE_BEGUN:
    case NOTICE_ENDED:
        break; /* changes, which nobody is paged for */
    case NOTICE_ACKNOWLEDGED:
        return "acknowledge";
    case NOTICE_RESOLVED:
        return "resolve";
    }
    return "";
}

static const char *pagerduty_severity(const struct notice *n)
{
    if (n->kind == NOTICE_TEST)
        return "info";
    switch (n->severity) {
    case SEVERITY_P1:
        return "critical";
    case SEVERITY_P2:
        return "error";
    case SEVERITY_P3:
    case SEVERITY_COUNT:
        break;
    }
    return "warning";
}

static void add_payload(
    const struct notice *n, const struct notice_sender *sender, struct strbuf *out)
{
    char at[TIMESTAMP_TEXT_MAX];
    strbuf_adds(out, ",\"payload\":{");
    member(out, "summary", n->summary, PAGERDUTY_SUMMARY_MAX);
    member(out, "source", sender->host, LABEL_MAX);
    member(out, "severity", pagerduty_severity(n), LABEL_MAX);
    member(out, "timestamp", timestamp_format(n->opened_wall, at), sizeof at);
    member(out, "component", n->agent, LABEL_MAX);
    member(out, "group", "voxkeeper", LABEL_MAX);
    member(out, "class", notice_condition(n), LABEL_MAX);
    strbuf_adds(out, ",\"custom_details\":{");
    member(out, "priority", severity_name(n->severity), LABEL_MAX);
    member(out, "incident", n->incident, LABEL_MAX);
    member(out, "subject", n->subject, LABEL_MAX);
    member(out, "details", n->details, DETAILS_MAX);
    member(out, "runbook", n->runbook_url, PAGERDUTY_SUMMARY_MAX);
    strbuf_adds(out, "}}");
}

static void add_link(const struct notice *n, struct strbuf *out)
{
    if (strncasecmp(n->runbook_url, "http", 4) != 0)
        return;
    strbuf_adds(out, ",\"links\":[{");
    member(out, "href", n->runbook_url, PAGERDUTY_SUMMARY_MAX);
    member(out, "text", "Runbook", LABEL_MAX);
    strbuf_adds(out, "}]");
}

/* A change event: it stands beside the incidents of its time. */
static void write_change(
    const struct notice *n, const struct notice_sender *sender, struct strbuf *out)
{
    char at[TIMESTAMP_TEXT_MAX];
    strbuf_addc(out, '{');
    member(out, "routing_key", sender->routing_key ? sender->routing_key : "", LABEL_MAX);
    strbuf_adds(out, ",\"payload\":{");
    member(out, "summary", n->summary, PAGERDUTY_SUMMARY_MAX);
    member(out, "source", sender->host, LABEL_MAX);
    member(out, "timestamp", timestamp_format(n->wall, at), sizeof at);
    strbuf_adds(out, ",\"custom_details\":{");
    member(out, "kind", notice_kind_name(n->kind), LABEL_MAX);
    member(out, "agent", n->agent, LABEL_MAX);
    member(out, "version", n->subject, LABEL_MAX);
    member(out, "deployment", n->incident, LABEL_MAX);
    member(out, "details", n->details, DETAILS_MAX);
    strbuf_adds(out, "}}");
    add_link(n, out);
    strbuf_addc(out, '}');
}

void notice_url_pagerduty(const struct notice *n, const char *url, struct strbuf *out)
{
    static const char events[] = "/enqueue";
    size_t len = strlen(url);
    size_t last = sizeof events - 1;
    bool change = n->kind == NOTICE_BEGUN || n->kind == NOTICE_ENDED;
    if (!change || len < last || strcmp(url + len - last, events) != 0) {
        strbuf_adds(out, url);
        return;
    }
    strbuf_add(out, url, len - last);
    strbuf_addf(out, "/change%s", events);
}

void notice_body_pagerduty(
    const struct notice *n, const struct notice_sender *sender, struct strbuf *out)
{
    struct strbuf key = STRBUF_INIT;
    if (!pagerduty_action(n->kind)[0]) {
        write_change(n, sender, out);
        return;
    }
    notice_dedup_key(n, sender->host, &key);
    strbuf_addc(out, '{');
    member(out, "routing_key", sender->routing_key ? sender->routing_key : "", LABEL_MAX);
    member(out, "event_action", pagerduty_action(n->kind), LABEL_MAX);
    member(out, "dedup_key", strbuf_text(&key), LABEL_MAX);
    if (strcmp(pagerduty_action(n->kind), "trigger") == 0) {
        member(out, "client", "voxkeeper", LABEL_MAX);
        add_link(n, out);
        add_payload(n, sender, out);
    }
    strbuf_addc(out, '}');
    out->failed = out->failed || key.failed;
    strbuf_fini(&key);
}
