/* Which sessions and tasks there are. */
#include "daemon/sweep/key_list.h"

#include "base/strbuf.h"
#include "base/text.h"
#include "core/json_scan.h"
#include "daemon/sweep/sweeper.h"
#include "daemon/verbs/operation.h"
#include "voxkeeper/control.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_DEFAULT = 100, KEY_SHOWN_MAX = 512, OWNER_SHOWN_MAX = 256 };

/* One key of the list: a heap whose first one is the next to go. */
struct row {
    usec_t rank; /* the larger, the further up */
    char *name;
    size_t name_len;
    struct cJSON *json;
};

struct key_list {
    struct sweeper *sweeper;
    struct operation *op; /* NULL: no list is under way */
    struct key_wish wish;
    struct row rows[VK_KEYS_MAX];
    unsigned n;
    unsigned limit;
};

/* ---- what is shown of a key ---- */

/* Of a session or a task, whichever of the two names its agent uses; "" if it says none. */
static void add_owner(const struct sweep_key *key, struct strbuf *out)
{
    static const char *const members[] = {"conversationId", "agentConversationId"};
    size_t len = key->value ? json_scan_value(key->value, key->value_len) : 0;
    const char *end = key->value ? key->value + key->value_len : NULL;
    const char *open = len > 0 ? memchr(key->value, '{', len) : NULL;
    struct json_member m;
    size_t at = 0;
    /* White space apart, the value is an object and nothing else. */
    if (!open || strspn(key->value, " \t\r\n") != (size_t)(open - key->value))
        return;
    len -= (size_t)(open - key->value);
    if (open + len > end)
        return;
    while (json_scan_member(open, len, &at, &m)) {
        for (size_t i = 0; i < sizeof members / sizeof *members && out->len == 0; i++) {
            if (m.key_len == strlen(members[i]) && memcmp(m.key, members[i], m.key_len) == 0 &&
                m.value_len > 2 && m.value[0] == '"')
                json_scan_unescape(out, m.value + 1, m.value_len - 2);
        }
    }
}

static const char *state_of(const struct sweep_key *key)
{
    const struct sweep_judgement *j = key->judgement;
    if (j->finding != SWEEP_FINE)
        return sweep_finding_name(j->finding);
    switch (key->keyspace->kind) {
    case CONFIG_KEYSPACE_SESSION:
        return j->live ? "active" : "idle";
    case CONFIG_KEYSPACE_TASK:
        if (!j->pending_known)
            return "fine";
        return j->pending ? "pending" : "done";
    case CONFIG_KEYSPACE_OTHER:
        return "fine";
    }
    return "fine";
}

static void add_escaped(
    struct cJSON *o, const char *member, const char *bytes, size_t len, size_t max)
{
    struct strbuf text = STRBUF_INIT;
    text_escape(&text, bytes, len, max);
    cJSON_AddStringToObject(o, member, strbuf_text(&text));
    strbuf_fini(&text);
}

static void add_span(struct cJSON *o, const char *member, bool known, usec_t span)
{
    if (known)
        cJSON_AddNumberToObject(o, member, (double)span);
    else
        cJSON_AddNullToObject(o, member);
}

static struct cJSON *row_json(const struct sweep_key *key)
{
    struct cJSON *o = cJSON_CreateObject();
    struct strbuf owner = STRBUF_INIT;
    const struct sweep_judgement *j = key->judgement;
    add_owner(key, &owner);
    cJSON_AddStringToObject(o, "keyspace", key->keyspace->name);
    add_escaped(o, "key", key->name, key->name_len, KEY_SHOWN_MAX);
    cJSON_AddStringToObject(o, "state", state_of(key));
    add_span(o, "age_usec", j->age_known, j->age);
    add_span(o, "ttl_usec", key->has_ttl, key->ttl);
    if (owner.len > 0)
        add_escaped(o, "conversation", strbuf_text(&owner), owner.len, OWNER_SHOWN_MAX);
    else
        cJSON_AddNullToObject(o, "conversation");
    cJSON_AddBoolToObject(o, "stuck", j->finding != SWEEP_FINE);
    cJSON_AddStringToObject(o, "reason", j->finding == SWEEP_FINE ? "" : j->reason);
    strbuf_fini(&owner);
    return o;
}

/* ---- the list ---- */

/* What is not fine and of unknown age stands above what is old: somebody should look at it. */
static usec_t rank_of(const struct key_list *l, const struct sweep_key *key)
{
    const struct sweep_judgement *j = key->judgement;
    if (l->wish.sort == KEY_SORT_TTL)
        return key->has_ttl ? key->ttl : USEC_INFINITY;
    if (j->age_known)
        return j->age;
    return j->finding == SWEEP_FINE ? 0 : USEC_INFINITY;
}

