/* The status page: the first line answers the question that brought somebody here. */
#include "base/names.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/view.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 300, LABEL_WIDTH = 9 };

struct verdict {
    const char *state;
    const char *text;
    enum say_color color;
};

static const struct verdict VERDICTS[] = {
    {"serving", "ANSWERING", SAY_GREEN},
    {"degraded", "ANSWERING, but degraded", SAY_YELLOW},
    {"starting", "NOT YET ANSWERING: it starts", SAY_YELLOW},
    {"draining", "DRAINING: takes no new callers", SAY_YELLOW},
    {"drained", "DRAINED: takes no callers", SAY_YELLOW},
    {"down", "NOT ANSWERING", SAY_RED},
};

static struct verdict verdict_of(const cJSON *status)
{
    const char *state = json_text(status, "state");
    int i = ROWS_FIND(VERDICTS, state, state);
    if (i >= 0)
        return VERDICTS[i];
    if (json_true(status, "ready"))
        return (struct verdict){NULL, "ANSWERING", SAY_GREEN};
    if (json_false(status, "ready"))
        return (struct verdict){NULL, "NOT READY", SAY_RED};
    return (struct verdict){NULL, "voxkeeperd does not say whether it answers", SAY_YELLOW};
}

static void begin_line(struct strbuf *out, const char *label)
{
    strbuf_addf(out, "%-*s  ", (int)LABEL_WIDTH, label);
}

/* "on [::]:3004, /run/a.sock" */
static void add_listen(const cJSON *status, struct strbuf *out)
{
    const char *separator = " on ";
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(status, "agent.listen"))
    {
        if (!cJSON_IsString(item))
            continue;
        strbuf_adds(out, separator);
        say_word(out, item->valuestring, TEXT_MAX);
        separator = ", ";
    }
}

static void write_headline(const struct cli *cli, const cJSON *status, struct strbuf *out)
{
    struct verdict verdict = verdict_of(status);
    const char *name = json_text(status, "agent.name");
    const char *why = json_text(status, "why");
    const char *state = json_text(status, "state");
    char count[64] = "";
    uint64_t wanted, serving;
    say_word(out, name ? name : "agent", TEXT_MAX);
    strbuf_adds(out, ": ");
    say_colored(out, cli->color, verdict.color, verdict.text);
    if (json_count(status, "workers.serving", &serving) &&
        json_count(status, "workers.wanted", &wanted) && wanted > 0) {
        snprintf(count, sizeof count, "%llu of %llu %s", (unsigned long long)serving,
            (unsigned long long)wanted, wanted == 1 ? "worker serves" : "workers serve");
        strbuf_addf(out, ", %s", count);
    }
    add_listen(status, out);
    strbuf_addc(out, '\n');
    /* When all is well, or the verdict says it already, there is nothing to explain. */
    bool said = state && (strcmp(state, "serving") == 0 || (why && strcmp(state, why) == 0));
    if (why && !said && strcmp(why, count) != 0) {
        strbuf_adds(out, "  ");
        say_safe(out, why, "  ");
        strbuf_addc(out, '\n');
    }
}

/* Null is a number that could not be had; what needs Redis is left out where there is none. */
static void add_callers_kind(const cJSON *callers, const char *kind, const char *one,
    const char *many, const char *separator, struct strbuf *out)
{
    uint64_t n;
    if (!json_get(callers, kind))
        return;
    strbuf_adds(out, separator);
    if (json_count(callers, kind, &n))
        say_number(out, n, one, many);
    else
        strbuf_addf(out, "%s unknown", many);
}

/* "1 pending task (5min ago)": what is in Redis is counted now and then. */
static void add_age(const cJSON *callers, const char *label, struct strbuf *out)
{
    usec_t age;
    char span[SPAN_TEXT_MAX];
    if (json_count(callers, label, &age) && age >= USEC_PER_MIN)
        strbuf_addf(out, " (%s ago)", span_format(age / USEC_PER_MIN * USEC_PER_MIN, span));
}

