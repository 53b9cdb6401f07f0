/* `voxkeeper doctor`, asked of the daemon or of nobody. */
#include "daemon/verbs/verb_doctor.h"

#include "base/strbuf.h"
#include "daemon/daemon.h"
#include "daemon/doctor/doctor.h"
#include "daemon/incidents/incident_doctor.h"
#include "daemon/verbs/operation.h"
#include "daemon/workers/load.h"
#include "io/http/http_client.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void on_report(const struct doctor_report *report, void *arg)
{
    struct daemon *d = arg;
    struct operation *op = operation_find(d->operations, d->doctor_op);
    unsigned errors = doctor_count(report, DOCTOR_ERROR);
    unsigned warnings = doctor_count(report, DOCTOR_WARNING);
    operation_set_result(op, doctor_json(report));
    if (errors + warnings == 0)
        operation_end(op, OPERATION_DONE, "nothing is wrong");
    else
        operation_end(op, errors ? OPERATION_FAILED : OPERATION_DONE, "%u %s, %u %s", errors,
            errors == 1 ? "error" : "errors", warnings, warnings == 1 ? "warning" : "warnings");
    struct doctor *doctor = d->doctor; /* whose the report is */
    d->doctor = NULL;
    d->doctor_op = 0;
    incident_doctor_report(d->incident_doctor, report);
    doctor_free(doctor);
}

struct operation *verb_doctor(
    struct daemon *d, const struct verb_asker *asker, uint64_t suppressed, struct err *e)
{
    /* Whoever asks while another one waits hears the same. */
    if (d->doctor)
        return operation_find(d->operations, d->doctor_op);
    struct operation *op = verb_begin(d, "doctor", asker, e);
    if (!op)
        return NULL;
    incident_doctor_give_way(d->incident_doctor);
    d->doctor = doctor_new(&(struct doctor_spec){.loop = d->loop,
                               .http = d->http,
                               .config = d->config,
                               .daemon = d,
                               .suppressed = suppressed,
                               .on_done = on_report,
                               .arg = d},
        e);
    if (!d->doctor) {
        operation_end(op, OPERATION_FAILED, "%s", e->msg);
        return NULL;
    }
    d->doctor_op = operation_id(op);
    return op;
}

/* ---- without a daemon ---- */

struct alone {
    struct loop *loop;
    struct doctor *doctor;
    struct http_client *http;
};

static void on_report_alone(const struct doctor_report *report, void *arg)
{
    struct alone *a = arg;
    cJSON *json = doctor_json(report);
    char *text = cJSON_Print(json);
    printf("%s\n", text ? text : "{}");
    fflush(stdout);
    cJSON_free(text);
    cJSON_Delete(json);
    doctor_free(a->doctor);
    http_client_free(a->http);
    loop_stop(a->loop);
}

int verb_doctor_alone(const char *path)
{
    struct err e = {0};
    struct config *config = NULL;
    struct strbuf complaints = STRBUF_INIT;
    struct alone a = {0};
    signal(SIGPIPE, SIG_IGN);
    int r = load_config(path, &config, &complaints);
    if (r < 0) {
        fputs(strbuf_text(&complaints), stderr);
        strbuf_fini(&complaints);
        return VKD_EXIT_CONFIG;
    }
    strbuf_fini(&complaints);
    a.loop = loop_new(&e);
    a.http = a.loop ? http_client_new(a.loop, &e) : NULL;
    if (a.http)
        a.doctor = doctor_new(&(struct doctor_spec){.loop = a.loop,
                                  .http = a.http,
                                  .config = config,
                                  .on_done = on_report_alone,
                                  .arg = &a},
            &e);
    if (!a.doctor) {
        fprintf(stderr, "%s\n", e.msg);
        return VKD_EXIT_INTERNAL;
    }
    loop_run(a.loop);
    loop_free(a.loop);
    config_free(config);
    return VKD_EXIT_DONE;
}
