/* The agent's public listeners, held by us and shared by all workers, unless Handover=none. */
#pragma once

#include "base/err.h"
#include "core/config/config.h"
#include "daemon/workers/front_sockets.h"
#include "io/child/handover.h"

struct front;

/*
 * Opens every Listen= if the handover asks for it, or takes it from `sources`. `fallback` is the
 * front_why() of the instance before us, "" if there was none. Returns owned, or NULL with *e set.
 */
struct front *front_new(
    const struct config *config, struct front_sources sources, const char *fallback, struct err *e);
void front_free(struct front *f);

/*
 * Follows a changed Listen=: what stays keeps its socket and its queue. Returns 0, or a negative
 * errno with *e set, and then nothing changed.
 */
int front_configure(struct front *f, const struct config *config, struct err *e);

/* How workers get their listeners in fact. */
enum config_handover front_mode(const struct front *f);

/* Whether a worker can be verified beside those that serve. */
bool front_overlaps(const struct front *f);

/* Whether the service manager holds a listener too, so that nobody else can bind its address. */
bool front_is_inherited(const struct front *f);

/* Why that is not what Handover= asks for, one line; "" if it is. */
const char *front_why(const struct front *f);

/* A worker is verified: from now on closing the listeners would cut off who calls. */
void front_mark_served(struct front *f);
bool front_has_served(const struct front *f);

/*
 * Closes the public listeners for good: workers bind Listen= themselves, as with Handover=none.
 * Only while no worker exists.
 */
void front_fall_back(struct front *f, const char *why);

/* What a worker's handover is made of. Borrowed until the next front_configure(). */
struct handover_spec front_spec(const struct front *f);