/* Of two numbers that are missing for one reason it is said once. */
static void write_unknown(const cJSON *callers, struct strbuf *out)
{
    const char *tasks = json_text(callers, "tasks_why");
    const char *sessions = json_text(callers, "sessions_why");
    bool both = tasks && sessions && tasks[0] && strcmp(tasks, sessions) == 0;
    if (tasks && tasks[0]) {
        begin_line(out, "");
        strbuf_adds(out, both ? "tasks, sessions: " : "tasks: ");
        say_word(out, tasks, TEXT_MAX);
        strbuf_addc(out, '\n');
    }
    if (sessions && sessions[0] && !both) {
        begin_line(out, "");
        strbuf_adds(out, "sessions: ");
        say_word(out, sessions, TEXT_MAX);
        strbuf_addc(out, '\n');
    }
}

static void write_callers(const cJSON *status, struct strbuf *out)
{
    const cJSON *callers = json_get(status, "callers");
    if (!callers)
        return;
    begin_line(out, "Callers");
    add_callers_kind(callers, "connections", "connection", "connections", "", out);
    if (!cJSON_IsNull(json_get(status, "dependency.redis"))) {
        add_callers_kind(callers, "tasks", "pending task", "pending tasks", ", ", out);
        add_age(callers, "tasks_age_usec", out);
        add_callers_kind(callers, "sessions", "active session", "active sessions", ", ", out);
        add_age(callers, "sessions_age_usec", out);
    }
    strbuf_addc(out, '\n');
    write_unknown(callers, out);
}

static void write_drain(const cJSON *status, struct strbuf *out)
{
    const char *state = json_text(status, "drain.state");
    uint64_t waiting;
    usec_t left;
    char span[SPAN_TEXT_MAX];
    if (!state || strcmp(state, "open") == 0 || strcmp(state, "drained") == 0)
        return;
    begin_line(out, "Drain");
    say_word(out, state, TEXT_MAX);
    if (json_count(status, "drain.waiting_for", &waiting)) {
        strbuf_adds(out, " for ");
        say_number(out, waiting, "caller", "callers");
    }
    if (json_count(status, "drain.left_usec", &left))
        strbuf_addf(out, ", %s left", span_format(left, span));
    strbuf_addc(out, '\n');
}

/* "3, asked for by root: lunch; Workers=2" */
static void write_scale(const cJSON *status, struct strbuf *out)
{
    const cJSON *scale = json_get(status, "workers.scale");
    const char *author = json_text(scale, "author");
    const char *reason = json_text(scale, "reason");
    uint64_t n, configured;
    if (!json_count(scale, "workers", &n) ||
        !json_count(status, "workers.configured", &configured) || n == configured)
        return;
    begin_line(out, "Scaled");
    strbuf_addf(out, "to %llu", (unsigned long long)n);
    if (author) {
        strbuf_adds(out, " by ");
        say_word(out, author, TEXT_MAX);
    }
    if (reason && reason[0]) {
        strbuf_adds(out, ": ");
        say_word(out, reason, TEXT_MAX);
    }
    strbuf_addf(out, " (Workers=%llu)\n", (unsigned long long)configured);
}

static void write_rollout(const cJSON *status, struct strbuf *out)
{
    struct strbuf text = STRBUF_INIT;
    view_rollout_brief(json_get(status, "rollout"), &text);
    if (text.len > 0) {
        begin_line(out, "Rollout");
        strbuf_addf(out, "%s\n", strbuf_text(&text));
    } else if (json_true(status, "restart.running")) {
        begin_line(out, "Restart");
        strbuf_adds(out, "under way\n");
    }
    strbuf_fini(&text);
}

static void write_redis(const struct cli *cli, const cJSON *status, struct strbuf *out)
{
    const cJSON *redis = json_get(status, "dependency.redis");
    const char *state = json_text(redis, "state");
    const char *address = json_text(redis, "address");
    const char *why = json_text(redis, "why");
    usec_t ping;
    char span[SPAN_TEXT_MAX];
    if (!state)
        return;
    bool up = strcmp(state, "up") == 0;
    struct strbuf word = STRBUF_INIT;
    say_word(&word, state, TEXT_MAX);
    begin_line(out, "Redis");
    say_colored(out, cli->color, up ? SAY_GREEN : SAY_RED, strbuf_text(&word));
    strbuf_fini(&word);
    if (address) {
        strbuf_adds(out, " at ");
        say_word(out, address, TEXT_MAX);
    }
    if (up && json_count(redis, "ping_usec", &ping))
        strbuf_addf(out, ", ping %s", span_show(ping, span));
    if (!up && why) {
        strbuf_adds(out, ": ");
        say_word(out, why, TEXT_MAX);
    }
    strbuf_addc(out, '\n');
}

