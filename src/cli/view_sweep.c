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
    table_add_escaped(t, SAY_PLAIN, json_text(finding, "key"), KEY_MAX);
    table_add(t, SAY_DIM, json_text(finding, "reason"), REASON_MAX);
}

static const struct table_column KINDS[] = {
    {"KEYSPACE", false}, {"FINDING", false}, {"KEYS", true}};

static void add_kinds(struct table *t, const cJSON *keyspace)
{
    const cJSON *kind;
    cJSON_ArrayForEach(kind, json_get(keyspace, "found"))
    {
        char number[32];
        bool fine = strcmp(kind->string, "fine") == 0;
        if (!cJSON_IsNumber(kind) || strcmp(kind->string, "gone") == 0)
            continue;
        snprintf(number, sizeof number, "%.0f", kind->valuedouble);
        table_add(t, SAY_PLAIN, json_text(keyspace, "name"), WORD_MAX);
        table_add(t, fine ? SAY_DIM : SAY_PLAIN, kind->string, WORD_MAX);
        table_add(t, SAY_PLAIN, number, WORD_MAX);
    }
}

/* How many of each kind, by keyspace. */
static void view_kinds(const struct cli *cli, const cJSON *result, struct strbuf *out)
{
    struct table t;
    const cJSON *keyspace;
    table_init(&t, KINDS, sizeof KINDS / sizeof *KINDS);
    cJSON_ArrayForEach(keyspace, json_get(result, "keyspaces")) add_kinds(&t, keyspace);
    if (t.n_cells > 0) {
        table_write(&t, out, cli->color);
        strbuf_addc(out, '\n');
    }
    table_fini(&t);
}

/* Of each kind only the first ones are listed. */
static void say_how_many_more(const cJSON *result, struct strbuf *out)
{
    uint64_t total;
    uint64_t shown = (uint64_t)cJSON_GetArraySize(json_get(result, "findings"));
    if (json_count(result, "findings_total", &total) && total > shown)
        strbuf_addf(out, "and %llu more, not listed\n\n", (unsigned long long)(total - shown));
}

static void add_sweep(const struct cli *cli, const cJSON *result, struct strbuf *out)
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
    say_how_many_more(result, out);
    view_kinds(cli, result, out);
}

void view_sweep_print(const struct cli *cli, const cJSON *result)
{
    struct strbuf out = STRBUF_INIT;
    add_sweep(cli, result, &out);
    say_print(&out);
}
