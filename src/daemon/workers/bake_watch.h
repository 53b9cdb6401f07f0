/*
 * Watches what canaries write while they bake: the error lines of each against those of the
 * generation before it. The judgement is core/fleet/bake_signal's; what it means is the fleet's.
 */
#pragma once

#include "core/config/config.h"
#include "core/fleet/fleet.h"

struct bake_watch;
struct loop;
struct slot;
struct supervisor;

/* `config` is borrowed until bake_watch_configure(). Returns owned; NULL when memory is out. */
struct bake_watch *bake_watch_new(
    struct loop *l, struct supervisor *s, const struct config *config);
void bake_watch_free(struct bake_watch *w);
void bake_watch_configure(struct bake_watch *w, const struct config *config);

/* FLEET_DO_TELL_ROLLOUT: a bake begins or ends. */
void bake_watch_told(struct bake_watch *w, const struct fleet_action *told);

/* What was found against the present life of `slot`; "" if nothing was. */
const char *bake_watch_finding(const struct bake_watch *w, const struct slot *slot);
