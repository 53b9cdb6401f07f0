/* The agent's public listeners, held by us and shared by all workers (Handover=preload). */
#pragma once

#include "base/err.h"
#include "core/config.h"
#include "io/handover.h"

struct front;

/* Opens every Listen= if the handover asks for it. Returns owned, or NULL with *e set. */
struct front *front_new(const struct config *config, struct err *e);
void front_free(struct front *f);

/*
 * Follows a changed Listen=: what stays keeps its socket and its queue. Returns 0, or a negative
 * errno with *e set, and then nothing changed.
 */
int front_configure(struct front *f, const struct config *config, struct err *e);

/* Whether workers get their listeners from us. */
bool front_is_open(const struct front *f);

/* What a worker's handover is made of. Borrowed until the next front_configure(). */
struct handover_spec front_spec(const struct front *f);
