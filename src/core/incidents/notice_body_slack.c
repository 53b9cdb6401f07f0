/* The body for a Slack incoming webhook. */
#include "core/incidents/notice_body.h"

#include "base/text.h"
#include "base/timestamp.h"
#include "core/incidents/notice_json.h"
#include "core/incidents/notice_text.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Slack's own limits, in characters; we count bytes, which are never fewer. */
enum { HEADER_MAX = 150, SECTION_MAX = 3000, WORD_MAX = 200, CHARACTER_MAX = 4 };

static const char *mark(const struct notice *n)
{
    switch (n->kind) {
    case NOTICE_OPENED:
    case NOTICE_UPDATED:
        return n->severity == SEVERITY_P3 ? ":large_yellow_circle:" : ":red_circle:";
    case NOTICE_ACKNOWLEDGED:
        return ":eyes:";
    case NOTICE_RESOLVED:
        return ":white_check_mark:";
    case NOTICE_BEGUN:
        return ":rocket:";
    case NOTICE_ENDED:
        return ":checkered_flag:";
    case NOTICE_TEST:
        break;
    }
    return ":wrench:";
}

/* "P2 opened: a worker crashes again and again". What is no incident has no urgency. */
static void add_line(const struct notice *n, size_t max, bool escaped, struct strbuf *out)
{
    size_t begin = out->len;
    if (!notice_of_incident(n->kind))
        strbuf_addf(out, "%s: ", notice_kind_name(n->kind));
    else
        strbuf_addf(out, "%s %s: ", severity_name(n->severity), notice_kind_name(n->kind));
    size_t left = max - (out->len - begin);
    if (escaped)
        notice_text_slack(out, n->summary, left);
    else
        strbuf_add(out, n->summary, notice_text_fit(n->summary, strlen(n->summary), left));
}

/* What the header says is said again only where it was cut, or where there is nothing else. */
static void add_section(const struct notice *n, bool header_is_whole, struct strbuf *out)
{
    bool subject_is_said = !n->subject[0] || strstr(n->summary, n->subject);
    if (!header_is_whole || !n->details[0])
        add_line(n, SECTION_MAX / 2, true, out);
    if (!subject_is_said) {
        strbuf_adds(out, out->len > 0 ? "\n*About:* " : "*About:* ");
        notice_text_slack(out, n->subject, WORD_MAX);
    }
    if (n->details[0]) {
        strbuf_adds(out, out->len > 0 ? "\n" : "");
        notice_text_slack(out, n->details, SECTION_MAX - out->len);
    }
}

static void add_runbook(const struct notice *n, struct strbuf *out)
{
    bool link = strncasecmp(n->runbook_url, "http", 4) == 0 && !strpbrk(n->runbook_url, "|<>");
    if (link)
        strbuf_addf(out, "<%.*s|Runbook>", (int)WORD_MAX * 5, n->runbook_url);
    else
        notice_text_slack(out, n->runbook_url, WORD_MAX * 5);
}

static void add_context(
    const struct notice *n, const struct notice_sender *sender, struct strbuf *out)
{
    char at[TIMESTAMP_TEXT_MAX];
    notice_text_slack(out, n->agent, WORD_MAX);
    strbuf_adds(out, " on ");
    notice_text_slack(out, sender->host, WORD_MAX);
    strbuf_addf(out, " | since %s | ", timestamp_format(n->opened_wall, at));
    notice_text_slack(out, n->incident, WORD_MAX);
    if (n->runbook_url[0]) {
        strbuf_adds(out, " | ");
        add_runbook(n, out);
    }
}

/* Appends `text` as a JSON string and ends it. */
static void quote(struct strbuf *text, struct strbuf *out)
{
    text_json(out, strbuf_text(text), text->len);
    out->failed = out->failed || text->failed;
    strbuf_reset(text);
}

void notice_body_slack(
    const struct notice *n, const struct notice_sender *sender, struct strbuf *out)
{
    struct strbuf text = STRBUF_INIT;
    strbuf_adds(out, "{\"text\":");
    add_line(n, SECTION_MAX, true, &text);
    quote(&text, out);
    strbuf_adds(out,
        ",\"blocks\":[{\"type\":\"header\",\"text\":{\"type\":\"plain_text\",\"emoji\":"
        "true,\"text\":");
    strbuf_addf(&text, "%s ", mark(n));
    add_line(n, HEADER_MAX - text.len, false, &text);
    size_t header_len = text.len;
    quote(&text, out);
    strbuf_adds(out, "}},{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":");
    add_section(n, header_len < HEADER_MAX - CHARACTER_MAX, &text);
    quote(&text, out);
    strbuf_adds(out, "}},{\"type\":\"context\",\"elements\":[{\"type\":\"mrkdwn\",\"text\":");
    add_context(n, sender, &text);
    quote(&text, out);
    strbuf_adds(out, "}]}]}");
    strbuf_fini(&text);
}