static bool fits(const struct key_list *l, const struct sweep_key *key)
{
    return l->n < l->limit || rank_of(l, key) > l->rows[0].rank;
}

/* A key that is well: it is read only if it gets onto the list. */
static bool on_wanted(const struct sweep_key *key, void *arg)
{
    const struct key_list *l = arg;
    return !l->wish.stuck && fits(l, key);
}

static void swap_rows(struct row *a, struct row *b)
{
    struct row t = *a;
    *a = *b;
    *b = t;
}

static void sift_up(struct key_list *l, unsigned i)
{
    for (; i > 0 && l->rows[i].rank < l->rows[(i - 1) / 2].rank; i = (i - 1) / 2)
        swap_rows(&l->rows[i], &l->rows[(i - 1) / 2]);
}

static void sift_down(struct key_list *l)
{
    for (unsigned i = 0;;) {
        unsigned least = i;
        for (unsigned child = 2 * i + 1; child <= 2 * i + 2 && child < l->n; child++) {
            if (l->rows[child].rank < l->rows[least].rank)
                least = child;
        }
        if (least == i)
            return;
        swap_rows(&l->rows[i], &l->rows[least]);
        i = least;
    }
}

static void row_fini(struct row *row)
{
    free(row->name);
    cJSON_Delete(row->json);
}

/* SCAN may return a key twice. */
static bool is_listed(const struct key_list *l, const struct sweep_key *key)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (l->rows[i].name_len == key->name_len &&
            memcmp(l->rows[i].name, key->name, key->name_len) == 0)
            return true;
    }
    return false;
}

static void on_finding(const struct sweep_key *key, void *arg)
{
    struct key_list *l = arg;
    if (!l->op || !fits(l, key) || is_listed(l, key))
        return;
    struct row row = {.rank = rank_of(l, key), .name_len = key->name_len, .json = row_json(key)};
    row.name = malloc(key->name_len + 1);
    if (!row.name)
        abort();
    memcpy(row.name, key->name, key->name_len);
    row.name[key->name_len] = '\0';
    if (l->n < l->limit) {
        l->rows[l->n++] = row;
        sift_up(l, l->n - 1);
        return;
    }
    row_fini(&l->rows[0]);
    l->rows[0] = row;
    sift_down(l);
}

static int by_rank(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? 1 : -1;
    return strcmp(x->name, y->name);
}

static void forget(struct key_list *l)
{
    for (unsigned i = 0; i < l->n; i++)
        row_fini(&l->rows[i]);
    l->n = 0;
}

static struct cJSON *result_json(struct key_list *l, const struct sweep_summary *summary)
{
    struct cJSON *o = cJSON_CreateObject();
    struct cJSON *keys = cJSON_AddArrayToObject(o, "keys");
    qsort(l->rows, l->n, sizeof *l->rows, by_rank);
    for (unsigned i = 0; i < l->n; i++) {
        cJSON_AddItemToArray(keys, l->rows[i].json);
        l->rows[i].json = NULL;
    }
    cJSON_AddNumberToObject(o, "keys_seen", (double)summary->keys);
    cJSON_AddBoolToObject(o, "complete", summary->complete);
    return o;
}

static void on_done(const struct sweep_summary *summary, void *arg)
{
    struct key_list *l = arg;
    struct operation *op = l->op;
    unsigned shown = l->n;
    l->op = NULL;
    operation_set_result(op, result_json(l, summary));
    forget(l);
    if (summary->complete && summary->error == REDIS_E_NONE)
        operation_end(op, OPERATION_DONE, "%u of the %llu keys in the keyspaces", shown,
            (unsigned long long)summary->keys);
    else
        operation_end(op, OPERATION_FAILED, "not every key was looked at: %s", summary->error_text);
}

struct key_list *key_list_new(struct sweeper *sweeper)
{
    struct key_list *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->sweeper = sweeper;
    return l;
}

int key_list_run(
    struct key_list *l, const struct key_wish *wish, struct operation *op, struct err *e)
{
    const struct sweep_request request = {
        .dry_run = true, .keyspace = wish->keyspace, .wanted = on_wanted};
    int r = sweeper_run(l->sweeper, &request, on_finding, on_done, l, e);
    if (r < 0)
        return r;
    l->op = op;
    l->wish = *wish;
    l->wish.keyspace = NULL; /* the sweeper has a copy; nobody asks us again */
    l->limit = wish->limit > 0 ? wish->limit : LIMIT_DEFAULT;
    return 0;
}

struct operation *key_list_operation(const struct key_list *l)
{
    return l->op;
}

void key_list_free(struct key_list *l)
{
    if (!l)
        return;
    operation_end(l->op, OPERATION_FAILED, "the list was cut short: its Redis is no longer ours");
    forget(l);
    free(l);
}
