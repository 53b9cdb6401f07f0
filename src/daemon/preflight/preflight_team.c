/* The checklist's item about the team: it is told that a deployment begins, and every notifier
 * takes that. */
#include "daemon/preflight/preflight_parts.h"

#include "daemon/daemon.h"
#include "daemon/incidents/notifier.h"
#include "daemon/preflight/announcer.h"
#include "daemon/verbs/operation.h"
#include "daemon/workers/release.h"

#include <stdio.h>
#include <string.h>

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

/* What was asked for goes before what is configured. */
static void describe(const struct preflight_run *run, struct deployment *out)
{
    const struct preflight_spec *spec = &run->spec;
    const struct config *config = spec->config;
    const struct operation *op = operation_find(spec->daemon->operations, spec->op);
    char release[RELEASE_MAX];
    release_read(config->agent.release, release);
    *out = (struct deployment){
        .operation = spec->op, .began_wall = run->began_wall, .due_wall = spec->team.due_wall};
    if (out->due_wall == 0 && config->preflight.duration > 0)
        out->due_wall = usec_add(run->began_wall, config->preflight.duration);
    copy(out->version, sizeof out->version, spec->team.release ? spec->team.release : release);
    copy(out->responsible, sizeof out->responsible,
        spec->team.responsible ? spec->team.responsible : config->preflight.responsible);
    copy(out->kind, sizeof out->kind, op ? operation_kind(op) : "preflight");
    copy(out->author, sizeof out->author, op ? operation_author(op) : "");
    copy(out->what, sizeof out->what, op ? operation_reason(op) : "");
    deployment_name(out);
}

static unsigned row_of(const struct preflight_run *run, const char *name)
{
    return preflight_find(&run->list, PREFLIGHT_START_NOTICE, name);
}

void preflight_run_attempt(struct preflight_run *run, const char *name, const struct notice *notice,
    const struct notifier_answer *answer)
{
    char took[SPAN_TEXT_MAX];
    unsigned row = row_of(run, name);
    bool told = answer->verdict == DELIVERY_EV_SENT;
    if (notice->kind != NOTICE_BEGUN || strcmp(notice->incident, run->deployment.id) != 0 ||
        row == PREFLIGHT_START_NOTICE)
        return;
    preflight_note(&run->list, row, told, "%s after %s: %s",
        told ? "it was told that the deployment begins" : "it cannot be told now",
        span_show(usec_sub(loop_now(), run->began), took), answer->words);
    preflight_over(run, row);
}

/* Those who are not told, for a reason that stands in their own section, are not waited for. */
static void begin_one(struct preflight_run *run, const struct config_notify *conf)
{
    const struct notice notice = {.kind = NOTICE_BEGUN, .severity = SEVERITY_P3};
    unsigned row = row_of(run, conf->name);
    if (!notifier_has(run->spec.daemon->notifier, conf->name))
        preflight_leave(&run->list, row, "it comes with the configuration that this brings");
    else if (!notifier_wants(conf, &notice))
        preflight_leave(
            &run->list, row, "its Kinds= leaves out `begun`, or its Severity= leaves out P3");
    else
        return;
    preflight_tell(run, row);
}

static bool is_wanted(const struct preflight_run *run)
{
    bool wanted = preflight_wanted(run, PREFLIGHT_ANNOUNCEMENT);
    for (unsigned row = 0; !wanted && row < preflight_rows(&run->list); row++)
        wanted = preflight_row_check(&run->list, row) == PREFLIGHT_START_NOTICE &&
                 preflight_has(&run->list, row) && preflight_wanted(run, row);
    return wanted;
}

void preflight_begin_team(struct preflight_run *run)
{
    const struct config *config = run->spec.config;
    if (!is_wanted(run))
        return;
    describe(run, &run->deployment);
    deployment_judge(&run->deployment, &run->list, PREFLIGHT_ANNOUNCEMENT);
    preflight_over(run, PREFLIGHT_ANNOUNCEMENT);
    for (unsigned i = 0; i < config->n_notifiers; i++)
        begin_one(run, &config->notifiers[i]);
    if (config->n_notifiers == 0) {
        preflight_note(&run->list, PREFLIGHT_START_NOTICE, false,
            "no [Notify NAME] says how the team is told");
        preflight_over(run, PREFLIGHT_START_NOTICE);
    }
    announcer_begin(run->spec.daemon->announcer, &run->deployment);
}
