/* When sweeps run, and what is told of them. */
#include "daemon/sweeps.h"

#include "base/timestamp.h"
#include "core/event.h"
#include "daemon/operation.h"
#include "daemon/sweep_report.h"
#include "daemon/sweeper.h"
#include "io/backup_store.h"
#include "io/loop.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

struct sweeps {
    struct loop *loop;
    struct sweeper *sweeper;
    const struct config *config;
    struct timer *timer;
    bool stopped;
    bool due;             /* its time came while Redis was away or the sweeper busy */
    struct operation *op; /* who waits for the sweep under way; NULL: nobody */
    struct cJSON *findings;
    unsigned n_findings;
    struct cJSON *last; /* summary of the latest sweep */
};

static void on_timer(void *arg);

static void arm(struct sweeps *s)
{
    usec_t interval = s->config->sweep.interval;
    if (s->stopped || interval == USEC_INFINITY)
        timer_disarm(s->timer);
    else
        timer_arm(s->timer, usec_add(loop_now(), interval));
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
    return s;
}

void sweeps_free(struct sweeps *s)
{
    if (!s)
        return;
    /* The sweep ends with its sweeper; who waits for it must not wait for ever. */
    operation_end(s->op, OPERATION_FAILED, "the sweep was cut short: its Redis is no longer ours");
    timer_free(s->timer);
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
    s->config = config;
    arm(s);
    return 0;
}

static void on_finding(const struct sweep_key *key, void *arg)
{
    struct sweeps *s = arg;
    if (s->op && s->n_findings++ < SWEEP_REPORT_FINDINGS_MAX)
        cJSON_AddItemToArray(s->findings, sweep_report_finding(key));
}

/* The operator's verdict. */
static void answer(struct sweeps *s, const struct sweep_summary *summary)
{
    struct cJSON *result = sweep_report_summary(summary);
    cJSON_AddItemToObject(result, "findings", s->findings);
    cJSON_AddNumberToObject(result, "findings_total", s->n_findings);
    s->findings = NULL;
    struct operation *op = s->op;
    s->op = NULL;
    operation_set_result(op, result);
    if (sweep_report_went_well(summary))
        operation_end(op, OPERATION_DONE, "%s", sweep_report_sentence(summary).text);
    else
        operation_end(op, OPERATION_FAILED, "%s: %s", sweep_report_sentence(summary).text,
            summary->error_text);
}

static void on_done(const struct sweep_summary *summary, void *arg)
{
    struct sweeps *s = arg;
    char now[TIMESTAMP_TEXT_MAX];
    cJSON_Delete(s->last);
    s->last = sweep_report_summary(summary);
    cJSON_AddStringToObject(s->last, "at", timestamp_format(loop_wall_now(), now));
    sweep_report_event(summary);
    if (s->op)
        answer(s, summary);
    arm(s);
}

static int begin(struct sweeps *s, const struct sweep_request *request, struct err *e)
{
    return sweeper_run(s->sweeper, request, on_finding, on_done, s, e);
}

static void begin_due(struct sweeps *s)
{
    const struct sweep_request all = {0};
    s->due = begin(s, &all, NULL) < 0;
    if (s->due)
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
    const struct sweep_request request = {
        .dry_run = wish->dry_run,
        .keyspace = wish->keyspace,
        .older_than = wish->older_than,
        .no_backup = wish->no_backup,
    };
    if (s->stopped)
        return err_set(e, -ESHUTDOWN, "sweeping: voxkeeper is stopping");
    int r = begin(s, &request, e);
    if (r < 0)
        return r;
    s->op = op;
    s->n_findings = 0;
    s->findings = cJSON_CreateArray();
    return 0;
}

void sweeps_stop(struct sweeps *s)
{
    s->stopped = true;
    timer_disarm(s->timer);
    sweeper_cancel(s->sweeper);
}

struct cJSON *sweeps_json(const struct sweeps *s)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "state", sweeper_busy(s->sweeper) ? "running" : "idle");
    if (s->last)
        cJSON_AddItemToObject(o, "last", cJSON_Duplicate(s->last, true));
    else
        cJSON_AddNullToObject(o, "last");
    return o;
}
