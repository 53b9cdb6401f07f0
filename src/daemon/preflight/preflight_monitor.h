/*
 * The checklist's item about monitoring: dashboards load, Prometheus scrapes us and has our rules,
 * Alertmanager is there, and a test alert goes the whole way until it comes back to us.
 *
 * A number that nobody can guess stands in our metrics as long as this is looked at: who shows it
 * has asked us just now. The alert that it raises bears it, and so does what comes back.
 */
#pragma once

#include "daemon/preflight/preflight.h"

struct preflight_monitor;

/* Begins the checks that are wanted, and ends them. Returns owned; NULL when memory is out. */
struct preflight_monitor *preflight_monitor_new(struct preflight_run *run);
void preflight_monitor_free(struct preflight_monitor *m); /* NULL is fine */

/* For the metrics; 0: none. */
uint64_t preflight_monitor_token(const struct preflight_monitor *m);
uint64_t preflight_monitor_alert(const struct preflight_monitor *m);

/* Alertmanager told us something. Returns as monitor_read_echo(). */
int preflight_monitor_echo(struct preflight_monitor *m, const char *body, size_t len);
