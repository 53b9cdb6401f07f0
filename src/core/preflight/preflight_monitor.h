/* What monitoring's APIs answer, as far as the checklist before a deployment asks. Pure. */
#pragma once

#include "base/strbuf.h"
#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Prometheus' /api/v1/query: the instance and job of the first series; false: there is none. */
bool monitor_read_series(
    const char *json, size_t len, struct strbuf *out_instance, struct strbuf *out_job);

/*
 * Prometheus' /api/v1/targets: whether the one of that instance and job is up, with its last error
 * or "" in *out_words. Without an instance what is wrong with targets of that job. Appends.
 */
bool monitor_read_target(
    const char *json, size_t len, const char *instance, const char *job, struct strbuf *out_words);

/* Prometheus' /api/v1/rules: whether every one of `wanted` is there and works; what is not,
 * appended. */
bool monitor_read_rules(
    const char *json, size_t len, const struct strlist *wanted, struct strbuf *out_words);

/* Prometheus' /api/v1/alertmanagers: how many it sends to. */
unsigned monitor_read_alertmanagers(const char *json, size_t len);

/* Alertmanager's /api/v2/status: its version; "" if this is no such answer. Appends. */
void monitor_read_status(const char *json, size_t len, struct strbuf *out_version);

/* Alertmanager's /api/v2/alerts: whether there is any; who is told of the first, appended. */
bool monitor_read_alert(const char *json, size_t len, struct strbuf *out_words);

/* What Alertmanager sends to a webhook: whether an alert that fires has the label `token`. Returns
 * 0 (no), 1, or -EINVAL if it is nothing of that kind. */
int monitor_read_echo(const char *json, size_t len, uint64_t token);

/*
 * Appends the address at which a dashboard can be looked for: the API's for a Grafana's
 * `/d/UID/NAME`, whose page is shown also when there is no such dashboard. Else the same.
 */
void monitor_dashboard_url(const char *url, struct strbuf *out);
