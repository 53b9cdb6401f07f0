/* The checklist before a deployment. */
#include "daemon/verb_preflight.h"

#include "core/event.h"
#include "daemon/daemon.h"
#include "daemon/operation.h"
#include "daemon/preflight.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

struct preflight_gate {
    struct daemon *daemon;
    struct preflight_run *run;
    uint64_t op;
    bool junit;
};

static void tell(const struct operation *op, const struct preflight *list, usec_t took)
{
    bool passed = preflight_verdict(list) != PREFLIGHT_FAILED;
    struct event ev;
    struct strbuf failed = STRBUF_INIT;
    preflight_write_items(list, PREFLIGHT_FAILED, &failed);
    event_init(&ev, passed ? EVENT_PREFLIGHT_PASSED : EVENT_PREFLIGHT_FAILED);
    event_message(&ev, "the checklist %s%s", passed ? "passed" : "failed: ", strbuf_text(&failed));
    event_field(&ev, "VOXKEEPER_AUTHOR", "%s", operation_author(op));
    event_field_text(&ev, "VOXKEEPER_REASON", passed ? operation_reason(op) : strbuf_text(&failed));
    event_field(&ev, "VOXKEEPER_OPERATION", "%llu", (unsigned long long)operation_id(op));
    event_duration(&ev, took);
    event_emit(&ev);
    event_fini(&ev);
    strbuf_fini(&failed);
}

static void set_result(const struct preflight_gate *g, struct operation *op)
{
    struct cJSON *result = preflight_run_json(g->run);
    struct strbuf xml = STRBUF_INIT;
    if (g->junit) {
        preflight_run_junit(g->run, &xml);
        cJSON_AddStringToObject(result, "junit", strbuf_text(&xml));
    }
    strbuf_fini(&xml);
    operation_set_result(op, result);
}

static void end(struct operation *op, const struct preflight *list)
{
    struct strbuf failed = STRBUF_INIT;
    struct strbuf skipped = STRBUF_INIT;
    preflight_write_items(list, PREFLIGHT_FAILED, &failed);
    preflight_write_items(list, PREFLIGHT_SKIPPED, &skipped);
    if (failed.len > 0)
        operation_end(op, OPERATION_FAILED, "the checklist failed: %s", strbuf_text(&failed));
    else
        operation_end(op, OPERATION_DONE, "the checklist passed%s%s",
            skipped.len > 0 ? "; skipped: " : "", strbuf_text(&skipped));
    strbuf_fini(&failed);
    strbuf_fini(&skipped);
}

static void on_done(struct preflight_run *run, void *arg)
{
    struct preflight_gate *g = arg;
    struct operation *op = operation_find(g->daemon->operations, g->op);
    if (op) {
        tell(op, preflight_run_list(run), operation_age(op));
        set_result(g, op);
        end(op, preflight_run_list(run));
    }
    g->daemon->preflight = NULL;
    preflight_gate_free(g);
}

struct operation *verb_preflight(struct daemon *d, const struct verb_asker *asker,
    const struct preflight_wish *wish, struct err *e)
{
    if (d->preflight) {
        err_set(e, -EBUSY, "running the checklist: it is run already");
        return NULL;
    }
    struct operation *op = verb_begin(d, "preflight", asker, e);
    struct preflight_gate *g = op ? calloc(1, sizeof *g) : NULL;
    if (!op)
        return NULL;
    if (g) {
        *g = (struct preflight_gate){.daemon = d, .op = operation_id(op), .junit = wish->junit};
        g->run = preflight_run_new(
            &(struct preflight_spec){
                .daemon = d, .config = d->config, .op = g->op, .on_done = on_done, .arg = g},
            e);
    } else {
        err_sys(e, -ENOMEM, "running the checklist");
    }
    if (g && g->run) {
        d->preflight = g;
        return op;
    }
    free(g);
    operation_end(op, OPERATION_FAILED, "%s", e->msg);
    return NULL;
}

void preflight_gate_free(struct preflight_gate *g)
{
    if (!g)
        return;
    preflight_run_free(g->run);
    free(g);
}
