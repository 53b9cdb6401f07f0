/* The Markdown of an incident. */
#include "core/incidents/postmortem.h"

#include "base/names.h"
#include "base/span.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const struct cJSON *get(const struct cJSON *o, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(o, name);
}

/* "" if there is none. */
static const char *text_of(const struct cJSON *o, const char *name)
{
    const char *text = cJSON_GetStringValue(get(o, name));
    return text ? text : "";
}

static uint64_t count_of(const struct cJSON *o, const char *name)
{
    const struct cJSON *n = get(o, name);
    return cJSON_IsNumber(n) && n->valuedouble > 0 && n->valuedouble <= 0x1p53
               ? (uint64_t)n->valuedouble
               : 0;
}

/* Text from elsewhere within a paragraph or a cell: no mark-up, no line end. */
static void add_plain(struct strbuf *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < 0x20)
            strbuf_addc(out, ' ');
        else if (*c == '<')
            strbuf_adds(out, "&lt;");
        else if (strchr("#|*_`[]\\", *c))
            strbuf_addf(out, "\\%c", *c);
        else
            strbuf_addc(out, *c);
    }
}

static void add_span(struct strbuf *out, usec_t span)
{
    char text[SPAN_TEXT_MAX];
    /* What only happened took no time that says anything. */
    strbuf_adds(out, span < USEC_PER_MSEC  ? "a moment"
                     : span < USEC_PER_SEC ? span_show(span, text)
                                           : span_format(span - span % USEC_PER_SEC, text));
}

static bool is_timestamp(const char *text)
{
    return strlen(text) >= 16 && strspn(text, "0123456789-T:") >= 16 && text[10] == 'T' &&
           text[13] == ':';
}

/* "19:30", and on another day than `day` "11-23 00:05". */
static void add_time(struct strbuf *out, const char *timestamp, const char *day)
{
    if (!is_timestamp(timestamp))
        strbuf_adds(out, "?");
    else if (is_timestamp(day) && strncmp(timestamp, day, 10) != 0)
        strbuf_addf(out, "%.5s %.5s", timestamp + 5, timestamp + 11);
    else
        strbuf_addf(out, "%.5s", timestamp + 11);
}

static void add_fact(struct strbuf *out, const char *name, const char *value)
{
    if (!value[0])
        return;
    strbuf_addf(out, "| %s | ", name);
    add_plain(out, value);
    strbuf_adds(out, " |\n");
}

static void add_duration(struct strbuf *out, const struct cJSON *i)
{
    const char *began = text_of(i, "began");
    const char *ceased = text_of(i, "ceased");
    strbuf_adds(out, "| Duration | ");
    add_span(out, count_of(i, "duration_usec"));
    strbuf_adds(out, " (");
    add_time(out, began, began);
    strbuf_adds(out, ceased[0] ? " to " : " UTC, and it goes on");
    if (ceased[0]) {
        add_time(out, ceased, began);
        strbuf_adds(out, " UTC");
    }
    strbuf_adds(out, ") |\n");
}

static void add_head(struct strbuf *out, const struct cJSON *i)
{
    const char *subject = text_of(i, "subject");
    strbuf_adds(out, "# Post-mortem: ");
    add_plain(out, text_of(i, "title"));
    strbuf_adds(out, "\n\n| | |\n|---|---|\n");
    add_fact(out, "Incident", text_of(i, "id"));
    if (is_timestamp(text_of(i, "began")))
        strbuf_addf(out, "| Date | %.10s |\n", text_of(i, "began"));
    add_duration(out, i);
    add_fact(out, "Severity", text_of(i, "severity"));
    add_fact(out, "Condition", text_of(i, "condition"));
    add_fact(out, "About", subject);
    add_fact(out, "Agent", text_of(i, "agent"));
    strbuf_adds(out, "| Author | _who writes this_ |\n\n## Summary\n\n");
    add_plain(out, text_of(i, "summary"));
    strbuf_adds(out, "\n\n");
}

static void add_names(
    struct strbuf *out, const char *what, const struct cJSON *names, bool withheld)
{
    const struct cJSON *name;
    uint64_t shown = 0;
    uint64_t all = count_of(names, "all");
    strbuf_addf(out, "- Affected %s: ", what);
    cJSON_ArrayForEach(name, get(names, "names"))
    {
        if (!cJSON_IsString(name))
            continue;
        strbuf_adds(out, shown++ > 0 ? ", " : "");
        add_plain(out, name->valuestring);
    }
    if (all > shown)
        strbuf_addf(out, "%s%llu%s, whose names %s", shown > 0 ? ", and " : "",
            (unsigned long long)(all - shown), shown > 0 ? " more" : "",
            withheld ? "are for those who may change something" : "were not kept");
    strbuf_adds(out, all == 0 && shown == 0 ? "none that is known\n" : "\n");
}

