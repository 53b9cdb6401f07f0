/* What is wrong and what was. */
#include "cli/json.h"
#include "cli/say.h"
#include "cli/table.h"
#include "cli/view.h"

#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 80, TEXT_MAX = 400, BRIEF_MAX = 120 };

static void add_word(struct strbuf *out, const char *text)
{
    say_word(out, text ? text : "?", TEXT_MAX);
}

static bool is_open(const cJSON *incident)
{
    return !json_text(incident, "resolved");
}

static enum say_color color_of(const cJSON *incident)
{
    const char *severity = json_text(incident, "severity");
    if (!is_open(incident))
        return SAY_DIM;
    return severity && strcmp(severity, "P3") == 0 ? SAY_YELLOW : SAY_RED;
}

/* "open", "in hand", "over". */
static const char *state_of(const cJSON *incident)
{
    if (!is_open(incident))
        return "over";
    return json_text(incident, "acknowledged.at") ? "in hand" : "open";
}

/* "2026-11-22 19:30:00" of a timestamp. */
static void add_time(struct strbuf *out, const char *timestamp)
{
    char text[20];
    snprintf(text, sizeof text, "%s", timestamp ? timestamp : "?");
    if (strlen(text) > 10 && text[10] == 'T')
        text[10] = ' ';
    say_word(out, text, WORD_MAX);
}

/* What only happened took no time that says anything. */
static void add_span(struct strbuf *out, const cJSON *object, const char *name)
{
    char span[SPAN_TEXT_MAX];
    usec_t took;
    if (!json_count(object, name, &took))
        return;
    if (took < USEC_PER_MSEC)
        strbuf_adds(out, "a moment");
    else if (took < USEC_PER_SEC)
        strbuf_adds(out, span_show(took, span));
    else
        strbuf_adds(out, span_format(took - took % USEC_PER_SEC, span));
}

/* Each in its own cell. */
static void add_row(struct table *t, const cJSON *incident)
{
    struct strbuf began = STRBUF_INIT;
    struct strbuf lasted = STRBUF_INIT;
    add_time(&began, json_text(incident, "began"));
    add_span(&lasted, incident, "duration_usec");
    table_add(t, color_of(incident), state_of(incident), WORD_MAX);
    table_add(t, color_of(incident), json_text(incident, "severity"), WORD_MAX);
    table_add(t, SAY_PLAIN, json_text(incident, "id"), WORD_MAX);
    table_add(t, SAY_PLAIN, strbuf_text(&began), WORD_MAX);
    table_add(t, SAY_PLAIN, strbuf_text(&lasted), WORD_MAX);
    table_add(t, SAY_PLAIN, json_text(incident, "subject"), WORD_MAX);
    table_add(t, SAY_PLAIN, json_text(incident, "summary"), BRIEF_MAX);
    strbuf_fini(&began);
    strbuf_fini(&lasted);
}

static uint64_t add_rows(struct table *t, const cJSON *list, bool open, uint64_t max)
{
    const cJSON *incident;
    uint64_t n = 0;
    cJSON_ArrayForEach(incident, list)
    {
        if (is_open(incident) == open && n++ < max)
            add_row(t, incident);
    }
    return n;
}

void view_incidents(const cJSON *answer, uint64_t max, bool use_color, struct strbuf *out)
{
    static const struct table_column columns[] = {{"STATE", false}, {"SEVERITY", false},
        {"ID", false}, {"BEGAN (UTC)", false}, {"LASTED", true}, {"ABOUT", false}, {"WHAT", false}};
    const cJSON *list = json_get(answer, "incidents");
    struct table t;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    uint64_t open = add_rows(&t, list, true, UINT64_MAX);
    uint64_t over = add_rows(&t, list, false, max);
    if (t.n_cells > 0) {
        table_write(&t, out, use_color);
        strbuf_addc(out, '\n');
    }
    if (t.failed)
        strbuf_adds(out, "(memory ran out: there are more)\n");
    table_fini(&t);
    say_number(out, open, "incident is open", "incidents are open");
    strbuf_addf(out, ", %llu %s over", (unsigned long long)over, over == 1 ? "is" : "are");
    if (over > max)
        strbuf_addf(out, "; to see more of them: --limit=%llu", (unsigned long long)over);
    strbuf_addc(out, '\n');
}

