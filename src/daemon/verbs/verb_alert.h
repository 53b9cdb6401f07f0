/* What an operator asks of alerts. As in daemon/verbs/verbs.h. */
#pragma once

#include "base/err.h"
#include "daemon/verbs/verbs.h"

struct alert_wish {
    usec_t span;          /* of the silence; 0: none was given */
    bool end;             /* the silence */
    const char *notifier; /* to test; NULL: all */
};

/* Begins a silence, or ends the one there is. Ends at once. */
struct operation *verb_silence(
    struct daemon *d, const struct verb_asker *asker, const struct alert_wish *wish, struct err *e);

/* Sends a test notice. One at a time. */
struct operation *verb_alert_test(
    struct daemon *d, const struct verb_asker *asker, const struct alert_wish *wish, struct err *e);
