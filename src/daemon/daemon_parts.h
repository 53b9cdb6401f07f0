/* What the two files of the daemon share: what the parts report to it. */
#pragma once

#include "daemon/daemon.h"

void daemon_on_signal(int signum, void *arg);

/* The fleet decided something: it is to outlive us. */
void daemon_on_decided(void *arg);
void daemon_on_told(const struct fleet_action *told, void *arg);
void daemon_on_drain_told(enum drain_action action, const struct drain *drain, void *arg);
void daemon_on_stall(usec_t from, usec_t until, void *arg);
