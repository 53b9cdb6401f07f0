/* When sweeps run, and what is told of them. */
#include "daemon/sweep/sweeps.h"

#include "base/log.h"
#include "base/strbuf.h"
#include "base/timestamp.h"
#include "core/event.h"
#include "core/json_scan.h"
#include "core/limits.h"
#include "daemon/sweep/sweep_consent.h"
#include "daemon/sweep/sweep_report.h"
#include "daemon/sweep/sweeper.h"
#include "daemon/verbs/operation.h"
#include "io/files/backup_store.h"
#include "io/files/recent_lines.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How often a person who waits is told how far it is: by a bar, and in words. */
#define BAR_INTERVAL (250 * USEC_PER_MSEC)
#define WORDS_INTERVAL (5 * USEC_PER_SEC)

struct sweeps {
    struct loop *loop;
    struct sweeper *sweeper;
    const struct config *config;
    struct timer *timer;
    struct timer *ticker; /* while somebody waits */
    usec_t words_at;      /* of the next line for whoever waits */
    bool running;         /* a sweep of ours; a census or a list is none */
    bool stopped;
    bool due; /* its time came while Redis was away or the sweeper busy */
    struct sweep_consent consent;
    struct operation *op; /* who waits for the sweep under way; NULL: nobody */
    struct cJSON *findings;
    unsigned n_findings;
    unsigned n_of[SWEEP_FINDING_COUNT];
    struct cJSON *last; /* summary of the latest sweep */
    struct recent_lines *history;
};

static void on_timer(void *arg);
static void on_tick(void *arg);

static void arm(struct sweeps *s)
{
    usec_t interval = s->config->sweep.interval;
    if (s->stopped || interval == USEC_INFINITY)
        timer_disarm(s->timer);
    else
        timer_arm(s->timer, usec_add(loop_now(), interval));
}

static void open_history(struct sweeps *s)
{
    struct err e;
    struct strbuf path = STRBUF_INIT;
    strbuf_addf(&path, "%s/sweeps.jsonl", s->config->admin.state_directory);
    s->history = recent_lines_open(strbuf_text(&path), LIMIT_SWEEP_HISTORY, &e);
    if (!s->history)
        abort();
    if (e.code < 0)
        log_printf(LOG_LEVEL_WARNING, "%s; the sweeps from before are not shown", e.msg);
    /* What a restart finds of the last one, is the last one. */
    size_t n = recent_lines_count(s->history);
    s->last = n > 0 ? cJSON_Parse(recent_lines_get(s->history, n - 1)) : NULL;
    strbuf_fini(&path);
}

struct sweeps *sweeps_new(struct loop *l, struct sweeper *sweeper, const struct config *config)
{
    struct sweeps *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->loop = l;
    s->sweeper = sweeper;
    s->config = config;
    s->timer = timer_new(l, on_timer, s);
    s->ticker = timer_new(l, on_tick, s);
    open_history(s);
    return s;
}

void sweeps_free(struct sweeps *s)
{
    if (!s)
        return;
    /* The sweep ends with its sweeper; who waits for it must not wait for ever. */
    operation_end(s->op, OPERATION_FAILED, "the sweep was cut short: its Redis is no longer ours");
    timer_free(s->timer);
    timer_free(s->ticker);
    recent_lines_free(s->history);
    cJSON_Delete(s->findings);
    cJSON_Delete(s->last);
    free(s);
}

static void set_backup(struct sweeper *sweeper, const struct config *config)
{
    const struct backup_keeping keep = {
        config->sweep.backup_retention, config->sweep.backup_max_size};
    struct strbuf directory = STRBUF_INIT;
    backup_store_directory(config->admin.state_directory, &directory);
    sweeper_set_backup(sweeper, config->sweep.backup, strbuf_text(&directory), &keep);
    strbuf_fini(&directory);
}

