/* A run of the checklist. */
#include "daemon/preflight/preflight_parts.h"

#include "base/timestamp.h"
#include "core/preflight/preflight_junit.h"
#include "daemon/daemon.h"
#include "daemon/preflight/preflight_monitor.h"
#include "daemon/verbs/operation.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool preflight_wanted(const struct preflight_run *run, unsigned row)
{
    return run->list.results[row].verdict == PREFLIGHT_PENDING;
}

void preflight_tell(const struct preflight_run *run, unsigned row)
{
    char took[SPAN_TEXT_MAX];
    struct strbuf name = STRBUF_INIT;
    const struct preflight_result *r = &run->list.results[row];
    const char *evidence = strbuf_text(&r->evidence);
    preflight_write_name(&run->list, row, &name);
    operation_progress(operation_find(run->spec.daemon->operations, run->spec.op),
        "%s, %s: %s after %s: %.*s", preflight_item_title(preflight_row_item(&run->list, row)),
        strbuf_text(&name), preflight_verdict_name(r->verdict), span_show(r->took, took),
        (int)strcspn(evidence, "\n"), evidence);
    strbuf_fini(&name);
}

/* Also when it was over from the beginning, the owner hears of it from the loop. */
static void finish_if_over(struct preflight_run *run)
{
    if (run->ended > 0 || preflight_verdict(&run->list) == PREFLIGHT_PENDING)
        return;
    run->ended = loop_now();
    timer_arm(run->finish, run->ended);
}

void preflight_over(struct preflight_run *run, unsigned row)
{
    if (!preflight_wanted(run, row))
        return;
    preflight_end(&run->list, row, usec_sub(loop_now(), run->began));
    preflight_tell(run, row);
    finish_if_over(run);
}

static void on_finish(void *arg)
{
    struct preflight_run *run = arg;
    run->spec.on_done(run, run->spec.arg); /* which may free us */
}

struct preflight_run *preflight_run_new(const struct preflight_spec *spec, struct err *e)
{
    struct preflight_run *run = calloc(1, sizeof *run);
    if (!run) {
        err_sys(e, -ENOMEM, "beginning the checklist");
        return NULL;
    }
    *run =
        (struct preflight_run){.spec = *spec, .began = loop_now(), .began_wall = loop_wall_now()};
    run->finish = timer_new(spec->daemon->loop, on_finish, run);
    preflight_add_all(&run->list, spec->config);
    preflight_skip_all(&spec->config->preflight.skip, &run->list);
    for (unsigned row = 0; row < preflight_rows(&run->list); row++) {
        if (preflight_has(&run->list, row) && !preflight_wanted(run, row))
            preflight_tell(run, row);
    }
    preflight_begin_deadlines(run);
    preflight_begin_tests(run);
    preflight_begin_keys(run);
    preflight_begin_scaling(run);
    preflight_begin_notifiers(run);
    preflight_begin_rollback(run);
    preflight_begin_team(run);
    run->monitor = preflight_monitor_new(run);
    if (!run->monitor) {
        preflight_run_free(run);
        err_sys(e, -ENOMEM, "beginning the checklist");
        return NULL;
    }
    finish_if_over(run);
    return run;
}

void preflight_run_free(struct preflight_run *run)
{
    if (!run)
        return;
    preflight_stop_commands(run);
    preflight_stop_keys(run);
    preflight_stop_notifiers(run);
    preflight_stop_deadlines(run);
    preflight_monitor_free(run->monitor);
    timer_free(run->finish);
    preflight_fini(&run->list);
    free(run);
}

const struct preflight *preflight_run_list(const struct preflight_run *run)
{
    return &run->list;
}

static struct cJSON *check_json(const struct preflight_run *run, unsigned row)
{
    const struct preflight_result *r = &run->list.results[row];
    const char *subject = preflight_row_subject(&run->list, row);
    struct cJSON *o = cJSON_CreateObject();
    struct cJSON *lines = cJSON_CreateArray();
    cJSON_AddStringToObject(o, "check", preflight_check_name(preflight_row_check(&run->list, row)));
    if (subject[0])
        cJSON_AddStringToObject(o, "subject", subject);
    cJSON_AddStringToObject(o, "verdict", preflight_verdict_name(r->verdict));
    cJSON_AddNumberToObject(o, "took_usec", (double)r->took);
    for (const char *text = strbuf_text(&r->evidence); *text;) {
        size_t len = strcspn(text, "\n");
        struct strbuf line = STRBUF_INIT;
        strbuf_add(&line, text, len);
        cJSON_AddItemToArray(lines, cJSON_CreateString(strbuf_text(&line)));
        strbuf_fini(&line);
        text += len + (text[len] == '\n');
    }
    cJSON_AddItemToObject(o, "evidence", lines);
    return o;
}

static struct cJSON *item_json(const struct preflight_run *run, enum preflight_item item)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "item", preflight_item_name(item));
    cJSON_AddStringToObject(o, "title", preflight_item_title(item));
    cJSON_AddStringToObject(
        o, "verdict", preflight_verdict_name(preflight_item_verdict(&run->list, item)));
    cJSON_AddNumberToObject(o, "took_usec", (double)preflight_item_took(&run->list, item));
    struct cJSON *checks = cJSON_AddArrayToObject(o, "checks");
    for (unsigned row = 0; row < preflight_rows(&run->list); row++) {
        if (preflight_row_item(&run->list, row) == item && preflight_has(&run->list, row))
            cJSON_AddItemToArray(checks, check_json(run, row));
    }
    return o;
}

struct cJSON *preflight_run_json(const struct preflight_run *run)
{
    char at[TIMESTAMP_TEXT_MAX];
    struct cJSON *o = cJSON_CreateObject();
    usec_t until = run->ended > 0 ? run->ended : loop_now();
    cJSON_AddStringToObject(o, "verdict", preflight_verdict_name(preflight_verdict(&run->list)));
    cJSON_AddStringToObject(o, "began_at", timestamp_format(run->began_wall, at));
    cJSON_AddNumberToObject(o, "took_usec", (double)usec_sub(until, run->began));
    struct cJSON *items = cJSON_AddArrayToObject(o, "items");
    for (int i = 0; i < PREFLIGHT_ITEM_COUNT; i++)
        cJSON_AddItemToArray(items, item_json(run, (enum preflight_item)i));
    return o;
}

void preflight_run_junit(const struct preflight_run *run, struct strbuf *out)
{
    preflight_write_junit(&run->list, run->began_wall, out);
}

struct preflight_monitor *preflight_run_monitor(const struct preflight_run *run)
{
    return run ? run->monitor : NULL;
}
