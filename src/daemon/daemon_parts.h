/* What the two files of the daemon share: what the parts report to it. */
#pragma once

#include "daemon/daemon.h"

struct notice;
struct sweep_summary;

void daemon_on_signal(int signum, void *arg);

/* The fleet decided something: it is to outlive us. */
void daemon_on_decided(void *arg);
void daemon_on_told(const struct fleet_action *told, void *arg);
void daemon_on_drain_told(enum drain_action action, const struct drain *drain, void *arg);
bool daemon_on_silent(void *arg);
void daemon_on_stall(usec_t from, usec_t until, void *arg);

/* daemon_meters.c: what parts report to be counted. */
void daemon_on_probed(enum probe_outcome outcome, usec_t took, void *arg);
void daemon_on_handed_over(usec_t took, void *arg);
void daemon_on_lag(usec_t lag, void *arg);
void daemon_on_swept(const struct sweep_summary *summary, void *arg);

/* daemon_notices.c: the notifiers, and what the incidents have to tell them. */
void daemon_on_notice(const struct notice *notice, void *arg);
int daemon_make_notifier(struct daemon *d, struct err *e);

/* Whether somebody serves, and why not, may have changed. */
void daemon_meter_gap(struct daemon *d);
