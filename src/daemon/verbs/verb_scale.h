/*
 * Another number of workers, while they run. More are begun and verified before they serve; of
 * fewer, the surplus takes no new callers and goes when its last one has left, or when Timeout= of
 * [Drain] has passed. If the new ones do not come up there are as many again as before.
 *
 * The wish is kept with the workers: it outlives voxkeeperd and is forgotten when they are stopped
 * for good. It ends when Workers= changes, and with `default`.
 */
#pragma once

#include "daemon/verbs/verbs.h"

struct cJSON;
struct config;
struct saved;

struct scale_wish {
    uint64_t workers;   /* 0: not given */
    bool as_configured; /* as many as Workers= says */
};

struct operation *verb_scale(
    struct daemon *d, const struct verb_asker *asker, const struct scale_wish *wish, struct err *e);

/* A former instance had begun one: whoever asked may still wait. */
void verb_scale_go_on(struct daemon *d, const struct saved *saved);

/*
 * What a reload means for the wish: whoever waits for it is told that it ends, and it is forgotten
 * once no rollback can lead back to where it counts.
 */
void verb_scale_reloading(
    const struct daemon *d, const struct config *config, struct operation *op);
void verb_scale_settle(struct daemon *d);

/* Whether the wish that stays in force fits this configuration. Returns 0, or -EINVAL with *e. */
int verb_scale_check(const struct daemon *d, const struct config *config, struct err *e);

/* {"workers", "author", "reason", "since"}, or null JSON. */
struct cJSON *verb_scale_json(const struct daemon *d);
