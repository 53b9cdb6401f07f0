/* The outcome of a checklist: a table, and all that is known of what failed. */
#include "base/strbuf.h"
#include "cli/fit.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/table.h"
#include "cli/view.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* As wide as a terminal is at least, and the log of a pipeline. */
enum { COLUMNS = 80, GAPS = 3 * 2, EVIDENCE_MIN = 20, WORD_MAX = 80, LINE_MAX_BYTES = 2048 };

static enum say_color color_of(const char *verdict)
{
    if (verdict && strcmp(verdict, "passed") == 0)
        return SAY_GREEN;
    return verdict && strcmp(verdict, "skipped") == 0 ? SAY_YELLOW : SAY_RED;
}

static bool is_failed(const cJSON *check)
{
    const char *verdict = json_text(check, "verdict");
    return verdict && strcmp(verdict, "failed") == 0;
}

static const char *line_of(const cJSON *check, int n)
{
    const cJSON *line = cJSON_GetArrayItem(json_get(check, "evidence"), n);
    return cJSON_IsString(line) ? line->valuestring : NULL;
}

static const char *took_of(const cJSON *check, char span[SPAN_TEXT_MAX])
{
    usec_t took = 0;
    json_count(check, "took_usec", &took);
    return span_show(took, span);
}

/* What is left of a line for evidence, when all that stands before it has its room. */
static unsigned evidence_width(const cJSON *items)
{
    size_t check_width = 0;
    size_t took_width = strlen("TOOK");
    const cJSON *item;
    const cJSON *check;
    cJSON_ArrayForEach(item, items)
    {
        const char *title = json_text(item, "title");
        size_t width = title ? table_text_width(title) : 0;
        check_width = width > check_width ? width : check_width;
        cJSON_ArrayForEach(check, json_get(item, "checks"))
        {
            char span[SPAN_TEXT_MAX];
            const char *name = json_text(check, "check");
            width = name ? table_text_width(name) + 2 : 0;
            check_width = width > check_width ? width : check_width;
            width = strlen(took_of(check, span));
            took_width = width > took_width ? width : took_width;
        }
    }
    size_t taken = check_width + strlen("VERDICT") + took_width + GAPS;
    return taken + EVIDENCE_MIN < COLUMNS ? COLUMNS - (unsigned)taken : EVIDENCE_MIN;
}

/* Its evidence, a line each but of what failed, which stands below in full. What it is of first. */
static void collect(const cJSON *check, unsigned width, struct strbuf *out)
{
    struct strbuf text = STRBUF_INIT;
    const char *subject = json_text(check, "subject");
    if (subject) {
        say_word(&text, subject, WORD_MAX);
        strbuf_adds(&text, ": ");
    }
    for (int i = 0; line_of(check, i) && (i == 0 || !is_failed(check)); i++) {
        strbuf_adds(&text, i > 0 ? "\n" : "");
        say_word(&text, line_of(check, i), LINE_MAX_BYTES);
    }
    fit_text(out, strbuf_text(&text), width, INT_MAX);
    strbuf_fini(&text);
}

static void add_cells(struct table *t, const char *name, const char *verdict, const char *took,
    const char *evidence, size_t len)
{
    struct strbuf line = STRBUF_INIT;
    strbuf_add(&line, evidence, len);
    table_add(t, SAY_PLAIN, name, WORD_MAX);
    table_add(t, color_of(verdict), verdict, WORD_MAX);
    table_add(t, SAY_PLAIN, took, WORD_MAX);
    table_add_escaped(t, SAY_PLAIN, strbuf_text(&line), LINE_MAX_BYTES);
    strbuf_fini(&line);
}

static void add_check(struct table *t, const cJSON *check, unsigned width)
{
    char span[SPAN_TEXT_MAX];
    char name[WORD_MAX];
    struct strbuf evidence = STRBUF_INIT;
    const char *known = json_text(check, "check");
    collect(check, width, &evidence);
    snprintf(name, sizeof name, "  %s", known ? known : "-");
    const char *line = strbuf_text(&evidence);
    size_t len = strcspn(line, "\n");
    add_cells(t, name, json_text(check, "verdict"), took_of(check, span), line, len);
    while (line[len]) {
        line += len + 1;
        len = strcspn(line, "\n");
        add_cells(t, "", "", "", line, len);
    }
    strbuf_fini(&evidence);
}

/* Cells that are empty leave nothing behind. */
static void add_trimmed(struct strbuf *out, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        size_t end = len;
        while (end > 0 && text[end - 1] == ' ')
            end--;
        strbuf_add(out, text, end);
        strbuf_adds(out, text[len] ? "\n" : "");
        text += len + (text[len] == '\n');
    }
}

static void write_table(const struct cli *cli, const cJSON *result, struct strbuf *out)
{
    static const struct table_column columns[] = {
        {"CHECK", false}, {"VERDICT", false}, {"TOOK", true}, {"EVIDENCE", false}};
    struct table t;
    struct strbuf text = STRBUF_INIT;
    const cJSON *items = json_get(result, "items");
    const cJSON *item;
    const cJSON *check;
    unsigned width = evidence_width(items);
    table_init(&t, columns, sizeof columns / sizeof *columns);
    cJSON_ArrayForEach(item, items)
    {
        table_add(&t, SAY_BOLD, json_text(item, "title"), WORD_MAX);
        for (int i = 1; i < 4; i++)
            table_add(&t, SAY_PLAIN, "", 1);
        cJSON_ArrayForEach(check, json_get(item, "checks"))
        {
            add_check(&t, check, width);
        }
    }
    table_write(&t, &text, cli->color);
    add_trimmed(out, strbuf_text(&text));
    strbuf_fini(&text);
    table_fini(&t);
}

static void write_one(
    const struct cli *cli, const cJSON *item, const cJSON *check, struct strbuf *out)
{
    const char *subject = json_text(check, "subject");
    strbuf_addc(out, '\n');
    say_word(out, json_text(item, "title"), WORD_MAX);
    strbuf_adds(out, ", ");
    say_word(out, json_text(check, "check"), WORD_MAX);
    strbuf_addc(out, ' ');
    if (subject) {
        say_word(out, subject, WORD_MAX);
        strbuf_addc(out, ' ');
    }
    say_colored(out, cli->color, SAY_RED, "failed");
    strbuf_adds(out, ":\n");
    for (int i = 0; line_of(check, i); i++) {
        struct strbuf line = STRBUF_INIT;
        strbuf_adds(&line, "  ");
        say_word(&line, line_of(check, i), LINE_MAX_BYTES);
        fit_text(out, strbuf_text(&line), COLUMNS, INT_MAX);
        strbuf_addc(out, '\n');
        strbuf_fini(&line);
    }
}

static void write_failed(const struct cli *cli, const cJSON *result, struct strbuf *out)
{
    const cJSON *item;
    const cJSON *check;
    cJSON_ArrayForEach(item, json_get(result, "items"))
    {
        cJSON_ArrayForEach(check, json_get(item, "checks"))
        {
            if (is_failed(check))
                write_one(cli, item, check, out);
        }
    }
}

void view_preflight_before(const struct cli *cli, const cJSON *result)
{
    view_preflight_print(cli, json_get(result, "preflight"));
}

void view_preflight_print(const struct cli *cli, const cJSON *result)
{
    struct strbuf out = STRBUF_INIT;
    if (!result)
        return;
    write_table(cli, result, &out);
    write_failed(cli, result, &out);
    strbuf_addc(&out, '\n');
    say_print(&out);
}
