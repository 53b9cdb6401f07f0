/* What the doctor found. */
#include "cli/json.h"
#include "cli/say.h"
#include "cli/table.h"
#include "cli/view.h"

#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 700, LABEL = 8, INDENT = 12 };

/* Between words, where a line would be wider than the terminal; below where it began. */
static void add_wrapped(struct strbuf *out, unsigned columns, unsigned at, const char *text)
{
    unsigned indent = at > 0 ? at : INDENT;
    for (bool first = true; *text; first = false) {
        struct strbuf word = STRBUF_INIT;
        size_t len = strcspn(text, " ");
        strbuf_add(&word, text, len);
        unsigned width = (unsigned)table_text_width(strbuf_text(&word));
        if (!first && columns > 0 && at + 1 + width > columns) {
            strbuf_addf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            strbuf_addc(out, ' ');
            at++;
        }
        strbuf_adds(out, strbuf_text(&word));
        at += width;
        strbuf_fini(&word);
        text += len + (text[len] == ' ');
    }
    strbuf_addc(out, '\n');
}

static void add_line(struct strbuf *out, unsigned columns, const char *label, const char *text)
{
    struct strbuf safe = STRBUF_INIT;
    if (!text)
        return;
    strbuf_addf(out, "  %-9s ", label);
    say_word(&safe, text, WORD_MAX);
    add_wrapped(out, columns, INDENT, strbuf_text(&safe));
    strbuf_fini(&safe);
}

void view_finding(const struct cli *cli, const cJSON *f, struct strbuf *out)
{
    const char *severity = json_text(f, "severity");
    const char *subject = json_text(f, "subject");
    const char *check = json_text(f, "check");
    const char *symptom = json_text(f, "symptom");
    bool error = severity && strcmp(severity, "error") == 0;
    struct strbuf head = STRBUF_INIT;
    say_colored(out, cli->color, error ? SAY_RED : SAY_YELLOW, error ? "ERROR   " : "WARNING ");
    say_word(&head, check ? check : "?", WORD_MAX);
    if (subject) {
        strbuf_adds(&head, " (");
        say_word(&head, subject, WORD_MAX);
        strbuf_adds(&head, ")");
    }
    strbuf_adds(&head, ": ");
    say_word(&head, symptom ? symptom : "?", WORD_MAX);
    add_wrapped(out, cli->columns, LABEL, strbuf_text(&head));
    strbuf_fini(&head);
    add_line(out, cli->columns, "seen", json_text(f, "evidence"));
    add_line(out, cli->columns, "because", json_text(f, "cause"));
    /* It is copied and pasted: a line end in the middle would go with it. */
    add_line(out, 0, "do", json_text(f, "command"));
    add_line(out, 0, "runbook", json_text(f, "runbook"));
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
    cJSON_ArrayForEach(item, json_get(report, "findings")) view_finding(cli, item, out);
    add_names(json_get(report, "explained"), "a consequence: ", true, out);
    add_names(json_get(report, "ignored"), "known ([Doctor] Ignore=): ", false, out);
    cJSON_ArrayForEach(item, json_get(report, "gaps"))
    {
        const char *area = json_text(item, "area");
        const char *why = json_text(item, "why");
        struct strbuf line = STRBUF_INIT;
        strbuf_adds(&line, "not looked at: ");
        say_word(&line, area ? area : "?", WORD_MAX);
        strbuf_adds(&line, ": ");
        say_word(&line, why ? why : "?", WORD_MAX);
        add_wrapped(out, cli->columns, 0, strbuf_text(&line));
        strbuf_fini(&line);
    }
}
