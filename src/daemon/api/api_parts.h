/* What the files of daemon/api share: one exchange, how it is answered, and the table of routes. */
#pragma once

#include "daemon/api/api_body.h"
#include "daemon/verbs/verbs.h"
#include "io/http/http_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;
struct daemon;
struct operation;

struct api_exchange {
    struct daemon *daemon;
    const struct http_server_request *request;
    struct http_server_answer *answer;
};

typedef struct operation *api_verb(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e);

struct api_route {
    const char *path;
    bool prefix; /* anything below `path` */
    void (*get)(const struct api_exchange *x);
    api_verb *verb;
    unsigned members; /* API_MEMBER_BIT()s that it takes beside the reason */
};

extern const struct api_route api_routes[];
extern const size_t api_n_routes;

/* NULL if nothing is there. */
const struct api_route *api_route_of(const char *path);

/* Answers with `json`, which is taken. */
void api_answer_json(const struct api_exchange *x, int status, struct cJSON *json);

void api_answer_error(const struct api_exchange *x, int status, const char *code, const char *text);

/* With the lines of progress after number `after`. */
void api_answer_operation(
    const struct api_exchange *x, int status, const struct operation *op, uint64_t after);

/* Whether who asks may change something. */
bool api_may_change(const struct api_exchange *x);

/* The same; has answered why not when it returns false. */
bool api_admit(const struct api_exchange *x);

/* The same for what may hold callers' data: `what` is the subject of the sentence why not. */
bool api_admit_reader(const struct api_exchange *x, const char *what);

/* Whom the change log names. */
void api_author_of(const struct api_exchange *x, char out[API_AUTHOR_MAX]);

/* The HTTP status for a negative errno of a verb. */
int api_status_of(int code);

void api_get_page(const struct api_exchange *x);
void api_get_runbook(const struct api_exchange *x);
void api_get_samples(const struct api_exchange *x);
void api_get_metrics(const struct api_exchange *x);
void api_get_livez(const struct api_exchange *x);
void api_get_readyz(const struct api_exchange *x);
void api_get_status(const struct api_exchange *x);
void api_get_workers(const struct api_exchange *x);
void api_get_config(const struct api_exchange *x);
void api_get_logs(const struct api_exchange *x);
void api_get_rollout(const struct api_exchange *x);
void api_get_sweep(const struct api_exchange *x);
void api_get_operation(const struct api_exchange *x);
void api_get_backups(const struct api_exchange *x);
void api_get_changelog(const struct api_exchange *x);
void api_get_events(const struct api_exchange *x);
void api_get_stream(const struct api_exchange *x);
void api_get_incidents(const struct api_exchange *x);
void api_get_incident(const struct api_exchange *x);

void api_get_silence(const struct api_exchange *x);

/* Whoever knows the token of the test alert may tell that it came. */
void api_post_echo(const struct api_exchange *x);

api_verb api_do_silence;
api_verb api_do_alert_test;
api_verb api_do_restart;
api_verb api_do_cancel;
api_verb api_do_promote;
api_verb api_do_abort;
api_verb api_do_reload;
api_verb api_do_drain;
api_verb api_do_resume;
api_verb api_do_upgrade;
api_verb api_do_sweep;
api_verb api_do_sweep_cancel;
api_verb api_do_keys;
api_verb api_do_show_backup;
api_verb api_do_restore;
api_verb api_do_acknowledge;
api_verb api_do_note;
api_verb api_do_doctor;
api_verb api_do_preflight;
api_verb api_do_scale;