/* What stands says for how long; what is past, or was but a moment, says when as well. */
static void add_lasting(struct strbuf *out, const cJSON *incident)
{
    const char *state = json_text(incident, "state");
    const char *ceased = json_text(incident, "ceased");
    bool stands = !ceased || (state && strcmp(state, "open") == 0);
    usec_t took;
    bool moment = json_count(incident, "duration_usec", &took) && took < USEC_PER_MSEC;
    if (stands || !moment) {
        strbuf_adds(out, " (for ");
        add_span(out, incident, "duration_usec");
    }
    if (!stands) {
        strbuf_adds(out, moment ? " (at " : " until ");
        add_time(out, ceased);
        strbuf_adds(out, " UTC");
    }
    strbuf_addc(out, ')');
}

static void add_brief(struct strbuf *out, const cJSON *incident, bool use_color)
{
    struct strbuf line = STRBUF_INIT;
    const char *subject = json_text(incident, "subject");
    add_word(&line, json_text(incident, "severity"));
    strbuf_addc(&line, ' ');
    add_word(&line, json_text(incident, "title"));
    if (subject) {
        strbuf_adds(&line, " (");
        say_word(&line, subject, WORD_MAX);
        strbuf_addc(&line, ')');
    }
    say_colored(out, use_color, color_of(incident), strbuf_text(&line));
    add_lasting(out, incident);
    if (json_text(incident, "acknowledged.at")) {
        strbuf_adds(out, ", in hand: ");
        add_word(out, json_text(incident, "acknowledged.author"));
    }
    strbuf_addc(out, '\n');
    strbuf_fini(&line);
}

void view_incidents_brief(const cJSON *incidents, bool use_color, struct strbuf *out)
{
    static const char *const severities[] = {"P1", "P2", "P3"};
    const cJSON *incident;
    if (cJSON_GetArraySize(incidents) > 0)
        strbuf_addc(out, '\n');
    for (size_t i = 0; i < sizeof severities / sizeof *severities; i++) {
        cJSON_ArrayForEach(incident, incidents)
        {
            const char *severity = json_text(incident, "severity");
            if (severity && strcmp(severity, severities[i]) == 0)
                add_brief(out, incident, use_color);
        }
    }
}

static void add_line(struct strbuf *out, const char *label, const char *text)
{
    if (!text)
        return;
    strbuf_addf(out, "%-13s", label);
    say_word(out, text, TEXT_MAX);
    strbuf_addc(out, '\n');
}

static void add_when(struct strbuf *out, const char *label, const char *timestamp)
{
    struct strbuf text = STRBUF_INIT;
    if (timestamp) {
        add_time(&text, timestamp);
        strbuf_adds(&text, " UTC");
        add_line(out, label, strbuf_text(&text));
    }
    strbuf_fini(&text);
}

static void add_acknowledgement(struct strbuf *out, const cJSON *incident)
{
    const char *author = json_text(incident, "acknowledged.author");
    const char *reason = json_text(incident, "acknowledged.reason");
    struct strbuf text = STRBUF_INIT;
    if (!json_text(incident, "acknowledged.at"))
        return;
    strbuf_addf(&text, "%s, ", author ? author : "?");
    add_time(&text, json_text(incident, "acknowledged.at"));
    strbuf_addf(&text, " UTC%s%s", reason ? ": " : "", reason ? reason : "");
    add_line(out, "In hand", strbuf_text(&text));
    strbuf_fini(&text);
}

static void add_impact(struct strbuf *out, const cJSON *incident)
{
    uint64_t n;
    struct strbuf text = STRBUF_INIT;
    static const struct {
        const char *path;
        const char *one, *many;
    } counts[] = {
        {"callers.connections", "connection", "connections"},
        {"callers.tasks", "pending task", "pending tasks"},
        {"callers.sessions", "session in use", "sessions in use"},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (!json_count(incident, counts[i].path, &n))
            continue;
        strbuf_adds(&text, text.len > 0 ? ", " : "");
        say_number(&text, n, counts[i].one, counts[i].many);
    }
    add_line(out, "Callers then", text.len > 0 ? strbuf_text(&text) : NULL);
    strbuf_reset(&text);
    if (json_count(incident, "cut", &n) && n > 0) {
        say_number(&text, n, "caller", "callers");
        add_line(out, "Cut", strbuf_text(&text));
    }
    strbuf_reset(&text);
    if (json_count(incident, "unserved_usec", &n) && n > 0) {
        add_span(&text, incident, "unserved_usec");
        add_line(out, "None served", strbuf_text(&text));
    }
    strbuf_fini(&text);
}

