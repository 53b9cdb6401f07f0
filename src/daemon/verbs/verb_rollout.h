/*
 * The verbs that begin a rollout or steer one, and the fleet's verdicts on them. A restart while a
 * rollout is under way supersedes it; without overlap it is refused.
 */
#pragma once

#include "daemon/verbs/verbs.h"

struct operation *verb_restart(struct daemon *d, const struct verb_asker *asker, struct err *e);

/* Go back; go on without waiting; go back from hold. */
struct operation *verb_cancel(struct daemon *d, const struct verb_asker *asker, struct err *e);
struct operation *verb_promote(struct daemon *d, const struct verb_asker *asker, struct err *e);
struct operation *verb_abort(struct daemon *d, const struct verb_asker *asker, struct err *e);

/* Whoever waits for `told->operation` gets its verdict. */
void verb_rollout_verdict(struct daemon *d, const struct fleet_action *told);

/* Appends how the failed rollout ended, in the words of its asker ("restart"), with the evidence.
 */
void verb_rollout_words(const struct daemon *d, const char *outcome, struct strbuf *out);
