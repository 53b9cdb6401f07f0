/* A sweep that MaxDelete= held. */
#include "daemon/sweep/sweep_consent.h"

#include "core/event.h"
#include "daemon/sweep/sweep_report.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

int sweep_consent_take(
    const struct sweep_consent *c, const char *token, struct sweep_request *request, struct err *e)
{
    struct sweep_permit permit = c->permit;
    struct sweep_permit taken;
    if (request->dry_run || request->keyspace || request->older_than > 0 || request->limit > 0)
        return err_set(e, -EINVAL,
            "confirming a sweep: the token stands for all that the held one was to do; dry_run, "
            "keyspace, older_than and limit have no place beside it");
    int r = sweep_permit_take(&permit, token, loop_now(), &taken, e);
    if (r < 0)
        return r;
    request->agreed = taken.limit;
    request->older_than = taken.older_than;
    request->keyspace = taken.keyspace[0] ? c->permit.keyspace : NULL;
    return 0;
}

static bool is_scope(const struct sweep_permit *permit, const struct sweep_consent *c)
{
    return permit->older_than == c->older_than && strcmp(permit->keyspace, c->keyspace) == 0;
}

void sweep_consent_began(struct sweep_consent *c, const struct sweep_request *request)
{
    char keyspace[sizeof c->keyspace];
    snprintf(keyspace, sizeof keyspace, "%s", request->keyspace ? request->keyspace : "");
    memcpy(c->keyspace, keyspace, sizeof keyspace);
    c->older_than = request->older_than;
    if (request->agreed > 0)
        c->permit = (struct sweep_permit){0};
}

static uint64_t removable(const struct sweep_summary *s)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < s->n_keyspaces; i++)
        n += s->keyspaces[i].removable;
    return usec_sub(n, s->removed);
}

/* The token of an earlier sweep of the same kind stays good: somebody may be about to type it. */
static void grant(struct sweep_consent *c, const struct sweep_summary *s)
{
    char known[sizeof c->permit.token] = "";
    uint64_t random = 0;
    if (sweep_permit_holds(&c->permit, loop_now()) && is_scope(&c->permit, c))
        memcpy(known, c->permit.token, sizeof known);
    /* No randomness at boot: the clock does, since a token is no secret from who may use it. */
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = loop_now();
    c->permit = sweep_permit_grant(random, loop_now(), removable(s), c->keyspace, c->older_than);
    if (known[0])
        memcpy(c->permit.token, known, sizeof known);
}

struct sweep_consent_text sweep_consent_words(
    const struct sweep_consent *c, const struct sweep_summary *summary)
{
    struct sweep_consent_text t;
    char span[SPAN_TEXT_MAX];
    snprintf(t.text, sizeof t.text,
        "%s; removed %llu; to remove the rest, within %s: voxkeeper sweep --confirm %s",
        summary->held_why, (unsigned long long)summary->removed,
        span_format(SWEEP_PERMIT_VALID, span), c->permit.token);
    return t;
}

static void tell(const struct sweep_consent *c, const struct sweep_summary *s)
{
    struct event ev;
    struct strbuf counts = STRBUF_INIT;
    sweep_report_counts(s, &counts);
    event_init(&ev, EVENT_SWEEP_HELD);
    event_message(&ev, "sweep held: %s", sweep_consent_words(c, s).text);
    event_field(&ev, "VOXKEEPER_KEYS", "%llu", (unsigned long long)s->keys);
    event_field(&ev, "VOXKEEPER_REMOVABLE", "%llu", (unsigned long long)removable(s));
    event_field(&ev, "VOXKEEPER_REMOVED", "%llu", (unsigned long long)s->removed);
    event_field(&ev, "VOXKEEPER_FINDINGS", "%s", strbuf_text(&counts));
    event_field(&ev, "VOXKEEPER_TOKEN", "%s", c->permit.token);
    event_field(&ev, "VOXKEEPER_REASON", "%s", s->held_why);
    event_duration(&ev, s->took);
    event_emit(&ev);
    event_fini(&ev);
    strbuf_fini(&counts);
}

void sweep_consent_ended(struct sweep_consent *c, const struct sweep_summary *summary)
{
    if (summary->dry_run || summary->census_only)
        return;
    if (summary->held) {
        grant(c, summary);
        tell(c, summary);
    } else if (summary->complete && is_scope(&c->permit, c)) {
        c->permit = (struct sweep_permit){0};
    }
}

struct cJSON *sweep_consent_json(const struct sweep_consent *c)
{
    usec_t now = loop_now();
    if (!sweep_permit_holds(&c->permit, now))
        return cJSON_CreateNull();
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "token", c->permit.token);
    cJSON_AddNumberToObject(o, "left_usec", (double)usec_sub(c->permit.until, now));
    cJSON_AddNumberToObject(o, "limit", (double)c->permit.limit);
    if (c->permit.keyspace[0])
        cJSON_AddStringToObject(o, "keyspace", c->permit.keyspace);
    else
        cJSON_AddNullToObject(o, "keyspace");
    cJSON_AddNumberToObject(o, "older_than_usec", (double)c->permit.older_than);
    return o;
}
