/* Whether our user in Redis could delete a conversation. */
#include "daemon/sweep/rights.h"

#include "core/doctor/acl_rules.h"
#include "core/event.h"
#include "core/redis_error.h"
#include "io/redis/redis_batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No such key exists, and none is asked to go. */
static const char canary[] = "elevenlabs:conversation:__voxkeeper_canary__";

enum rights_step { RIGHTS_WHO, RIGHTS_DRYRUN, RIGHTS_USER, RIGHTS_PTTL };

struct rights {
    struct redis_link *link;
    struct redis_batch *batch;
    enum rights_step step;
    char user[256];
    bool known;   /* the step was answered in a way that means something */
    bool refused; /* who may not ask this need not ask more of it */
    bool may;
    char words[320];
};

static void on_done(bool lost, void *arg);

/* The value after this name in a list of names and values; NIL: there is none. */
static struct redis_value field(const struct redis_value *list, const char *name)
{
    for (size_t i = 0; i + 1 < list->n_items; i += 2) {
        struct redis_value key = redis_value_at(list, i);
        if (key.type == REDIS_STRING && strcmp(key.str, name) == 0)
            return redis_value_at(list, i + 1);
    }
    return (struct redis_value){.type = REDIS_NIL};
}

static bool fits(const char *pattern, size_t len)
{
    return acl_rules_has_key(pattern, len, canary, sizeof canary - 1);
}

/* An array of patterns (Redis 6), or rules in a row (Redis 7). */
static bool has_key(const struct redis_value *keys)
{
    bool has = false;
    for (size_t i = 0; keys->type == REDIS_ARRAY && i < keys->n_items; i++) {
        struct redis_value pattern = redis_value_at(keys, i);
        has = has || (pattern.type == REDIS_STRING && fits(pattern.str, pattern.len));
    }
    for (const char *at = keys->type == REDIS_STRING ? keys->str : ""; *at;) {
        size_t len = strcspn(at, " ");
        has = has || fits(at, len);
        at += len + strspn(at + len, " ");
    }
    return has;
}

static void take_user(struct rights *r, const struct redis_value *user)
{
    struct redis_value commands = field(user, "commands");
    struct redis_value keys = field(user, "keys");
    r->known =
        commands.type == REDIS_STRING && (keys.type == REDIS_ARRAY || keys.type == REDIS_STRING);
    r->may = r->known && acl_rules_may_delete(commands.str) && has_key(&keys);
}

static void on_reply(size_t index, const struct redis_value *reply, void *arg)
{
    struct rights *r = arg;
    (void)index;
    switch (r->step) {
    case RIGHTS_WHO:
        r->known = reply->type == REDIS_STRING;
        if (r->known)
            snprintf(r->user, sizeof r->user, "%s", reply->str);
        break;
    case RIGHTS_DRYRUN:
        /* OK, or a text that says what is missing; an error is about ACL DRYRUN itself. */
        r->known = reply->type == REDIS_STATUS || reply->type == REDIS_STRING;
        r->may = r->known && strcmp(reply->str, "OK") == 0;
        r->refused = reply->type == REDIS_ERROR &&
                     redis_error_class(reply->str, reply->len) == REDIS_E_NOPERM;
        break;
    case RIGHTS_USER:
        take_user(r, reply);
        break;
    case RIGHTS_PTTL:
        r->known = reply->type == REDIS_INTEGER || reply->type == REDIS_ERROR;
        r->may = reply->type == REDIS_INTEGER;
        break;
    }
}

static void ask(struct rights *r, enum rights_step step)
{
    const char *const who[] = {"ACL", "WHOAMI"};
    const char *const dryrun[] = {"ACL", "DRYRUN", r->user, "UNLINK", canary};
    const char *const user[] = {"ACL", "GETUSER", r->user};
    const char *const pttl[] = {"PTTL", canary};
    r->step = step;
    r->known = false;
    r->batch = redis_batch_new(r->link, 1, on_reply, on_done, r);
    if (step == RIGHTS_WHO)
        redis_batch_add(r->batch, 0, 2, who, NULL);
    else if (step == RIGHTS_DRYRUN)
        redis_batch_add(r->batch, 0, 5, dryrun, NULL);
    else if (step == RIGHTS_USER)
        redis_batch_add(r->batch, 0, 3, user, NULL);
    else
        redis_batch_add(r->batch, 0, 2, pttl, NULL);
    redis_batch_end(r->batch);
}

static void conclude(struct rights *r)
{
    char words[sizeof r->words] = "";
    if (r->may && r->step != RIGHTS_PTTL)
        snprintf(words, sizeof words, "user \"%s\" may delete elevenlabs:conversation:*", r->user);
    else if (r->may)
        snprintf(words, sizeof words,
            "our user may use elevenlabs:conversation:*, and delete it unless it may only read");
    bool news = words[0] && strcmp(words, r->words) != 0;
    memcpy(r->words, words, sizeof words);
    if (!news)
        return;
    struct event ev;
    event_init(&ev, EVENT_REDIS_RIGHTS);
    event_message(&ev, "Redis at %s: %s", redis_link_address(r->link), r->words);
    event_field(&ev, "VOXKEEPER_REDIS", "%s", redis_link_address(r->link));
    event_field(&ev, "VOXKEEPER_REASON", "%s", r->words);
    event_emit(&ev);
    event_fini(&ev);
}

static void on_done(bool lost, void *arg)
{
    struct rights *r = arg;
    r->batch = NULL;
    if (lost)
        return; /* asked again when it is back */
    if (r->step == RIGHTS_WHO)
        ask(r, r->known ? RIGHTS_DRYRUN : RIGHTS_PTTL);
    else if (r->step == RIGHTS_DRYRUN && !r->known)
        ask(r, r->refused ? RIGHTS_PTTL : RIGHTS_USER);
    else if (r->step == RIGHTS_USER && !r->known)
        ask(r, RIGHTS_PTTL);
    else if (r->known)
        conclude(r);
}

struct rights *rights_new(struct redis_link *link)
{
    struct rights *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->link = link;
    return r;
}

void rights_look(struct rights *r)
{
    if (!r->batch)
        ask(r, RIGHTS_WHO);
}

const char *rights_words(const struct rights *r)
{
    return r->words;
}

void rights_free(struct rights *r)
{
    if (!r)
        return;
    redis_batch_leave(r->batch);
    free(r);
}
