/*
 * Sessions and tasks: a dry run of the sweep on a connection of its own, which writes nothing and
 * keeps out of others' way, while the values are looked at for what a sweep does not ask.
 *
 * Before Redis 7.2, whoever reads a value resets since when the key is idle. Where Redis goes by
 * that when it makes room, values of keys that are well are not read.
 */
#include "daemon/doctor/doctor_parts.h"

#include "base/strbuf.h"
#include "base/text.h"
#include "core/fleet/expect_json.h"
#include "core/sweep/sweep_value.h"
#include "daemon/daemon.h"
#include "daemon/heal/healer.h"
#include "daemon/sweep/sweeper.h"
#include "io/redis/redis_batch.h"
#include "io/redis/redis_link.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A callback that takes longer will not come any more. */
#define PENDING_LONG USEC_PER_HOUR
#define SKEW USEC_PER_MIN

/* A task may be written a moment before its session can be seen. */
#define ORPHAN_LEAST (30 * USEC_PER_SEC)

/* Values are read of so many keys of each kind. */
enum { READ_MAX = 5000, OWNERS_MAX = 4 * READ_MAX };

struct waiting_task {
    uint64_t session, conversation; /* 0: it names none */
    char name[DOCTOR_EXAMPLE_MAX];
};

struct doctor_walk {
    struct doctor *doctor;
    struct doctor_keys *out;
    struct redis_link *link;
    struct sweeper *sweeper;
    struct redis_batch *asked; /* whether values may be read; NULL: it is known */
    bool no_touch;             /* reading them leaves no trace */
    bool by_use;               /* Redis makes room by when, or how often, keys are used */
    char policy[32];
    bool running;
    bool sampled; /* there were more keys than are read */
    unsigned read[CONFIG_KEYSPACE_OTHER + 1];
    uint64_t owners[OWNERS_MAX]; /* what sessions answer to: their names, and what they say */
    unsigned n_owners;
    struct waiting_task *tasks;
    unsigned n_tasks;
};

/* Names are told apart by this alone: two that share it hide one orphan. Never 0. */
static uint64_t hash(const char *bytes, size_t len)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
    return h ? h : 1;
}

static void add_owner(struct doctor_walk *w, const char *bytes, size_t len)
{
    if (len > 0 && w->n_owners < OWNERS_MAX)
        w->owners[w->n_owners++] = hash(bytes, len);
}

static bool on_wanted(const struct sweep_key *key, void *arg)
{
    struct doctor_walk *w = arg;
    if (key->keyspace->kind == CONFIG_KEYSPACE_OTHER || (w->by_use && !w->no_touch))
        return false;
    if (key->value) /* it was, the other time that we were asked */
        return true;
    if (w->read[key->keyspace->kind] >= READ_MAX) {
        w->sampled = true;
        return false;
    }
    w->read[key->keyspace->kind]++;
    return true;
}

static void note_session(struct doctor_walk *w, const struct sweep_key *key, usec_t now)
{
    static const char *const members[] = {"sessionId", "conversationId", "agentConversationId"};
    const char *fault = NULL;
    size_t prefix = strcspn(key->keyspace->pattern, "*");
    struct sweep_value v = sweep_value_read(key->keyspace, key->value, key->value_len);
    if (!v.fault && v.expires_known && usec_sub(now, v.expires) > SKEW)
        doctor_count_add(
            &w->out->outlived, key->name, (unsigned)key->name_len, "its expiresAt is over");
    if (key->name_len > prefix)
        add_owner(w, key->name + prefix, key->name_len - prefix);
    cJSON *root = expect_json_parse(key->value, key->value_len, &fault);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(root, members[i]);
        if (cJSON_IsString(member))
            add_owner(w, member->valuestring, strlen(member->valuestring));
    }
    cJSON_Delete(root);
}

