/* The doctor, called to incidents. */
#include "daemon/incidents/incident_doctor.h"

#include "core/limits.h"
#include "daemon/daemon.h"
#include "daemon/doctor/doctor.h"
#include "daemon/incidents/incidents.h"
#include "io/loop/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From one look to the next; in a hurry, at least. */
#define GAP (30 * USEC_PER_SEC)
#define GAP_LEAST USEC_PER_SEC

struct patient {
    char id[INCIDENT_ID_MAX];
    bool seen; /* by the look under way */
};

struct incident_doctor {
    struct daemon *daemon;
    struct timer *timer;
    struct doctor *doctor; /* NULL: none of ours looks */
    usec_t looked_at;      /* the latest look began; 0: none did */
    struct patient waiting[LIMIT_INCIDENTS_LIVE];
    unsigned n;
};

static void rearm(struct incident_doctor *x)
{
    const struct config *c = x->daemon->config;
    usec_t gap = (usec_t)((double)GAP * c->incidents.patience);
    usec_t next = x->looked_at ? usec_add(x->looked_at, gap > GAP_LEAST ? gap : GAP_LEAST) : 0;
    bool looks = x->doctor || x->daemon->doctor;
    timer_arm(x->timer, x->n > 0 && !looks ? next : USEC_INFINITY);
}

static void look_begins(struct incident_doctor *x)
{
    x->looked_at = loop_now();
    for (unsigned i = 0; i < x->n; i++)
        x->waiting[i].seen = true;
}

void incident_doctor_report(struct incident_doctor *x, const struct doctor_report *report)
{
    unsigned left = 0;
    for (unsigned i = 0; i < x->n; i++) {
        if (x->waiting[i].seen)
            incidents_examined(x->daemon->incidents, x->waiting[i].id, report);
        else
            x->waiting[left++] = x->waiting[i];
    }
    x->n = left;
    rearm(x);
}

static void on_report(const struct doctor_report *report, void *arg)
{
    struct incident_doctor *x = arg;
    struct doctor *doctor = x->doctor;
    x->doctor = NULL;
    incident_doctor_report(x, report);
    doctor_free(doctor);
}

static void on_timer(void *arg)
{
    struct incident_doctor *x = arg;
    struct daemon *d = x->daemon;
    struct err e = {0};
    if (x->doctor || d->doctor || x->n == 0)
        return;
    look_begins(x);
    x->doctor = doctor_new(&(struct doctor_spec){.loop = d->loop,
                               .http = d->http,
                               .config = d->config,
                               .daemon = d,
                               .on_done = on_report,
                               .arg = x},
        &e);
    if (x->doctor)
        return;
    log_printf(LOG_LEVEL_WARNING, "%s; incidents go without findings", e.msg);
    x->n = 0;
}

void incident_doctor_give_way(struct incident_doctor *x)
{
    doctor_free(x->doctor);
    x->doctor = NULL;
    look_begins(x);
    rearm(x);
}

/* A look that began before it was wrong has seen nothing of it. */
static bool is_seen(const struct incident_doctor *x, const struct incident_record *r)
{
    return (x->doctor || x->daemon->doctor) && r->machine.began_at <= x->looked_at;
}

void incident_doctor_call(struct incident_doctor *x, const struct incident_record *record)
{
    if (!x || !x->daemon->config->doctor.on_incident || !condition_is_examined(record->condition))
        return;
    for (unsigned i = 0; i < x->n; i++) {
        if (strcmp(x->waiting[i].id, record->id) == 0)
            return;
    }
    if (x->n == LIMIT_INCIDENTS_LIVE)
        return;
    struct patient *p = &x->waiting[x->n++];
    snprintf(p->id, sizeof p->id, "%s", record->id);
    p->seen = is_seen(x, record);
    rearm(x);
}

static void take_over(struct incident_record *r, void *arg)
{
    if (incident_is_open(r->machine) && r->findings.wall == 0)
        incident_doctor_call(arg, r);
}

struct incident_doctor *incident_doctor_new(struct daemon *d)
{
    struct incident_doctor *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->daemon = d;
    x->timer = timer_new(d->loop, on_timer, x);
    incidents_each(d->incidents, take_over, x);
    /* The workers have to be there again first. */
    if (x->n > 0)
        x->looked_at = loop_now();
    rearm(x);
    return x;
}

void incident_doctor_free(struct incident_doctor *x)
{
    if (!x)
        return;
    doctor_free(x->doctor);
    timer_free(x->timer);
    free(x);
}
