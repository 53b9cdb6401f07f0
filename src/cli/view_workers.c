/* Workers as a table, and what is wrong with those that are not well. */
#include "cli/json.h"
#include "cli/say.h"
#include "cli/table.h"
#include "cli/view.h"

#include <string.h>

enum { WORD_MAX = 16, REASON_MAX = 200 };

static const struct table_column COLUMNS[] = {
    {"WORKER", false},
    {"STATE", false},
    {"HEALTH", false},
    {"PID", true},
    {"UP", true},
    {"RESTARTS", true},
    {"CONNS", true},
    {"MEMORY", true},
    {"GEN", true},
    {"RELEASE", false},
    {"LINES", true},
    {"DROPPED", true},
};

enum {
    COLUMNS_NARROW = 3,
    COLUMNS_BRIEF = 8,
    COLUMNS_FULL = sizeof COLUMNS / sizeof *COLUMNS,
    BRIEF_WIDTH = 68, /* what those take in the widest case that is not odd */
};

static bool is(const cJSON *worker, const char *member, const char *value)
{
    const char *text = json_text(worker, member);
    return text && strcmp(text, value) == 0;
}

static void add_count(struct table *t, const cJSON *worker, const char *member)
{
    uint64_t n;
    struct strbuf text = STRBUF_INIT;
    if (json_count(worker, member, &n))
        strbuf_addf(&text, "%llu", (unsigned long long)n);
    table_add(t, SAY_PLAIN, text.len ? strbuf_text(&text) : NULL, WORD_MAX);
    strbuf_fini(&text);
}

static void add_uptime(struct table *t, const cJSON *worker)
{
    usec_t up;
    char span[SPAN_TEXT_MAX];
    bool known = json_count(worker, "uptime_usec", &up);
    if (known && up > USEC_PER_SEC)
        up -= up % USEC_PER_SEC; /* nobody reads milliseconds here */
    table_add(t, SAY_PLAIN, known ? span_show(up, span) : NULL, WORD_MAX);
}

static void add_memory(struct table *t, const cJSON *worker)
{
    uint64_t bytes;
    struct strbuf text = STRBUF_INIT;
    if (json_count(worker, "rss_bytes", &bytes))
        say_size(&text, bytes);
    table_add(t, SAY_PLAIN, text.len ? strbuf_text(&text) : NULL, WORD_MAX);
    strbuf_fini(&text);
}

static enum say_color state_color(const cJSON *worker)
{
    if (json_true(worker, "looping"))
        return SAY_RED;
    if (is(worker, "state", "serving") || is(worker, "state", "standby"))
        return SAY_GREEN;
    return is(worker, "state", "gone") || is(worker, "state", "killed") ? SAY_RED : SAY_YELLOW;
}

static void add_worker(struct table *t, const cJSON *worker, size_t n_columns)
{
    bool degraded = json_true(worker, "degraded");
    const char *health = degraded ? "degraded" : json_text(worker, "health");
    enum say_color color = SAY_YELLOW;
    if (!degraded && is(worker, "health", "healthy"))
        color = SAY_GREEN;
    else if (is(worker, "health", "failed"))
        color = SAY_RED;
    add_count(t, worker, "slot");
    table_add(t, state_color(worker), json_text(worker, "state"), WORD_MAX);
    table_add(t, health ? color : SAY_PLAIN, health, WORD_MAX);
    if (n_columns == COLUMNS_NARROW)
        return;
    add_count(t, worker, "pid");
    add_uptime(t, worker);
    add_count(t, worker, "restarts");
    add_count(t, worker, "connections");
    add_memory(t, worker);
    if (n_columns == COLUMNS_BRIEF)
        return;
    add_count(t, worker, "generation");
    table_add(t, SAY_PLAIN, json_text(worker, "release"), WORD_MAX);
    add_count(t, worker, "lines");
    add_count(t, worker, "lines_dropped");
}

static void begin_note(struct strbuf *note)
{
    strbuf_adds(note, note->len ? "; " : "");
}

/* Why a worker is not what it should be, in the order in which one asks. */
static void describe(const cJSON *worker, struct strbuf *note)
{
    uint64_t n;
    char span[SPAN_TEXT_MAX];
    const char *text = json_text(worker, "exit");
    bool serving = is(worker, "state", "serving");
    if (!serving && text)
        say_word(note, text, REASON_MAX);
    if (json_count(worker, "failures_in_row", &n) && n > 0) {
        begin_note(note);
        say_number(note, n, "failure", "failures");
        strbuf_adds(note, json_true(worker, "looping") ? " in a row (crash loop)" : " in a row");
    }
    if (json_count(worker, "retry_in_usec", &n)) {
        begin_note(note);
        strbuf_addf(note, "next try in %s", span_format(n - n % USEC_PER_SEC, span));
    }
}

static void describe_probe(const cJSON *worker, struct strbuf *note)
{
    const char *outcome = json_text(worker, "last_probe.outcome");
    const char *reason = json_text(worker, "last_probe.reason");
    if (!outcome || strcmp(outcome, "pass") == 0)
        return;
    strbuf_adds(note, note->len ? "\n  " : "");
    strbuf_adds(note, "last probe: ");
    say_word(note, reason ? reason : outcome, REASON_MAX);
}

static void describe_words(const cJSON *worker, struct strbuf *note)
{
    const char *status = json_text(worker, "says.status");
    if (!status)
        return;
    strbuf_adds(note, note->len ? "\n  " : "");
    strbuf_adds(note, "says: ");
    say_word(note, status, REASON_MAX);
}

static void write_notes(const cJSON *workers, struct strbuf *out)
{
    const cJSON *worker;
    cJSON_ArrayForEach(worker, workers)
    {
        uint64_t slot;
        struct strbuf note = STRBUF_INIT;
        describe(worker, &note);
        describe_probe(worker, &note);
        describe_words(worker, &note);
        if (note.len && json_count(worker, "slot", &slot))
            strbuf_addf(out, "worker %llu: %s\n", (unsigned long long)slot, strbuf_text(&note));
        strbuf_fini(&note);
    }
}

void view_worker_table(const struct cli *cli, const cJSON *workers, bool full, struct strbuf *out)
{
    struct table t;
    bool narrow = cli->columns > 0 && cli->columns < BRIEF_WIDTH;
    size_t n_columns = full ? COLUMNS_FULL : narrow ? COLUMNS_NARROW : COLUMNS_BRIEF;
    table_init(&t, COLUMNS, n_columns);
    const cJSON *worker;
    cJSON_ArrayForEach(worker, workers) add_worker(&t, worker, n_columns);
    if (t.n_cells > 0)
        table_write(&t, out, cli->color);
    else
        strbuf_adds(out, "no workers\n");
    table_fini(&t);
    write_notes(workers, out);
}

void view_workers(const struct cli *cli, const cJSON *answer, struct strbuf *out)
{
    const cJSON *workers = json_get(answer, "workers");
    const cJSON *list = json_get(workers, "list");
    view_worker_table(cli, list ? list : workers, true, out);
}