static void add_timeline(struct strbuf *out, const cJSON *incident, bool use_color)
{
    const cJSON *entry;
    uint64_t dropped;
    say_colored(out, use_color, SAY_BOLD, "\nTimeline (UTC)");
    strbuf_addc(out, '\n');
    cJSON_ArrayForEach(entry, json_get(incident, "timeline"))
    {
        const char *kind = json_text(entry, "kind");
        const char *text = json_text(entry, "text");
        add_time(out, json_text(entry, "at"));
        strbuf_addf(out, "  %-12.12s  ", kind && strcmp(kind, "event") != 0 ? kind : "");
        say_word(out, text ? text : "", TEXT_MAX);
        strbuf_addc(out, '\n');
    }
    if (json_count(incident, "timeline_dropped", &dropped) && dropped > 0)
        strbuf_addf(out, "(%llu more in the middle were not kept; the journal has them)\n",
            (unsigned long long)dropped);
}

static void add_findings(const struct cli *cli, const cJSON *incident, struct strbuf *out)
{
    const cJSON *finding;
    const cJSON *findings = json_get(incident, "doctor.findings");
    uint64_t errors = 0;
    uint64_t warnings = 0;
    uint64_t gaps = 0;
    if (!findings)
        return;
    json_count(incident, "doctor.errors", &errors);
    json_count(incident, "doctor.warnings", &warnings);
    json_count(incident, "doctor.gaps", &gaps);
    say_colored(out, cli->color, SAY_BOLD, "\nWhat the doctor found");
    strbuf_adds(out, ", ");
    add_time(out, json_text(incident, "doctor.at"));
    strbuf_adds(out, " UTC\n");
    if (errors + warnings == 0)
        strbuf_adds(out, "nothing else that is wrong\n");
    cJSON_ArrayForEach(finding, findings) view_finding(cli, finding, out);
    uint64_t shown = (uint64_t)cJSON_GetArraySize(findings);
    if (errors + warnings > shown)
        strbuf_addf(out, "(%llu more: `voxkeeper doctor` shows what is wrong now)\n",
            (unsigned long long)(errors + warnings - shown));
    if (gaps > 0)
        strbuf_addf(out, "(%llu things could not be looked at)\n", (unsigned long long)gaps);
}

static void add_advice(struct strbuf *out, const cJSON *incident, bool use_color)
{
    const char *id = json_text(incident, "id");
    const char *anchor = json_text(incident, "runbook");
    const char *url = json_text(incident, "runbook_url");
    strbuf_addc(out, '\n');
    say_colored(out, use_color, SAY_BOLD, "What to do");
    strbuf_addc(out, '\n');
    if (url && anchor) {
        strbuf_adds(out, "- the runbook, section ");
        say_word(out, anchor, WORD_MAX);
        strbuf_adds(out, ":\n    ");
        say_word(out, url, TEXT_MAX);
        strbuf_addc(out, '#');
        say_word(out, anchor, WORD_MAX);
        strbuf_addc(out, '\n');
    }
    if (id && is_open(incident) && !json_text(incident, "acknowledged.at"))
        strbuf_addf(out,
            "- say that you have it in hand:\n    voxkeeper acknowledge %s --reason 'I look'\n",
            id);
}

void view_incident(const struct cli *cli, const cJSON *incident, struct strbuf *out)
{
    const char *lines = json_text(incident, "output.lines");
    const char *who = json_text(incident, "output.who");
    struct strbuf lasted = STRBUF_INIT;
    say_colored(out, cli->color, color_of(incident), state_of(incident));
    strbuf_adds(out, ": ");
    add_word(out, json_text(incident, "severity"));
    strbuf_addc(out, ' ');
    add_word(out, json_text(incident, "title"));
    strbuf_adds(out, "\n\n");
    add_line(out, "Incident", json_text(incident, "id"));
    add_line(out, "About", json_text(incident, "subject"));
    add_line(out, "What", json_text(incident, "summary"));
    add_when(out, "Began", json_text(incident, "began"));
    add_when(out, "Told", json_text(incident, "opened"));
    add_acknowledgement(out, incident);
    add_when(out, "Over", json_text(incident, "resolved"));
    add_span(&lasted, incident, "duration_usec");
    add_line(out, "Lasted", strbuf_text(&lasted));
    strbuf_fini(&lasted);
    add_impact(out, incident);
    add_timeline(out, incident, cli->color);
    if (lines && who) {
        strbuf_adds(out, "\nWhat ");
        say_word(out, who, WORD_MAX);
        strbuf_adds(out, " said last\n  ");
        say_safe(out, lines, "  ");
        strbuf_addc(out, '\n');
    }
    if (cJSON_IsTrue(json_get(incident, "withheld")))
        strbuf_adds(out,
            "\nWhat workers wrote, and whose calls were cut, is shown to those who may "
            "change\nsomething: root, voxkeeper's user, members of [Admin] "
            "ControlGroup=.\n");
    add_findings(cli, incident, out);
    add_advice(out, incident, cli->color);
}
