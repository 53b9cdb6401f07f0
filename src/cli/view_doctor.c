/* What the doctor found. */
#include "cli/json.h"
#include "cli/say.h"
#include "cli/view.h"

#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 700 };

static void add_line(struct strbuf *out, const char *label, const char *text)
{
    if (!text)
        return;
    strbuf_addf(out, "  %-9s ", label);
    say_word(out, text, WORD_MAX);
    strbuf_addc(out, '\n');
}

static void add_finding(const struct cli *cli, const cJSON *f, struct strbuf *out)
{
    const char *severity = json_text(f, "severity");
    const char *subject = json_text(f, "subject");
    const char *check = json_text(f, "check");
    const char *symptom = json_text(f, "symptom");
    bool error = severity && strcmp(severity, "error") == 0;
    say_colored(out, cli->color, error ? SAY_RED : SAY_YELLOW, error ? "ERROR   " : "WARNING ");
    say_word(out, check ? check : "?", WORD_MAX);
    if (subject) {
        strbuf_adds(out, " (");
        say_word(out, subject, WORD_MAX);
        strbuf_adds(out, ")");
    }
    strbuf_adds(out, ": ");
    say_word(out, symptom ? symptom : "?", WORD_MAX);
    strbuf_addc(out, '\n');
    add_line(out, "seen", json_text(f, "evidence"));
    add_line(out, "because", json_text(f, "cause"));
    add_line(out, "do", json_text(f, "command"));
    add_line(out, "runbook", json_text(f, "runbook"));
    strbuf_addc(out, '\n');
}

static void add_names(const cJSON *list, const char *label, bool by, struct strbuf *out)
{
    const cJSON *f;
    cJSON_ArrayForEach(f, list)
    {
        const char *check = json_text(f, "check");
        const char *cause = json_text(f, "by");
        strbuf_addf(out, "%s", label);
        say_word(out, check ? check : "?", WORD_MAX);
        if (by && cause) {
            strbuf_adds(out, " (of ");
            say_word(out, cause, WORD_MAX);
            strbuf_adds(out, ")");
        }
        strbuf_addc(out, '\n');
    }
}

void view_doctor(const struct cli *cli, const cJSON *report, struct strbuf *out)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(report, "findings")) add_finding(cli, item, out);
    add_names(json_get(report, "explained"), "a consequence: ", true, out);
    add_names(json_get(report, "ignored"), "known ([Doctor] Ignore=): ", false, out);
    cJSON_ArrayForEach(item, json_get(report, "gaps"))
    {
        const char *area = json_text(item, "area");
        const char *why = json_text(item, "why");
        strbuf_adds(out, "not looked at: ");
        say_word(out, area ? area : "?", WORD_MAX);
        strbuf_adds(out, ": ");
        say_word(out, why ? why : "?", WORD_MAX);
        strbuf_addc(out, '\n');
    }
}
