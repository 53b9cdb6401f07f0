/* `voxkeeper logs`: out of the journal, or where there is none out of the daemon's memory. */
#include "base/timestamp.h"
#include "cli/api.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/since.h"
#include "cli/view.h"
#include "io/journal/journal_reader.h"
#include "voxkeeper/control.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define UNIT_DEFAULT "voxkeeper.service"

/* How often one asks for more, and whether anybody still reads. */
#define JOURNAL_WAIT (2 * USEC_PER_SEC)
enum { RING_WAIT_MSEC = 250, LINES_DEFAULT = 100, RING_LINES_MAX = 2000 };

struct logs {
    const struct cli *cli;
    const struct cli_args *args;
    usec_t since;
    char unit[256];
    char boot[64]; /* of the daemon whose lines are numbered; "": none has answered yet */
    uint64_t after;
};

static void print_line(const struct logs *l, const cJSON *line)
{
    struct strbuf out = STRBUF_INIT;
    char *text = l->cli->json ? cJSON_PrintUnformatted(line) : NULL;
    if (text)
        strbuf_addf(&out, "%s\n", text);
    else
        view_log_line(line, l->cli->color, &out);
    cJSON_free(text);
    say_print(&out);
}

/* False once nobody reads what we write: a pipe says so only when it is asked. */
static bool has_reader(int wait_msec)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    if (fflush(stdout) != 0)
        return false;
    return poll(&out, 1, wait_msec) <= 0 || !(out.revents & (POLLERR | POLLHUP));
}

static int print_journal(const struct logs *l, struct journal_reader *r, struct err *e)
{
    struct strbuf text = STRBUF_INIT;
    int n;
    while ((n = journal_reader_next(r, &text, e)) > 0) {
        cJSON *line = cJSON_ParseWithLength(strbuf_text(&text), text.len);
        if (line)
            print_line(l, line);
        cJSON_Delete(line);
        strbuf_reset(&text);
    }
    strbuf_fini(&text);
    return n;
}

/* Returns an enum vk_exit, or -1 and has set *e: there is no record of it. */
static int show_journal(const struct logs *l, struct err *e)
{
    const struct cli_args *args = l->args;
    const struct journal_query query = {.unit = l->unit,
        .worker = args->worker,
        .event = args->event,
        .since_wall = l->since,
        .lines = args->lines};
    struct journal_reader *r = journal_reader_new(&query, e);
    if (!r)
        return -1;
    int n = print_journal(l, r, e);
    while (n == 0 && args->follow && has_reader(0)) {
        n = journal_reader_wait(r, JOURNAL_WAIT, e);
        if (n == 0)
            n = print_journal(l, r, e);
    }
    journal_reader_free(r);
    return n < 0 ? api_fail(l->cli, VK_EXIT_FAILED, "journal", "%s", e->msg) : VK_EXIT_DONE;
}

static void write_path(const struct logs *l, uint64_t limit, struct strbuf *path)
{
    char since[TIMESTAMP_TEXT_MAX];
    strbuf_addf(path, VK_API_LOGS "?limit=%" PRIu64, limit);
    if (l->boot[0])
        strbuf_addf(path, "&after=%" PRIu64, l->after);
    if (l->since > 0)
        strbuf_addf(path, "&since=%s", timestamp_format(l->since, since));
    if (l->args->worker)
        strbuf_addf(path, "&worker=%s", l->args->worker);
    if (l->args->event)
        strbuf_addf(path, "&event=%s", l->args->event);
}

static void ask(const struct logs *l, uint64_t limit, struct api_answer *out)
{
    struct strbuf path = STRBUF_INIT;
    write_path(l, limit, &path);
    api_call(l->cli, "GET", strbuf_text(&path), NULL, out);
    strbuf_fini(&path);
}