static void add_cost(struct strbuf *out, const struct cJSON *i)
{
    const struct cJSON *cost = get(i, "cost");
    double value = cJSON_GetNumberValue(get(cost, "session_value"));
    uint64_t sessions = count_of(get(i, "sessions_cut"), "all");
    strbuf_adds(out, "- Revenue impact: ");
    if (!(value > 0)) {
        strbuf_adds(out, "not known (`SessionValue=` of `[Cost]` is not configured)\n");
        return;
    }
    strbuf_addf(out, "%.2f ", value * (double)sessions);
    add_plain(out, text_of(cost, "currency"));
    strbuf_addf(out,
        " (%llu sessions cut, %.2f each); callers who were not answered are not in it\n",
        (unsigned long long)sessions, value);
}

/* What could not be counted is not zero. */
static void add_callers(struct strbuf *out, const struct cJSON *callers)
{
    static const struct {
        const char *name, *one, *many;
    } kinds[] = {{"connections", "connection", "connections"},
        {"tasks", "pending task", "pending tasks"},
        {"sessions", "session in use", "sessions in use"}};
    strbuf_adds(out, "- Callers when it began: ");
    for (size_t n = 0; n < sizeof kinds / sizeof *kinds; n++) {
        uint64_t all = count_of(callers, kinds[n].name);
        strbuf_adds(out, n > 0 ? ", " : "");
        if (cJSON_IsNumber(get(callers, kinds[n].name)))
            strbuf_addf(out, "%" PRIu64 " %s", all, all == 1 ? kinds[n].one : kinds[n].many);
        else
            strbuf_addf(out, "%s not counted", kinds[n].many);
    }
    strbuf_adds(out, "\n");
}

static void add_impact(struct strbuf *out, const struct cJSON *i)
{
    strbuf_adds(out, "## Impact\n\n- Degraded service: ");
    add_span(out, count_of(i, "duration_usec"));
    if (count_of(i, "unserved_usec") > 0) {
        strbuf_adds(out, "; no worker served for ");
        add_span(out, count_of(i, "unserved_usec"));
    }
    strbuf_adds(out, "\n");
    add_callers(out, get(i, "callers"));
    strbuf_addf(out, "- Callers cut: %llu\n", (unsigned long long)count_of(i, "cut"));
    bool withheld = cJSON_IsTrue(get(i, "withheld"));
    add_names(out, "sessions", get(i, "sessions_cut"), withheld);
    add_names(out, "tasks", get(i, "tasks_cut"), withheld);
    add_cost(out, i);
    strbuf_adds(out, "\n");
}

static const char *words_of(const char *kind)
{
    static const struct {
        const char *kind, *words;
    } rows[] = {
        {"opened", "**Alert fired**: "},
        {"acknowledged", "**Acknowledged**: "},
        {"ceased", "**Metrics normal again**: "},
        {"resolved", "**Resolved**: "},
        {"again", "Again: "},
    };
    int i = ROWS_FIND(rows, kind, kind);
    return i < 0 ? "" : rows[i].words;
}

static void add_timeline(struct strbuf *out, const struct cJSON *i)
{
    const struct cJSON *entry;
    const char *day = text_of(i, "began");
    strbuf_adds(out, "## Timeline (UTC)\n\n| Time | What |\n|---|---|\n");
    cJSON_ArrayForEach(entry, get(i, "timeline"))
    {
        strbuf_adds(out, "| ");
        add_time(out, text_of(entry, "at"), day);
        strbuf_addf(out, " | %s", words_of(text_of(entry, "kind")));
        add_plain(out, text_of(entry, "text"));
        strbuf_adds(out, " |\n");
    }
    if (count_of(i, "timeline_dropped") > 0)
        strbuf_addf(out, "\n%llu more entries in the middle were not kept; the journal has them.\n",
            (unsigned long long)count_of(i, "timeline_dropped"));
    strbuf_adds(out, "\n");
}

