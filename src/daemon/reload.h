/*
 * Reloading the configuration: all of it or none of it. What can change live does at once; what the
 * workers must see causes a rollout (a restart of one by one, without overlap). If they do not come
 * up with it the configuration before goes back into force, also when they fail later, as long as
 * the rollout may still go back.
 *
 * Which configuration is in force is a matter of the rollout, not of who waits for it: a restart
 * that supersedes a reload goes on with the reload's configuration, and a failure of it leads back
 * to the one before both. A reload that supersedes a reload leads back there as well.
 */
#pragma once

#include "daemon/verbs/verbs.h"

/* As the other verbs; a refused configuration is an operation that failed with every diagnostic. */
struct operation *reload_begin(struct daemon *d, const struct verb_asker *asker, struct err *e);

/* The fleet's verdict on what a reload asked for, and on a restart that carried it on. */
void reload_restart_verdict(struct daemon *d, const struct fleet_action *told);
void reload_carried(struct daemon *d, const struct fleet_action *told);

/* Somebody else's rollout goes on with the configuration; nobody waits for the reload any more. */
void reload_superseded(struct daemon *d);

/* A rollout is about to begin: what was warm until now is proven. */
void reload_prove(struct daemon *d);

/* The rollout goes back, and the configuration with it. */
void reload_take_back(struct daemon *d);

/* The rollout is over: there is no way back any more. */
void reload_settle(struct daemon *d);