/* Takes note of where the next answer begins. True if it begins with what another process says. */
static bool take_place(struct logs *l, const cJSON *answer)
{
    const char *boot = json_text(answer, "boot");
    bool is_new = boot && l->boot[0] && strcmp(boot, l->boot) != 0;
    uint64_t oldest = 0;
    if (is_new)
        l->after = 0;
    else if (l->boot[0] && json_count(answer, "oldest", &oldest) && oldest > l->after + 1)
        say_error("%" PRIu64 " lines came too quickly and are missing", oldest - l->after - 1);
    if (!is_new)
        json_count(answer, "newest", &l->after);
    snprintf(l->boot, sizeof l->boot, "%s", boot ? boot : "");
    return is_new;
}

static void print_answer(struct logs *l, const cJSON *answer)
{
    const cJSON *line;
    if (take_place(l, answer))
        return;
    cJSON_ArrayForEach(line, json_get(answer, "lines")) print_line(l, line);
}

static bool is_away(const struct api_answer *a)
{
    return a->rc < 0;
}

/* Until Ctrl-C, over restarts of the daemon. */
static int follow_ring(struct logs *l)
{
    bool away = false;
    while (has_reader(RING_WAIT_MSEC)) {
        struct api_answer a;
        ask(l, RING_LINES_MAX, &a);
        if (api_answer_ok(&a)) {
            away = false;
            print_answer(l, a.json);
        } else if (!is_away(&a)) {
            int rc = api_explain(l->cli, &a);
            api_answer_fini(&a);
            return rc;
        } else if (!away) {
            away = true;
            say_error("voxkeeperd does not answer; waiting for the next one");
        }
        api_answer_fini(&a);
    }
    return VK_EXIT_DONE;
}

static int show_ring(struct logs *l)
{
    struct api_answer a;
    ask(l, l->args->lines < RING_LINES_MAX ? l->args->lines : RING_LINES_MAX, &a);
    int rc = VK_EXIT_DONE;
    if (api_answer_ok(&a))
        print_answer(l, a.json);
    else
        rc = api_explain(l->cli, &a);
    api_answer_fini(&a);
    return rc == VK_EXIT_DONE && l->args->follow ? follow_ring(l) : rc;
}

static int explain_nothing(const struct logs *l, const struct api_answer *a, const struct err *e)
{
    if (a->rc < 0)
        return api_fail(l->cli, VK_EXIT_NOT_RUNNING, "no-logs",
            "there are no logs to show: %s; and %s%s", e->msg, a->e.msg,
            geteuid() == 0 ? "" : " (root and group systemd-journal read all of the journal)");
    const char *message = json_text(a->json, "error.message");
    return api_fail(l->cli, VK_EXIT_FAILED, "no-logs",
        "there are no logs to show: %s (group systemd-journal may); voxkeeperd: %s", e->msg,
        message ? message : "it knows no log lines");
}

/* A daemon that writes no journal is the only one that knows; else the journal knows more. */
int cli_logs(const struct cli *cli, const struct cli_args *args)
{
    struct logs l = {.cli = cli, .args = args, .unit = UNIT_DEFAULT};
    struct cli_args counted = *args;
    struct api_answer a;
    struct err e = {0};
    l.args = &counted;
    if (args->since && since_parse(args->since, (usec_t)time(NULL) * USEC_PER_SEC, &l.since) < 0) {
        say_error("--since=%s is neither a time span such as 10min nor a time such as 03:10 or "
                  "\"2026-01-02 03:10\"",
            args->since);
        return VK_EXIT_USAGE;
    }
    if (!args->lines)
        counted.lines = args->since ? UINT64_MAX : LINES_DEFAULT;
    struct logs probe = {.cli = cli, .args = &counted};
    ask(&probe, 0, &a);
    bool ring = api_answer_ok(&a);
    const char *unit = json_text(a.json, "unit");
    if (unit)
        snprintf(l.unit, sizeof l.unit, "%s", unit);
    int rc = ring && !json_true(a.json, "journal") ? -1 : show_journal(&l, &e);
    if (rc < 0)
        rc = ring ? show_ring(&l) : explain_nothing(&l, &a, &e);
    api_answer_fini(&a);
    return rc;
}
