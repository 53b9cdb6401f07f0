/* A sweep that MaxDelete= held waits for a person's consent: a token that is told, and taken once.
 */
#pragma once

#include "core/sweep/sweep_fuse.h"
#include "daemon/sweep/sweeper.h"

struct cJSON;

struct sweep_consent {
    struct sweep_permit permit;
    /* Of the sweep under way, to whose like a permit belongs. */
    char keyspace[LIMIT_NAME + 1];
    usec_t older_than;
};

/* Long enough for a sentence that says how to go on. */
struct sweep_consent_text {
    char text[400];
};

/*
 * What a sweep with this token may do, into `request`: the same as the one that was held. Returns
 * 0, -EPERM (not the token) or -EINVAL (it is told what else to do) with *e set. The permit is used
 * up by sweep_consent_began().
 */
int sweep_consent_take(
    const struct sweep_consent *c, const char *token, struct sweep_request *request, struct err *e);

/* A sweep of ours began with that. */
void sweep_consent_began(struct sweep_consent *c, const struct sweep_request *request);

/* It ended: when it was held, there is a permit and an event that tells it. */
void sweep_consent_ended(struct sweep_consent *c, const struct sweep_summary *summary);

/* Why it was held and how to go on. */
struct sweep_consent_text sweep_consent_words(
    const struct sweep_consent *c, const struct sweep_summary *summary);

/* {"token","left_usec","limit","keyspace","older_than_usec"} of the permit; null: there is none.
 * Returns owned JSON. */
struct cJSON *sweep_consent_json(const struct sweep_consent *c);
