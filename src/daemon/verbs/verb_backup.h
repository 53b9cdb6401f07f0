/* What an operator asks of backups. As in daemon/verbs/verbs.h. */
#pragma once

#include "base/err.h"
#include "daemon/sweep/restore.h"
#include "daemon/verbs/verbs.h"

struct cJSON;

/* Puts keys back, or with `wish->show` only tells what is in the file. One at a time. */
struct operation *verb_restore(struct daemon *d, const struct verb_asker *asker,
    const struct restore_wish *wish, struct err *e);

/* Which files there are, the newest first. Returns owned JSON; NULL with *e set. */
struct cJSON *verb_backups_json(const struct daemon *d, struct err *e);