static void note_task(struct doctor_walk *w, const struct sweep_key *key)
{
    const struct sweep_judgement *j = key->judgement;
    struct sweep_value v = sweep_value_read(key->keyspace, key->value, key->value_len);
    struct doctor_keys *out = w->out;
    if (v.fault || !v.pending)
        return;
    usec_t age = j->age_known ? j->age : 0;
    if (age > out->oldest)
        out->oldest = age;
    *(age <= USEC_PER_HOUR    ? &out->pending_hour
        : age <= USEC_PER_DAY ? &out->pending_day
                              : &out->pending_more) += 1;
    if (age > PENDING_LONG) {
        char text[SPAN_TEXT_MAX];
        char reason[SPAN_TEXT_MAX + 16] = "waits for ";
        doctor_count_add(
            &out->old, key->name, (unsigned)key->name_len, strcat(reason, span_format(age, text)));
        return;
    }
    if (age < ORPHAN_LEAST || w->n_tasks == READ_MAX)
        return;
    struct waiting_task *t = &w->tasks[w->n_tasks++];
    struct strbuf name = STRBUF_INIT;
    text_escape(&name, key->name, key->name_len, DOCTOR_EXAMPLE_MAX - sizeof "…");
    *t = (struct waiting_task){.session = v.session[0] ? hash(v.session, strlen(v.session)) : 0,
        .conversation = v.conversation[0] ? hash(v.conversation, strlen(v.conversation)) : 0};
    snprintf(t->name, sizeof t->name, "%s", strbuf_text(&name));
    strbuf_fini(&name);
}

