/* What a sweep found. */
#include "cli/json.h"
#include "cli/say.h"
#include "cli/table.h"
#include "cli/view.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 160, REASON_MAX = 160, WORD_MAX = 32 };

static const struct table_column COLUMNS[] = {{"KEYSPACE", false}, {"FINDING", false},
    {"AGE", true}, {"ACTION", false}, {"KEY", false}, {"WHY", false}};

static void add_action(struct table *t, const cJSON *finding)
{
    if (json_true(finding, "removed"))
        table_add(t, SAY_GREEN, "removed", WORD_MAX);
    else if (json_true(finding, "repaired"))
        table_add(t, SAY_GREEN, "repaired", WORD_MAX);
    else if (json_true(finding, "removable"))
        table_add(t, SAY_YELLOW, "removable", WORD_MAX);
    else
        table_add(t, SAY_PLAIN, "kept", WORD_MAX);
}

static void add_finding(struct table *t, const cJSON *finding)
{
    char span[SPAN_TEXT_MAX];
    usec_t age;
    table_add(t, SAY_PLAIN, json_text(finding, "keyspace"), WORD_MAX);
    table_add(t, SAY_PLAIN, json_text(finding, "finding"), WORD_MAX);
    table_add(t, SAY_PLAIN, json_count(finding, "age_usec", &age) ? span_show(age, span) : NULL,
        WORD_MAX);
    add_action(t, finding);
    table_add(t, SAY_PLAIN, json_text(finding, "key"), KEY_MAX);
    table_add(t, SAY_DIM, json_text(finding, "reason"), REASON_MAX);
}

void view_sweep(const struct cli *cli, const cJSON *result, struct strbuf *out)
{
    struct table t;
    table_init(&t, COLUMNS, sizeof COLUMNS / sizeof *COLUMNS);
    const cJSON *finding;
    cJSON_ArrayForEach(finding, json_get(result, "findings")) add_finding(&t, finding);
    if (t.n_cells > 0) {
        table_write(&t, out, cli->color);
        strbuf_addc(out, '\n');
    }
    if (t.failed)
        strbuf_adds(out, "(memory ran out: there are more findings)\n");
    table_fini(&t);
}

void view_sweep_print(const struct cli *cli, const cJSON *result)
{
    struct strbuf out = STRBUF_INIT;
    view_sweep(cli, result, &out);
    say_print(&out);
}