/* "2026-11-22T13:20:18Z: 12040 keys seen, 2 stale, 2 removed" */
static void add_last_sweep(const cJSON *last, struct strbuf *out)
{
    const char *at = json_text(last, "at");
    const char *error = json_text(last, "error");
    uint64_t n;
    if (!at)
        return;
    strbuf_adds(out, json_true(last, "dry_run") ? "; last looked " : "; last ");
    say_word(out, at, TEXT_MAX);
    if (json_count(last, "keys_seen", &n)) {
        strbuf_adds(out, ": ");
        say_number(out, n, "key", "keys");
        strbuf_adds(out, " seen");
    }
    const cJSON *found;
    cJSON_ArrayForEach(found, json_get(last, "found"))
    {
        if (!cJSON_IsNumber(found) || found->valuedouble <= 0 || strcmp(found->string, "fine") == 0)
            continue;
        strbuf_addf(out, ", %.0f ", found->valuedouble);
        say_word(out, found->string, TEXT_MAX);
    }
    if (json_count(last, "removed", &n))
        strbuf_addf(out, ", %llu removed", (unsigned long long)n);
    if (error) {
        strbuf_adds(out, ", failed: ");
        say_word(out, error, TEXT_MAX);
    }
}

static void write_sweep(const cJSON *status, struct strbuf *out)
{
    const char *state = json_text(status, "sweep.state");
    if (!state)
        return;
    begin_line(out, "Sweep");
    say_word(out, state, TEXT_MAX);
    add_last_sweep(json_get(status, "sweep.last"), out);
    strbuf_addc(out, '\n');
}

static void add_fact(struct strbuf *out, const char **separator, const char *name, const char *text)
{
    if (!text)
        return;
    strbuf_addf(out, "%s%s%s", *separator, name, name[0] ? " " : "");
    say_word(out, text, TEXT_MAX);
    *separator = ", ";
}

static void write_daemon(const cJSON *status, struct strbuf *out)
{
    uint64_t pid;
    usec_t up;
    char span[SPAN_TEXT_MAX];
    const char *separator = "";
    if (json_text(status, "agent.release") || json_text(status, "agent.handover")) {
        begin_line(out, "Agent");
        add_fact(out, &separator, "release", json_text(status, "agent.release"));
        add_fact(out, &separator, "handover", json_text(status, "agent.handover"));
        const char *why = json_text(status, "agent.handover_why");
        if (why && why[0])
            strbuf_addf(out, " (%s)", why);
        strbuf_addc(out, '\n');
    }
    separator = "";
    begin_line(out, "Daemon");
    add_fact(out, &separator, "voxkeeperd", json_text(status, "daemon.version"));
    if (json_count(status, "daemon.pid", &pid)) {
        strbuf_addf(out, "%sPID %llu", separator, (unsigned long long)pid);
        separator = ", ";
    }
    if (json_count(status, "daemon.uptime_usec", &up))
        strbuf_addf(out, "%sup %s", separator, span_format(up - up % USEC_PER_SEC, span));
    strbuf_addc(out, '\n');
    separator = "";
    if (json_text(status, "config.path")) {
        begin_line(out, "Config");
        add_fact(out, &separator, "", json_text(status, "config.path"));
        add_fact(out, &separator, "loaded", json_text(status, "config.loaded_at"));
        strbuf_addc(out, '\n');
    }
}

void view_status(const struct cli *cli, const cJSON *status, struct strbuf *out)
{
    write_headline(cli, status, out);
    const cJSON *workers = json_get(status, "workers.list");
    if (workers) {
        strbuf_addc(out, '\n');
        view_worker_table(cli, workers, false, out);
    }
    view_incidents_brief(json_get(status, "incidents"), cli->color, out);
    strbuf_addc(out, '\n');
    write_callers(status, out);
    write_drain(status, out);
    write_scale(status, out);
    write_rollout(status, out);
    write_redis(cli, status, out);
    write_sweep(status, out);
    view_alerts_brief(json_get(status, "alerts"), cli->color, out);
    write_daemon(status, out);
    view_advice(status, cli->color, out);
}