int sweeps_configure(struct sweeps *s, const struct config *config, struct err *e)
{
    int r = sweeper_configure(s->sweeper, config->keyspaces, config->n_keyspaces,
        &config->sweep.protect, config->active_window, e);
    if (r < 0)
        return r;
    set_backup(s->sweeper, config);
    sweeper_limit(s->sweeper, &(struct sweep_limits){.max_latency = config->sweep.max_latency,
                                  .max_delete = config->sweep.max_delete,
                                  .lease = config->sweep.lease});
    s->config = config;
    arm(s);
    return 0;
}

static void on_finding(const struct sweep_key *key, void *arg)
{
    struct sweeps *s = arg;
    if (!s->op)
        return;
    s->n_findings++;
    if (s->n_of[key->judgement->finding]++ < SWEEP_REPORT_FINDINGS_MAX)
        cJSON_AddItemToArray(s->findings, sweep_report_finding(key));
}

/* The operator's verdict. */
static void answer(struct sweeps *s, const struct sweep_summary *summary)
{
    struct cJSON *result = sweep_report_summary(summary);
    cJSON_AddItemToObject(result, "consent", sweep_consent_json(&s->consent));
    cJSON_AddItemToObject(result, "findings", s->findings);
    cJSON_AddNumberToObject(result, "findings_total", s->n_findings);
    s->findings = NULL;
    struct operation *op = s->op;
    s->op = NULL;
    timer_disarm(s->ticker);
    operation_set_result(op, result);
    if (sweep_report_went_well(summary))
        operation_end(op, OPERATION_DONE, "%s", sweep_report_sentence(summary).text);
    else if (summary->held && !summary->dry_run)
        operation_end(op, OPERATION_FAILED, "%s", sweep_consent_words(&s->consent, summary).text);
    else
        operation_end(op, OPERATION_FAILED, "%s: %s", sweep_report_sentence(summary).text,
            sweep_report_trouble(summary).text);
}

static const char *author_of(const struct sweeps *s)
{
    return s->op ? operation_author(s->op) : "timer";
}

/* A line of the history, which is also what the status shows of the latest one. */
static void remember(struct sweeps *s, const struct sweep_summary *summary)
{
    struct err e = {0};
    char now[TIMESTAMP_TEXT_MAX];
    cJSON_Delete(s->last);
    s->last = sweep_report_summary(summary);
    cJSON_AddStringToObject(s->last, "at", timestamp_format(loop_wall_now(), now));
    cJSON_AddStringToObject(s->last, "author", author_of(s));
    cJSON_AddStringToObject(s->last, "reason", s->op ? operation_reason(s->op) : "");
    char *line = cJSON_PrintUnformatted(s->last);
    if (line && recent_lines_add(s->history, line, &e) < 0)
        log_printf(LOG_LEVEL_WARNING, "%s; a restart will not know of this sweep", e.msg);
    cJSON_free(line);
}

static void on_done(const struct sweep_summary *summary, void *arg)
{
    struct sweeps *s = arg;
    s->running = false;
    sweep_consent_ended(&s->consent, summary);
    remember(s, summary);
    sweep_report_event(summary, &(struct sweep_asker){.author = author_of(s),
                                    .reason = s->op ? operation_reason(s->op) : "",
                                    .operation = s->op ? operation_id(s->op) : 0});
    if (s->op)
        answer(s, summary);
    arm(s);
}

static void on_tick(void *arg)
{
    struct sweeps *s = arg;
    struct sweep_progress progress;
    if (!s->op || !sweeper_progress(s->sweeper, &progress))
        return;
    operation_set_so_far(s->op, sweep_report_progress(&progress));
    if (loop_now() >= s->words_at) {
        s->words_at = usec_add(loop_now(), WORDS_INTERVAL);
        operation_progress(s->op, "%s", sweep_report_progress_sentence(&progress).text);
    }
    timer_arm(s->ticker, usec_add(loop_now(), BAR_INTERVAL));
}

