/*
 * Reloading the configuration: all of it or none of it. What can change live does at once; what the
 * workers must see restarts them one by one, and if they do not come up with it, the configuration
 * before goes back into force and they are restarted with that.
 */
#pragma once

#include "daemon/verbs.h"

/* As the other verbs; a refused configuration is an operation that failed with every diagnostic. */
struct operation *reload_begin(struct daemon *d, const struct verb_asker *asker, struct err *e);

/* The fleet's verdict on a restart that a reload asked for. */
void reload_restart_verdict(struct daemon *d, const struct fleet_action *told);
