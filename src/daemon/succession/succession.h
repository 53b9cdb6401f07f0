/* From one instance of the daemon to the next: what is taken over, and what is handed on. */
#pragma once

#include "base/err.h"
#include "core/config/config.h"

struct daemon;

/*
 * Decides by which configuration `d` begins: `config` (owned, taken; NULL: it is refused, for
 * `complaints`), or what was in force before as long as workers know only that. Returns 0, or
 * -EBADMSG with *e set when there is neither.
 */
int succession_configure(
    struct daemon *d, struct config *config, const char *complaints, struct err *e);

/* Goes on with the workers and the drain of the instance before; there was one. */
void succession_go_on(struct daemon *d);

/* What the file says now is applied as by a reload, once nothing of before is under way. */
void succession_catch_up(struct daemon *d);

/* Ends this instance and leaves the workers to the next one. */
void succession_hand_over(struct daemon *d);
