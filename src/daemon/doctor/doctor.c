/* The doctor. */
#include "daemon/daemon.h"
#include "daemon/doctor/doctor_parts.h"
#include "daemon/doctor/doctor_watch.h"

#include <errno.h>
#include <stdlib.h>

/* An answer of /health that takes longer is late: the agent has nothing to do for it but to ask
 * Redis. */
#define SLOW_AGENT (1 * USEC_PER_SEC)
#define SLOW_NETWORK (2 * USEC_PER_SEC)

static void judge(struct doctor *d)
{
    struct doctor_report *r = &d->report;
    char text[DOCTOR_HTTP_TEXT_MAX];
    doctor_watch_rises(d->spec.daemon ? d->spec.daemon->doctor_watch : NULL, &d->redis, &d->host);
    d->agent.redis_serves = doctor_redis_serves(&d->redis);
    doctor_judge_agent(&d->agent, r);
    d->webhook.agent_disabled = doctor_has(r, DOCTOR_AGENT_DISABLED);
    doctor_judge_webhook(&d->webhook, r);
    doctor_judge_redis(&d->redis, r);
    doctor_judge_keys(&d->keys, r);
    doctor_judge_network(&d->network, r);
    doctor_judge_host(&d->host, r);
    if (!d->spec.daemon)
        doctor_add(r,
            d->control.reply == DOCTOR_TIMED_OUT ? DOCTOR_DAEMON_HANGS : DOCTOR_DAEMON_GONE, "",
            "%s", doctor_http_text(&d->control, text));
    doctor_explain(r);
    doctor_ignore(r, (const char *const *)d->ignore.items, (unsigned)d->ignore.n);
}

/* What is still under way counts for what it has found. */
static void on_due(void *arg)
{
    struct doctor *d = arg;
    doctor_asks_free(d);
    doctor_probe_free(d->probe);
    d->probe = NULL;
    doctor_walk_free(d->walk);
    d->walk = NULL;
    if (d->survey)
        doctor_gap(&d->report, DOCTOR_HOST, "the machine: it did not tell in time");
    doctor_survey_leave(d->survey);
    d->survey = NULL;
    judge(d);
    d->spec.on_done(&d->report, d->spec.arg);
}

void doctor_part_done(struct doctor *d)
{
    d->waiting--;
    if (d->waiting == 0 && d->begun)
        timer_arm(d->timer, loop_now());
}

struct doctor *doctor_new(const struct doctor_spec *spec, struct err *e)
{
    struct doctor *d = calloc(1, sizeof *d);
    if (!d || strlist_copy(&d->ignore, &spec->config->doctor.ignore) < 0) {
        free(d);
        err_sys(e, -ENOMEM, "building the doctor");
        return NULL;
    }
    d->spec = *spec;
    d->began_at = loop_now();
    d->agent.slow = SLOW_AGENT;
    d->network.slow = SLOW_NETWORK;
    d->host.suppressed = spec->suppressed;
    d->timer = timer_new(spec->loop, on_due, d);
    if (spec->daemon)
        doctor_crew(d);
    doctor_ask_all(d);
    d->probe = doctor_probe_new(d);
    d->walk = doctor_walk_new(d);
    d->survey = doctor_survey_new(d);
    d->begun = true;
    usec_t until = usec_add(d->began_at, spec->config->doctor.timeout);
    timer_arm(d->timer, d->waiting == 0 ? loop_now() : until);
    return d;
}

void doctor_free(struct doctor *d)
{
    if (!d)
        return;
    doctor_asks_free(d);
    doctor_probe_free(d->probe);
    doctor_walk_free(d->walk);
    doctor_survey_leave(d->survey);
    timer_free(d->timer);
    strlist_fini(&d->ignore);
    free(d);
}
