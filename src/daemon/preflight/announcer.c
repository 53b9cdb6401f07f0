/* Telling the team of deployments. */
#include "daemon/preflight/announcer.h"

#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/incidents/notifier.h"
#include "daemon/verbs/operation.h"
#include "io/files/doc_dir.h"
#include "io/loop/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_MAX = 64 * 1024 };

/* Operations are not forgotten as long as they run, so there is room for each. */
struct announcer {
    struct daemon *daemon;
    struct doc_dir *dir; /* NULL: an end that we do not see is not told */
    struct deployment all[LIMIT_OPERATIONS];
    unsigned n;
};

static void post(const struct announcer *a, const struct deployment *deployment,
    enum notice_kind kind, const struct strbuf *summary, const struct strbuf *details)
{
    const struct config *config = a->daemon->config;
    struct strbuf runbook = STRBUF_INIT;
    strbuf_addf(&runbook, "%s#preflight", config->admin.runbook_url);
    const struct notice notice = {.kind = kind,
        .incident = deployment->id,
        .severity = SEVERITY_P3,
        .agent = config->agent.name,
        .subject = deployment->version,
        .summary = strbuf_text(summary),
        .details = strbuf_text(details),
        .runbook_url = strbuf_text(&runbook),
        .opened_wall = deployment->began_wall,
        .wall = loop_wall_now()};
    notifier_post(a->daemon->notifier, &notice);
    strbuf_fini(&runbook);
}

static void tell_end(struct announcer *a, unsigned i, const char *state, const char *message)
{
    struct strbuf summary = STRBUF_INIT;
    struct strbuf details = STRBUF_INIT;
    const struct deployment *deployment = &a->all[i];
    deployment_write_ended(deployment, state, message, loop_wall_now(), &summary, &details);
    post(a, deployment, NOTICE_ENDED, &summary, &details);
    if (a->dir)
        doc_dir_remove(a->dir, deployment->id);
    memmove(&a->all[i], &a->all[i + 1], (a->n - i - 1) * sizeof *a->all);
    a->n--;
    strbuf_fini(&summary);
    strbuf_fini(&details);
}

void announcer_begin(struct announcer *a, const struct deployment *deployment)
{
    struct strbuf summary = STRBUF_INIT;
    struct strbuf details = STRBUF_INIT;
    struct strbuf text = STRBUF_INIT;
    if (a->n == LIMIT_OPERATIONS)
        tell_end(a, 0, "ended", "too many others have begun since");
    a->all[a->n++] = *deployment;
    deployment_write_begun(deployment, &summary, &details);
    post(a, deployment, NOTICE_BEGUN, &summary, &details);
    deployment_write_json(deployment, &text);
    if (a->dir)
        doc_dir_put(a->dir, deployment->id, strbuf_take(&text));
    strbuf_fini(&text);
    strbuf_fini(&summary);
    strbuf_fini(&details);
}

static void on_operation_ended(const struct operation *op, void *arg)
{
    struct announcer *a = arg;
    for (unsigned i = 0; i < a->n; i++) {
        if (a->all[i].operation != operation_id(op))
            continue;
        tell_end(a, i, operation_state_name(op), operation_message(op));
        return;
    }
}

void announcer_go_on(struct announcer *a)
{
    for (unsigned i = a->n; i > 0; i--) {
        const struct operation *op = operation_find(a->daemon->operations, a->all[i - 1].operation);
        if (!op || !operation_running(op))
            tell_end(
                a, i - 1, "ended", "nobody knows how: voxkeeperd itself ended in the middle of it");
    }
}

static void read_one(struct announcer *a, const char *name)
{
    struct err e = {0};
    char *text = NULL;
    size_t len = 0;
    int r = doc_dir_read(a->dir, name, DOCUMENT_MAX, &text, &len, &e);
    if (r == 0)
        r = deployment_read_json(text, len, &a->all[a->n], &e);
    free(text);
    if (r == 0) {
        a->n++;
        return;
    }
    log_printf(LOG_LEVEL_WARNING, "%s: %s; its end is not told", name, e.msg);
    if (r == -EINVAL && doc_dir_set_aside(a->dir, name, &e) < 0)
        log_printf(LOG_LEVEL_WARNING, "%s", e.msg);
}

static void read_all(struct announcer *a)
{
    struct err e = {0};
    struct strlist names = {0};
    if (doc_dir_list(a->dir, &names, &e) < 0)
        log_printf(LOG_LEVEL_WARNING, "%s; ends of deployments are not told", e.msg);
    for (size_t i = 0; i < names.n && a->n < LIMIT_OPERATIONS; i++)
        read_one(a, names.items[i]);
    strlist_fini(&names);
}

struct announcer *announcer_new(struct daemon *d)
{
    struct strbuf path = STRBUF_INIT;
    struct announcer *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->daemon = d;
    strbuf_addf(&path, "%s/deployments", d->config->admin.state_directory);
    a->dir = path.failed ? NULL : doc_dir_open(d->loop, strbuf_text(&path));
    strbuf_fini(&path);
    if (a->dir)
        read_all(a);
    operations_on_end(d->operations, on_operation_ended, a);
    return a;
}

void announcer_free(struct announcer *a)
{
    if (!a)
        return;
    operations_on_end(a->daemon->operations, NULL, NULL);
    doc_dir_free(a->dir);
    free(a);
}