static int begin(struct sweeps *s, const struct sweep_request *request, struct err *e)
{
    int r = sweeper_run(s->sweeper, request, on_finding, on_done, s, e);
    if (r < 0)
        return r;
    sweep_consent_began(&s->consent, request);
    s->running = true;
    return 0;
}

static void begin_due(struct sweeps *s)
{
    const struct sweep_request all = {0};
    int r = begin(s, &all, NULL);
    s->due = r < 0;
    /* A census or a list is over soon. */
    if (r == -EBUSY)
        timer_arm(s->timer, usec_add(loop_now(), USEC_PER_SEC));
    else if (r < 0)
        arm(s);
}

static void on_timer(void *arg)
{
    begin_due(arg);
}

void sweeps_redis_up(struct sweeps *s)
{
    if (s->due && !s->stopped)
        begin_due(s);
}

int sweeps_run(struct sweeps *s, const struct sweep_wish *wish, struct operation *op, struct err *e)
{
    struct sweep_request request = {
        .dry_run = wish->dry_run,
        .keyspace = wish->keyspace,
        .older_than = wish->older_than,
        .limit = wish->limit,
        .no_backup = wish->no_backup,
    };
    if (s->stopped)
        return err_set(e, -ESHUTDOWN, "sweeping: voxkeeper is stopping");
    int r = wish->confirm ? sweep_consent_take(&s->consent, wish->confirm, &request, e) : 0;
    if (r == 0)
        r = begin(s, &request, e);
    if (r < 0)
        return r;
    s->op = op;
    s->n_findings = 0;
    memset(s->n_of, 0, sizeof s->n_of);
    s->words_at = usec_add(loop_now(), WORDS_INTERVAL);
    timer_arm(s->ticker, usec_add(loop_now(), BAR_INTERVAL));
    s->findings = cJSON_CreateArray();
    return 0;
}

void sweeps_stop(struct sweeps *s)
{
    s->stopped = true;
    timer_disarm(s->timer);
    sweeper_cancel(s->sweeper);
}

bool sweeps_running(const struct sweeps *s)
{
    return s->running;
}

struct operation *sweeps_operation(const struct sweeps *s)
{
    return s->op;
}

struct cJSON *sweeps_json(const struct sweeps *s)
{
    struct sweep_progress progress;
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "state", sweeper_busy(s->sweeper) ? "running" : "idle");
    if (s->running && sweeper_progress(s->sweeper, &progress))
        cJSON_AddItemToObject(o, "progress", sweep_report_progress(&progress));
    else
        cJSON_AddNullToObject(o, "progress");
    if (s->last)
        cJSON_AddItemToObject(o, "last", cJSON_Duplicate(s->last, true));
    else
        cJSON_AddNullToObject(o, "last");
    cJSON_AddItemToObject(o, "consent", sweep_consent_json(&s->consent));
    return o;
}

char *sweeps_history_json(const struct sweeps *s)
{
    struct cJSON *now = sweeps_json(s);
    char *text = cJSON_PrintUnformatted(now);
    struct strbuf out = STRBUF_INIT;
    /* Its closing brace gives way; the lines are JSON already. */
    strbuf_add(&out, text ? text : "{}", text ? strlen(text) - 1 : 1);
    strbuf_adds(&out, text ? ",\"history\":[" : "\"history\":[");
    const char *separator = "";
    for (size_t i = recent_lines_count(s->history); i > 0; i--) {
        const char *line = recent_lines_get(s->history, i - 1);
        /* Somebody may have been in the file. */
        if (!line[0] || json_scan_value(line, strlen(line)) != strlen(line))
            continue;
        strbuf_addf(&out, "%s%s", separator, line);
        separator = ",";
    }
    strbuf_adds(&out, "]}");
    cJSON_free(text);
    cJSON_Delete(now);
    return strbuf_take(&out);
}
