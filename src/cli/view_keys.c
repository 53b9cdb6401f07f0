/* Sessions and tasks as a table. */
#include "cli/json.h"
#include "cli/say.h"
#include "cli/table.h"
#include "cli/view.h"

enum { KEY_MAX = 160, OWNER_MAX = 80, WHY_MAX = 160, WORD_MAX = 32 };

static const struct table_column COLUMNS[] = {{"KEYSPACE", false}, {"STATE", false}, {"AGE", true},
    {"TTL", true}, {"CONVERSATION", false}, {"KEY", false}, {"WHY", false}};

static void add_span(struct table *t, const cJSON *key, const char *member, const char *none)
{
    char text[SPAN_TEXT_MAX];
    usec_t span;
    if (json_count(key, member, &span))
        none = span_format(span < USEC_PER_SEC ? span : span - span % USEC_PER_SEC, text);
    table_add(t, SAY_PLAIN, none, WORD_MAX);
}

static void add_key(struct table *t, const cJSON *key)
{
    bool stuck = json_true(key, "stuck");
    table_add(t, SAY_PLAIN, json_text(key, "keyspace"), WORD_MAX);
    table_add(t, stuck ? SAY_YELLOW : SAY_PLAIN, json_text(key, "state"), WORD_MAX);
    add_span(t, key, "age_usec", NULL);
    add_span(t, key, "ttl_usec", "none");
    table_add_escaped(t, SAY_PLAIN, json_text(key, "conversation"), OWNER_MAX);
    table_add_escaped(t, SAY_PLAIN, json_text(key, "key"), KEY_MAX);
    table_add(t, SAY_DIM, json_text(key, "reason"), WHY_MAX);
}

void view_keys_print(const struct cli *cli, const cJSON *result)
{
    struct table t;
    struct strbuf out = STRBUF_INIT;
    const cJSON *key;
    table_init(&t, COLUMNS, sizeof COLUMNS / sizeof *COLUMNS);
    cJSON_ArrayForEach(key, json_get(result, "keys")) add_key(&t, key);
    if (t.n_cells > 0) {
        table_write(&t, &out, cli->color);
        strbuf_addc(&out, '\n');
    }
    if (t.failed)
        strbuf_adds(&out, "(memory ran out: there are more keys)\n");
    table_fini(&t);
    say_print(&out);
}
