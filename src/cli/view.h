/* Answers as pages and tables. Whatever an answer lacks is left out. */
#pragma once

#include "base/strbuf.h"
#include "cli/cli.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* Asks for `path` and shows the answer: `part` of it with --json (NULL: all), else as `view` does.
 * Returns an enum vk_exit. */
int cli_show(const struct cli *cli, const char *path, const char *part,
    void (*view)(const struct cli *cli, const cJSON *answer, struct strbuf *out));

/* GET VK_API_STATUS, for somebody who was just woken up. */
void view_status(const struct cli *cli, const cJSON *status, struct strbuf *out);

/* What the doctor found; one thing of it. */
void view_doctor(const struct cli *cli, const cJSON *report, struct strbuf *out);
void view_finding(const struct cli *cli, const cJSON *finding, struct strbuf *out);

/* GET VK_API_WORKERS. */
void view_workers(const struct cli *cli, const cJSON *answer, struct strbuf *out);

/* The table of an array of workers; `full` has what only `workers` shows. Below it, a line for
 * each worker that is not well. */
void view_worker_table(const struct cli *cli, const cJSON *workers, bool full, struct strbuf *out);

/* What callers and probes were like lately, of VK_API_SAMPLES: two lines with small curves. */
void view_samples(const struct cli *cli, const cJSON *samples, struct strbuf *out);

/* The latest `max` of VK_API_EVENTS, the newest first. */
void view_events(const struct cli *cli, const cJSON *events, unsigned max, struct strbuf *out);

/* GET VK_API_INCIDENTS: those that are open and, of the others, the latest `max`. */
void view_incidents(const cJSON *answer, uint64_t max, bool use_color, struct strbuf *out);

/* One of them. */
void view_incident(const struct cli *cli, const cJSON *incident, struct strbuf *out);

/* Appends the path of an incident. Returns false, and has said why, if that can be none. */
bool cli_incident_path(struct strbuf *out, const char *id);

/* A line for each of an array of open ones; nothing when there is none. */
void view_incidents_brief(const cJSON *incidents, bool use_color, struct strbuf *out);

/* A line for a silence, and one for each notifier that cannot deliver; else nothing. */
void view_alerts_brief(const cJSON *alerts, bool use_color, struct strbuf *out);

/* What somebody should do now; nothing when all is well. */
void view_advice(const cJSON *status, bool use_color, struct strbuf *out);

/* One of VK_API_LOGS' lines, or the journal's in the same form. */
void view_log_line(const cJSON *line, bool use_color, struct strbuf *out);

/* GET VK_API_ROLLOUT. */
void view_rollout(const struct cli *cli, const cJSON *rollout, struct strbuf *out);

/* The same in one line, without its end; nothing when none is under way. */
void view_rollout_brief(const cJSON *rollout, struct strbuf *out);

/* GET VK_API_BACKUPS. */
void view_backups(const struct cli *cli, const cJSON *answer, struct strbuf *out);

/* What is in one of them and what came of it, printed. */
void view_backup_print(const struct cli *cli, const cJSON *result);

/* How far a sweep is, drawn over what was there before; NULL: it is over, and the line goes.
 * Returns false, and has done nothing, where stderr is no terminal. */
bool view_progress(const cJSON *so_far);

/* The outcome of a checklist, printed. */
void view_preflight_print(const struct cli *cli, const cJSON *result);

/* The same of the one that came before a rollout, if there was one. */
void view_preflight_before(const struct cli *cli, const cJSON *result);

/* The result of VK_API_KEYS, printed. */
void view_keys_print(const struct cli *cli, const cJSON *result);

/* The result of a sweep, printed. */
void view_sweep_print(const struct cli *cli, const cJSON *result);