static void add_changes(struct strbuf *out, const struct cJSON *i)
{
    const struct cJSON *change;
    const struct cJSON *changes = get(i, "changes");
    strbuf_adds(out, "## Changes in the two hours before\n\n");
    if (cJSON_GetArraySize(changes) == 0) {
        strbuf_adds(out, "None is in the change log.\n\n");
        return;
    }
    strbuf_adds(out, "| Time | Who | What | Why |\n|---|---|---|---|\n");
    cJSON_ArrayForEach(change, changes)
    {
        strbuf_adds(out, "| ");
        add_time(out, text_of(change, "time"), text_of(i, "began"));
        strbuf_adds(out, " | ");
        add_plain(out, text_of(change, "author"));
        strbuf_adds(out, " | ");
        add_plain(out, text_of(change, "kind"));
        strbuf_adds(out, text_of(change, "text")[0] ? ": " : "");
        add_plain(out, text_of(change, "text"));
        strbuf_adds(out, " | ");
        add_plain(out, text_of(change, "reason"));
        strbuf_adds(out, " |\n");
    }
    strbuf_adds(out, "\n");
}

/* There are lines, but not for whom this is written. */
static bool is_withheld(const struct cJSON *i, const struct cJSON *output)
{
    return cJSON_IsTrue(get(i, "withheld")) && cJSON_IsNull(get(output, "lines"));
}

static void add_findings(struct strbuf *out, const struct cJSON *i)
{
    const struct cJSON *f;
    const struct cJSON *doctor = get(i, "doctor");
    const struct cJSON *findings = get(doctor, "findings");
    if (!cJSON_IsObject(doctor))
        return;
    strbuf_adds(out, "## What the doctor found (");
    add_time(out, text_of(doctor, "at"), text_of(i, "began"));
    strbuf_adds(out, " UTC)\n\n");
    if (cJSON_GetArraySize(findings) == 0) {
        strbuf_adds(out, "Nothing else that is wrong.\n\n");
        return;
    }
    strbuf_adds(out, "| Check | About | Seen | Probably because |\n|---|---|---|---|\n");
    cJSON_ArrayForEach(f, findings)
    {
        static const char *const columns[] = {"check", "subject", "evidence", "cause"};
        strbuf_adds(out, "|");
        for (size_t n = 0; n < sizeof columns / sizeof *columns; n++) {
            strbuf_addc(out, ' ');
            add_plain(out, text_of(f, columns[n]));
            strbuf_adds(out, " |");
        }
        strbuf_addc(out, '\n');
    }
    strbuf_addc(out, '\n');
}

/* Indented, so that nothing in it ends the block. */
static void add_log(struct strbuf *out, const struct cJSON *i)
{
    const struct cJSON *output = get(i, "output");
    const char *at = text_of(output, "lines");
    strbuf_adds(out, "## Log excerpt\n\n");
    if (is_withheld(i, output)) {
        strbuf_adds(out, "For those who may change something, since callers may be quoted in it: "
                         "have one of them write this.\n\n");
        return;
    }
    if (!at[0]) {
        strbuf_adds(out, "None was kept. `voxkeeper logs --since` has the rest.\n\n");
        return;
    }
    strbuf_adds(out, "What ");
    add_plain(out, text_of(output, "who"));
    strbuf_adds(out, " said last (callers may be quoted: look before you pass it on):\n\n");
    while (*at) {
        size_t len = strcspn(at, "\n");
        strbuf_adds(out, "    ");
        strbuf_add(out, at, len);
        strbuf_addc(out, '\n');
        at += len + (at[len] == '\n');
    }
    strbuf_addc(out, '\n');
}

void postmortem_write(const struct cJSON *incident, struct strbuf *out)
{
    add_head(out, incident);
    add_impact(out, incident);
    add_timeline(out, incident);
    add_changes(out, incident);
    add_findings(out, incident);
    add_log(out, incident);
    strbuf_adds(out, "## Root cause\n\n" POSTMORTEM_PROMPT_CAUSE "\n\n"
                     "## What went well\n\n" POSTMORTEM_PROMPT_WELL "\n\n"
                     "## What went poorly\n\n" POSTMORTEM_PROMPT_POORLY "\n\n"
                     "## Action items\n\n"
                     "| Action | Owner | Due |\n|---|---|---|\n"
                     "| " POSTMORTEM_PROMPT_ACTION " | " POSTMORTEM_PROMPT_OWNER
                     " | " POSTMORTEM_PROMPT_DUE " |\n");
}
