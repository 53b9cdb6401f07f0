/*
 * Questions about the slots of a fleet whose lives overlap; nothing is changed here.
 *
 * A slot is wanted or not; of the wanted ones
 *   canary       a life of the new generation that is not proven yet
 *   to replace   its prober gave it up, or its generation is the wrong one for the phase
 *   keeper       every other one, also while its next life waits or starts
 * A slot that is not wanted and not gone is paused, kept warm, or on its way out.
 */
#pragma once

#include "core/fleet/fleet.h"

enum { SEAT_NOBODY = LIMIT_WORKERS };

typedef bool seat_question(const struct fleet *f, const struct fleet_slot *s);

bool seat_is_sick(const struct fleet_slot *s);
bool seat_is_paused(const struct fleet_slot *s); /* could be activated, and nobody wants it */
bool seat_is_sound(const struct fleet *f, const struct fleet_slot *s);
bool seat_is_wrong(const struct fleet *f, const struct fleet_slot *s); /* in its generation */
bool seat_is_canary(const struct fleet *f, const struct fleet_slot *s);
bool seat_is_keeper(const struct fleet *f, const struct fleet_slot *s);
bool seat_is_to_replace(const struct fleet *f, const struct fleet_slot *s);
bool seat_is_due(const struct fleet *f, const struct fleet_slot *s);  /* to replace, and now */
bool seat_is_held(const struct fleet *f, const struct fleet_slot *s); /* to replace, not now */
bool seat_is_spare(const struct fleet *f, const struct fleet_slot *s);
bool seat_is_due_spare(const struct fleet *f, const struct fleet_slot *s);
bool seat_is_occupied(const struct fleet *f, const struct fleet_slot *s);
bool seat_is_serving_canary(const struct fleet *f, const struct fleet_slot *s);
bool seat_is_unproven(const struct fleet *f, const struct fleet_slot *s); /* begun, not verified */
bool seat_is_wanted(const struct fleet *f, const struct fleet_slot *s);

unsigned seat_count(const struct fleet *f, seat_question *is);
/* Seats that are taken for good; a canary that serves has taken one. */
unsigned seat_filled(const struct fleet *f);

/* Each returns a slot, or SEAT_NOBODY. */
unsigned seat_best_idle(const struct fleet *f); /* who serves when one is missing */
/* Who is paused when too many serve; `callers` of each slot. */
unsigned seat_worst_serving(const struct fleet *f, const unsigned *callers);
unsigned seat_least_advanced(const struct fleet *f); /* the keeper that is missed least */
unsigned seat_substitute(const struct fleet *f, const struct fleet_slot *s, unsigned standby);
unsigned seat_parent(const struct fleet *f);