static void on_finding(const struct sweep_key *key, void *arg)
{
    struct doctor_walk *w = arg;
    const struct sweep_judgement *j = key->judgement;
    bool session = key->keyspace->kind == CONFIG_KEYSPACE_SESSION;
    w->out->keys++;
    switch (j->finding) {
    case SWEEP_IMMORTAL:
    case SWEEP_STALE:
        doctor_count_add(&w->out->no_ttl, key->name, (unsigned)key->name_len, j->reason);
        break;
    case SWEEP_OVERLONG:
        doctor_count_add(&w->out->odd_ttl, key->name, (unsigned)key->name_len, j->reason);
        break;
    case SWEEP_EXPIRED:
    case SWEEP_FINE:
    case SWEEP_NEEDS_VALUE:
    case SWEEP_STUCK_TASK:
    case SWEEP_ORPHAN:
    case SWEEP_MALFORMED:
    case SWEEP_MALFORMED_IDLE:
    case SWEEP_WRONG_TYPE:
    case SWEEP_FUTURE:
    case SWEEP_TOO_BIG:
    case SWEEP_TOO_BIG_IDLE:
    case SWEEP_GONE:
    case SWEEP_PROTECTED:
    case SWEEP_FINDING_COUNT:
        break;
    }
    if (key->value && session)
        note_session(w, key, loop_wall_now());
    else if (key->value && key->keyspace->kind == CONFIG_KEYSPACE_TASK)
        note_task(w, key);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool has_owner(const struct doctor_walk *w, uint64_t name)
{
    return name != 0 && bsearch(&name, w->owners, w->n_owners, sizeof name, by_number);
}

/* Only who has seen every session can say that one is gone. */
static void judge_orphans(struct doctor_walk *w)
{
    if (w->sampled || w->n_owners == OWNERS_MAX)
        return;
    qsort(w->owners, w->n_owners, sizeof *w->owners, by_number);
    for (unsigned i = 0; i < w->n_tasks; i++) {
        const struct waiting_task *t = &w->tasks[i];
        if ((t->session || t->conversation) && !has_owner(w, t->session) &&
            !has_owner(w, t->conversation))
            doctor_count_add(
                &w->out->orphans, t->name, (unsigned)strlen(t->name), "no session of it is there");
    }
}

static void say_why(struct doctor_walk *w, const char *why)
{
    snprintf(w->out->why, sizeof w->out->why, "%.159s", why);
}

static void finish(struct doctor_walk *w)
{
    struct doctor *d = w->doctor;
    d->walk = NULL;
    doctor_walk_free(w);
    doctor_part_done(d);
}

static void on_done(const struct sweep_summary *summary, void *arg)
{
    struct doctor_walk *w = arg;
    w->running = false;
    w->out->walked = true;
    w->out->complete = summary->complete && !w->sampled;
    w->out->keys = summary->keys;
    if (!summary->complete)
        say_why(w, summary->error_text);
    else if (w->sampled)
        say_why(w, "there are too many to read all of them");
    if (w->by_use && !w->no_touch)
        doctor_gap(&w->doctor->report, DOCTOR_CALLBACK,
            "what healthy keys hold: this Redis makes room by use (%s), and reading counts as that",
            w->policy);
    else if (summary->complete)
        judge_orphans(w);
    if (w->doctor->spec.daemon)
        healer_swept(w->doctor->spec.daemon->healer, summary);
    finish(w);
}

static void begin(struct doctor_walk *w)
{
    static const struct sweep_request request = {.dry_run = true, .wanted = on_wanted};
    struct err e = {0};
    w->running = sweeper_run(w->sweeper, &request, on_finding, on_done, w, &e) == 0;
    if (w->running)
        return;
    say_why(w, e.msg);
    finish(w);
}

enum { ASKED_NO_TOUCH, ASKED_MEMORY, ASKED };

static void on_asked_reply(size_t index, const struct redis_value *reply, void *arg)
{
    struct doctor_walk *w = arg;
    struct doctor_redis facts = {0};
    if (index == ASKED_NO_TOUCH) {
        w->no_touch = reply->type == REDIS_STATUS;
        return;
    }
    /* Who may not ask takes care. */
    w->by_use = reply->type != REDIS_STRING;
    snprintf(w->policy, sizeof w->policy, "it does not answer INFO");
    if (reply->type != REDIS_STRING)
        return;
    doctor_redis_info(reply->str, &facts);
    w->by_use = facts.maxmemory > 0 && (strstr(facts.policy, "lru") || strstr(facts.policy, "lfu"));
    snprintf(w->policy, sizeof w->policy, "%s", facts.policy);
}

static void on_asked(bool lost, void *arg)
{
    struct doctor_walk *w = arg;
    w->asked = NULL;
    if (!lost)
        begin(w);
}

static void ask(struct doctor_walk *w)
{
    w->asked = redis_batch_new(w->link, ASKED, on_asked_reply, on_asked, w);
    redis_batch_add(
        w->asked, ASKED_NO_TOUCH, 3, (const char *const[]){"CLIENT", "NO-TOUCH", "ON"}, NULL);
    redis_batch_add(w->asked, ASKED_MEMORY, 2, (const char *const[]){"INFO", "memory"}, NULL);
    redis_batch_end(w->asked);
}

static void on_state(enum redis_link_state state, const char *why, void *arg)
{
    struct doctor_walk *w = arg;
    if (state == REDIS_LINK_UP && !w->running && !w->asked) {
        ask(w);
    } else if (state == REDIS_LINK_DOWN || state == REDIS_LINK_REFUSED ||
               state == REDIS_LINK_LOADING) {
        (void)why; /* the probe tells it better */
        say_why(w, "Redis does not serve us");
        finish(w);
    }
}

struct doctor_walk *doctor_walk_new(struct doctor *d)
{
    const struct config *c = d->spec.config;
    const struct redis_link_conf conf = {.url = c->redis.url,
        .username = c->redis.username,
        .password_file = c->redis.password_credential,
        .connect_timeout = c->redis.connect_timeout,
        .command_timeout = c->redis.command_timeout,
        .ping_interval = USEC_PER_MIN};
    struct err e = {0};
    struct doctor_walk *w = c->redis.url ? calloc(1, sizeof *w) : NULL;
    if (!w)
        return NULL;
    w->doctor = d;
    w->out = &d->keys;
    w->tasks = calloc(READ_MAX, sizeof *w->tasks);
    w->link = w->tasks ? redis_link_new(d->spec.loop, &conf, on_state, w, &e) : NULL;
    w->sweeper = w->link ? sweeper_new(d->spec.loop, w->link) : NULL;
    if (!w->sweeper || sweeper_configure(w->sweeper, c->keyspaces, c->n_keyspaces,
                           &c->sweep.protect, c->active_window, &e) < 0) {
        doctor_walk_free(w);
        return NULL;
    }
    if (d->spec.daemon && d->spec.daemon->sweeper)
        sweeper_share_idle(w->sweeper, d->spec.daemon->sweeper);
    d->waiting++;
    return w;
}

void doctor_walk_free(struct doctor_walk *w)
{
    if (!w)
        return;
    if (w->running) {
        w->out->walked = true;
        if (!w->out->why[0])
            say_why(w, "time was up");
    } else if (!w->out->walked && !w->out->why[0]) {
        say_why(w, "Redis does not serve us");
    }
    redis_batch_leave(w->asked);
    sweeper_free(w->sweeper);
    redis_link_free(w->link);
    free(w->tasks);
    free(w);
}
