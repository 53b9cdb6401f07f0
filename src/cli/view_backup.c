/* Backup files, and what is in one. */
#include "base/names.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/table.h"
#include "cli/view.h"

#include <string.h>

enum { KEY_MAX = 160, REASON_MAX = 160, WORD_MAX = 64 };

static void add_size(struct table *t, const cJSON *object)
{
    struct strbuf text = STRBUF_INIT;
    uint64_t bytes;
    if (json_count(object, "bytes", &bytes))
        say_size(&text, bytes);
    table_add(t, SAY_PLAIN, text.len > 0 ? strbuf_text(&text) : NULL, WORD_MAX);
    strbuf_fini(&text);
}

static void write_table(struct table *t, const struct cli *cli, struct strbuf *out)
{
    if (t->n_cells > 0)
        table_write(t, out, cli->color);
    if (t->failed)
        strbuf_adds(out, "(memory ran out: there are more)\n");
    table_fini(t);
}

void view_backups(const struct cli *cli, const cJSON *answer, struct strbuf *out)
{
    static const struct table_column columns[] = {
        {"FILE", false}, {"BEGUN", false}, {"SIZE", true}};
    struct table t;
    const cJSON *file;
    const char *directory = json_text(answer, "directory");
    uint64_t total = 0;
    uint64_t bytes = 0;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    cJSON_ArrayForEach(file, json_get(answer, "backups"))
    {
        table_add(&t, SAY_PLAIN, json_text(file, "file"), WORD_MAX);
        table_add(&t, SAY_PLAIN, json_text(file, "at"), WORD_MAX);
        add_size(&t, file);
    }
    write_table(&t, cli, out);
    if (json_count(answer, "total", &total) && total > 0)
        strbuf_addc(out, '\n');
    say_number(out, total, "backup", "backups");
    if (json_count(answer, "bytes", &bytes) && total > 0) {
        strbuf_adds(out, ", ");
        say_size(out, bytes);
    }
    strbuf_adds(out, " in ");
    say_word(out, directory ? directory : "the state directory", KEY_MAX);
    strbuf_addc(out, '\n');
}

/* What a person looks for first is in colour. */
static void add_state(struct table *t, const char *result)
{
    static const struct {
        const char *result;
        const char *shown;
        enum say_color color;
    } states[] = {
        {"restored", "restored", SAY_GREEN},
        {"would-restore", "would restore", SAY_GREEN},
        {"converted", "converted", SAY_GREEN},
        {"exists", "exists", SAY_YELLOW},
        {"refused", "refused", SAY_RED},
        {"failed", "failed", SAY_RED},
    };
    int i = ROWS_FIND(states, result, result);
    if (i >= 0)
        table_add(t, states[i].color, states[i].shown, WORD_MAX);
    else
        table_add(t, SAY_PLAIN, result, WORD_MAX);
}

static void add_key(struct table *t, const cJSON *key)
{
    const char *result = json_text(key, "result");
    const char *expires = json_text(key, "expires");
    const char *error = json_text(key, "error");
    if (result && strcmp(result, "listed") == 0)
        result = json_text(key, "outcome");
    add_state(t, result);
    table_add(t, SAY_PLAIN, json_text(key, "type"), WORD_MAX);
    add_size(t, key);
    table_add(t, SAY_PLAIN, expires ? expires : "never", WORD_MAX);
    table_add(t, SAY_PLAIN, json_text(key, "finding"), WORD_MAX);
    table_add_escaped(t, SAY_PLAIN, json_text(key, "key"), KEY_MAX);
    table_add(t, SAY_DIM, error ? error : json_text(key, "reason"), REASON_MAX);
}

static void add_head(struct strbuf *out, const cJSON *result)
{
    const char *at = json_text(result, "at");
    const char *server = json_text(result, "server");
    const char *version = json_text(result, "redis_version");
    if (!at)
        return;
    strbuf_adds(out, "begun ");
    say_word(out, at, WORD_MAX);
    strbuf_adds(out, ", of Redis ");
    say_word(out, version ? version : "", WORD_MAX);
    strbuf_adds(out, version ? " at " : "at ");
    say_word(out, server ? server : "?", KEY_MAX);
    strbuf_adds(out, "\n\n");
}

void view_backup_print(const struct cli *cli, const cJSON *result)
{
    static const struct table_column columns[] = {{"STATE", false}, {"TYPE", false}, {"SIZE", true},
        {"EXPIRES", false}, {"FINDING", false}, {"KEY", false}, {"WHY", false}};
    struct strbuf out = STRBUF_INIT;
    struct table t;
    const cJSON *key;
    uint64_t all = 0;
    uint64_t listed = 0;
    uint64_t torn_at = 0;
    add_head(&out, result);
    table_init(&t, columns, sizeof columns / sizeof *columns);
    cJSON_ArrayForEach(key, json_get(result, "listed"))
    {
        add_key(&t, key);
        listed++;
    }
    write_table(&t, cli, &out);
    if (json_count(result, "listed_of", &all) && all > listed)
        strbuf_addf(&out, "... and %llu more\n", (unsigned long long)(all - listed));
    if (json_count(result, "torn_at", &torn_at))
        strbuf_addf(&out, "The file is torn after %llu bytes; what is before that is whole.\n",
            (unsigned long long)torn_at);
    if (listed > 0)
        strbuf_addc(&out, '\n');
    say_print(&out);
}
