/*
 * ExecRollback=: the operator's command that is run when a rollout goes back, beside that and never
 * in its way. Whoever waits for the rollout is told what came of it.
 */
#pragma once

#include "core/fleet/fleet.h"

struct daemon;
struct rollback;

/* A rollout goes back (d->rollout says why). Verdicts are kept back until the command has ended. */
void rollback_began(struct daemon *d, const struct fleet_action *told);

/* Kills what runs. NULL is fine. */
void rollback_free(struct rollback *r);
