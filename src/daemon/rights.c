/* Whether our user in Redis could delete a conversation. */
#include "daemon/rights.h"

#include "core/event.h"
#include "io/redis_batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No such key exists, and none is asked to go. */
static const char canary[] = "elevenlabs:conversation:__voxkeeper_canary__";

enum rights_step { RIGHTS_WHO, RIGHTS_DRYRUN, RIGHTS_PTTL };

struct rights {
    struct redis_link *link;
    struct redis_batch *batch;
    enum rights_step step;
    char user[256];
    bool known; /* the step was answered in a way that means something */
    bool may;
    char words[320];
};

static void on_done(bool lost, void *arg);

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
    const char *const pttl[] = {"PTTL", canary};
    r->step = step;
    r->known = false;
    r->batch = redis_batch_new(r->link, 1, on_reply, on_done, r);
    if (step == RIGHTS_WHO)
        redis_batch_add(r->batch, 0, 2, who, NULL);
    else if (step == RIGHTS_DRYRUN)
        redis_batch_add(r->batch, 0, 5, dryrun, NULL);
    else
        redis_batch_add(r->batch, 0, 2, pttl, NULL);
    redis_batch_end(r->batch);
}

static void conclude(struct rights *r)
{
    char words[sizeof r->words] = "";
    if (r->may && r->step == RIGHTS_DRYRUN)
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
