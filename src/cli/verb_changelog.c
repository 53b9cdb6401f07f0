/* `voxkeeper changelog`: looks, or adds. */
#include "base/timestamp.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/operation.h"
#include "cli/say.h"
#include "cli/since.h"
#include "cli/table.h"
#include "cli/view.h"
#include "voxkeeper/control.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* LIMIT_SINCE: the most that is answered. */
enum { WORD_MAX = 64, TEXT_MAX = 400, LIMIT = 50, LIMIT_SINCE = 1000 };

/* What somebody did to the file since. */
static void view_damage(const struct cli *cli, const cJSON *answer, struct strbuf *out)
{
    struct strbuf text = STRBUF_INIT;
    uint64_t faults = 0;
    json_count(answer, "faults", &faults);
    if (faults > 0)
        strbuf_addf(
            &text, "\n%" PRIu64 " line%s tampered with. ", faults, faults > 1 ? "s were" : " was");
    if (json_true(answer, "end_missing"))
        strbuf_adds(&text, "\nThe latest entries were taken off its end. ");
    if (text.len > 0)
        strbuf_adds(&text, "What was written: journalctl VOXKEEPER_EVENT=change-recorded\n");
    say_colored(out, cli->color, SAY_RED, strbuf_text(&text));
    strbuf_fini(&text);
}

/* The text, and what is wrong with the line. */
static void add_text(struct table *t, const cJSON *change)
{
    const char *text = json_text(change, "text");
    const char *fault = json_text(change, "fault");
    struct strbuf both = STRBUF_INIT;
    strbuf_addf(&both, "%s%s%s%s", fault ? "(" : "", fault ? fault : "", fault ? ") " : "",
        text ? text : "");
    table_add(t, SAY_PLAIN, strbuf_text(&both), TEXT_MAX);
    strbuf_fini(&both);
}

static void view_changelog(const struct cli *cli, const cJSON *answer, struct strbuf *out)
{
    static const struct table_column columns[] = {
        {"TIME", false}, {"KIND", false}, {"AUTHOR", false}, {"WHAT", false}, {"WHY", false}};
    struct table t;
    const cJSON *change;
    const char *file = json_text(answer, "file");
    table_init(&t, columns, sizeof columns / sizeof *columns);
    cJSON_ArrayForEach(change, json_get(answer, "changes"))
    {
        bool tampered = json_true(change, "tampered");
        table_add(&t, SAY_DIM, json_text(change, "time"), WORD_MAX);
        table_add(&t, tampered ? SAY_RED : SAY_PLAIN,
            tampered ? "TAMPERED WITH" : json_text(change, "kind"), WORD_MAX);
        table_add(&t, SAY_PLAIN, json_text(change, "author"), WORD_MAX);
        add_text(&t, change);
        table_add(&t, SAY_PLAIN, json_text(change, "reason"), TEXT_MAX);
    }
    if (t.n_cells > 0)
        table_write(&t, out, cli->color);
    else
        strbuf_adds(out, "no such change\n");
    if (t.failed)
        strbuf_adds(out, "(memory ran out: there are more)\n");
    table_fini(&t);
    view_damage(cli, answer, out);
    strbuf_adds(out,
        json_true(answer, "more") ? "\nOlder ones are in the whole log: " : "\nThe whole log: ");
    say_word(out, file ? file : "changelog.jsonl in the state directory", TEXT_MAX);
    strbuf_addc(out, '\n');
}

/* As it goes into a URL. */
static void add_query(struct strbuf *path, const char *name, const char *value)
{
    if (!value)
        return;
    strbuf_addf(path, "&%s=", name);
    for (; *value; value++) {
        bool plain =
            strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", *value);
        if (plain)
            strbuf_addc(path, *value);
        else
            strbuf_addf(path, "%%%02X", (unsigned char)*value);
    }
}

static int show(const struct cli *cli, const struct cli_args *args)
{
    char time_text[TIMESTAMP_TEXT_MAX];
    struct strbuf path = STRBUF_INIT;
    usec_t since = 0;
    if (args->since && since_parse(args->since, (usec_t)time(NULL) * USEC_PER_SEC, &since) < 0) {
        say_error("--since=%s is neither a time span such as 10min nor a time such as 03:10",
            args->since);
        return VK_EXIT_USAGE;
    }
    uint64_t limit = args->lines > 0 ? args->lines : since > 0 ? LIMIT_SINCE : LIMIT;
    strbuf_addf(&path, VK_API_CHANGELOG "?limit=%" PRIu64, limit);
    add_query(&path, "since", since > 0 ? timestamp_format(since, time_text) : NULL);
    add_query(&path, "author", args->author);
    add_query(&path, "kind", args->kind);
    int rc = cli_show(cli, strbuf_text(&path), NULL, view_changelog);
    strbuf_fini(&path);
    return rc;
}

int cli_changelog(const struct cli *cli, const struct cli_args *args)
{
    if (!args->operand)
        return show(cli, args);
    if (strcmp(args->operand, "add") != 0) {
        say_error("\"%s\" is nothing that the change log can do; it is: add TEXT", args->operand);
        return VK_EXIT_USAGE;
    }
    if (!args->second || !args->second[0]) {
        say_error("`changelog add` needs a text that says what was changed");
        return VK_EXIT_USAGE;
    }
    return cli_ask_text(cli, args, "changelog add", VK_API_CHANGELOG, args->second);
}
