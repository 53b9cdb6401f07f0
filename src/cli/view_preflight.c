/* The outcome of a checklist: a table, and all that is known of what failed. */
#include "base/strbuf.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/table.h"
#include "cli/view.h"

#include <string.h>

enum { WORD_MAX = 40, EVIDENCE_MAX = 110, LINE_MAX_BYTES = 2048 };

static enum say_color color_of(const char *verdict)
{
    if (verdict && strcmp(verdict, "passed") == 0)
        return SAY_GREEN;
    return verdict && strcmp(verdict, "skipped") == 0 ? SAY_YELLOW : SAY_RED;
}

static const char *line_of(const cJSON *check, int n)
{
    const cJSON *line = cJSON_GetArrayItem(json_get(check, "evidence"), n);
    return cJSON_IsString(line) ? line->valuestring : NULL;
}

static void add_row(struct table *t, const char *title, const cJSON *check)
{
    char span[SPAN_TEXT_MAX];
    usec_t took = 0;
    const char *verdict = json_text(check, "verdict");
    json_count(check, "took_usec", &took);
    table_add(t, SAY_BOLD, title, WORD_MAX);
    table_add(t, SAY_PLAIN, json_text(check, "check"), WORD_MAX);
    table_add(t, color_of(verdict), verdict, WORD_MAX);
    table_add(t, SAY_PLAIN, span_show(took, span), WORD_MAX);
    table_add(t, SAY_PLAIN, line_of(check, 0), EVIDENCE_MAX);
}

static void write_table(const struct cli *cli, const cJSON *result, struct strbuf *out)
{
    static const struct table_column columns[] = {
        {"ITEM", false}, {"CHECK", false}, {"VERDICT", false}, {"TOOK", true}, {"EVIDENCE", false}};
    struct table t;
    const cJSON *item;
    const cJSON *check;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    cJSON_ArrayForEach(item, json_get(result, "items"))
    {
        const char *title = json_text(item, "title");
        cJSON_ArrayForEach(check, json_get(item, "checks"))
        {
            add_row(&t, title ? title : "", check);
            title = "";
        }
    }
    table_write(&t, out, cli->color);
    table_fini(&t);
}

static void write_failed(const struct cli *cli, const cJSON *result, struct strbuf *out)
{
    const cJSON *item;
    const cJSON *check;
    cJSON_ArrayForEach(item, json_get(result, "items"))
    {
        cJSON_ArrayForEach(check, json_get(item, "checks"))
        {
            const char *verdict = json_text(check, "verdict");
            if (!verdict || strcmp(verdict, "failed") != 0)
                continue;
            strbuf_addc(out, '\n');
            say_word(out, json_text(item, "title"), WORD_MAX);
            strbuf_adds(out, ", ");
            say_word(out, json_text(check, "check"), WORD_MAX);
            strbuf_addc(out, ' ');
            say_colored(out, cli->color, SAY_RED, "failed");
            strbuf_adds(out, ":\n");
            for (int i = 0; line_of(check, i); i++) {
                strbuf_adds(out, "  ");
                say_word(out, line_of(check, i), LINE_MAX_BYTES);
                strbuf_addc(out, '\n');
            }
        }
    }
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
