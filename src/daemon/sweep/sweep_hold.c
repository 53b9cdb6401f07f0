/* What is to go is held until it is known how much that is. */
#include "daemon/sweep/sweep_hold.h"

#include "core/sweep/sweep_fuse.h"
#include "daemon/sweep/sweep_pass.h"

#include <stdlib.h>
#include <string.h>

enum {
    HELD_MAX = 10000,
    HELD_BYTES_MAX = 4 * 1024 * 1024, /* of names */
    STEP_MAX = 100,
};

/* What a keyspace's clients add between two walks is none of what the limit is for. */
static uint64_t with_margin(uint64_t n)
{
    return n + n / 10 + 100;
}

void sweep_hold_begin(struct sweep_pass *p, const struct sweep_request *request)
{
    struct sweep_hold *h = &p->hold;
    bool removes = !request->dry_run && !request->census_only;
    h->phase = SWEEP_PHASE_AS_FOUND;
    h->allowed = UINT64_MAX;
    if (request->agreed > 0)
        h->allowed = request->agreed;
    else if (removes && request->limit > 0) /* that is a limit, too: it need not be counted */
        h->allowed = p->limits.max_delete.count;
    else if (removes && !sweep_cap_is_none(&p->limits.max_delete))
        h->phase = SWEEP_PHASE_COUNT;
}

static void let_go(struct sweep_hold *h)
{
    for (size_t i = 0; i < h->n; i++)
        free(h->keys[i].name);
    free(h->keys);
    h->keys = NULL;
    h->n = 0;
    h->max = 0;
    h->bytes = 0;
    h->overflow = false;
}

void sweep_hold_free(struct sweep_hold *h)
{
    let_go(h);
}

void sweep_hold_restart(struct sweep_pass *p)
{
    if (p->hold.phase == SWEEP_PHASE_COUNT)
        let_go(&p->hold);
}

bool sweep_hold_counted(const struct sweep_pass *p)
{
    return p->hold.phase == SWEEP_PHASE_HELD || p->hold.phase == SWEEP_PHASE_AGAIN;
}

static void hold(struct sweep_hold *h, const struct redis_key *key, const struct sweep_judgement *j)
{
    if (h->n == HELD_MAX || h->bytes + key->name_len > HELD_BYTES_MAX) {
        h->overflow = true;
        return;
    }
    if (h->n == h->max) {
        h->max = h->max > 0 ? 2 * h->max : 64;
        h->keys = reallocarray(h->keys, h->max, sizeof *h->keys);
        if (!h->keys)
            abort();
    }
    char *name = malloc(key->name_len + 1);
    if (!name)
        abort();
    memcpy(name, key->name, key->name_len + 1);
    h->bytes += key->name_len;
    h->keys[h->n++] = (struct sweep_held){name, key->name_len, key->tag, *j};
}

bool sweep_hold_takes(
    struct sweep_pass *p, const struct redis_key *key, const struct sweep_judgement *j)
{
    struct sweep_hold *h = &p->hold;
    switch (h->phase) {
    case SWEEP_PHASE_COUNT:
        hold(h, key, j);
        return true;
    case SWEEP_PHASE_HELD:
        return false;
    case SWEEP_PHASE_AS_FOUND:
    case SWEEP_PHASE_AGAIN:
        break;
    }
    if (h->allowed == 0) {
        sweep_tally_held(&p->summary, "more keys were to go than were allowed");
        sweep_step_tell_held(p, &(struct sweep_held){key->name, key->name_len, key->tag, *j});
        return true;
    }
    h->allowed -= h->allowed != UINT64_MAX;
    return false;
}

void sweep_hold_step(struct sweep_pass *p)
{
    struct sweep_hold *h = &p->hold;
    struct redis_name names[STEP_MAX];
    if (h->phase != SWEEP_PHASE_HELD) {
        redis_scan_step(p->scan);
        return;
    }
    h->end = h->n - h->next < STEP_MAX ? h->n : h->next + STEP_MAX;
    for (size_t i = h->next; i < h->end; i++)
        names[i - h->next] = (struct redis_name){h->keys[i].name, h->keys[i].name_len};
    redis_scan_names(p->scan, names, h->end - h->next);
}

static uint64_t removable(const struct sweep_summary *s)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < s->n_keyspaces; i++)
        n += s->keyspaces[i].removable;
    return n;
}

static bool is_allowed(struct sweep_pass *p)
{
    struct sweep_fuse_count counts[LIMIT_KEYSPACES];
    char why[160];
    const struct sweep_summary *s = &p->summary;
    for (unsigned i = 0; i < s->n_keyspaces; i++)
        counts[i] = (struct sweep_fuse_count){
            s->keyspaces[i].name, s->keyspaces[i].keys, s->keyspaces[i].removable};
    if (sweep_fuse_allows(&p->limits.max_delete, counts, s->n_keyspaces, &why))
        return true;
    sweep_tally_held(&p->summary, why);
    return false;
}

/* Every key is counted. */
static bool begin_removing(struct sweep_pass *p)
{
    struct sweep_hold *h = &p->hold;
    if (!is_allowed(p)) {
        for (size_t i = 0; i < h->n; i++)
            sweep_step_tell_held(p, &h->keys[i]);
        return false;
    }
    if (h->n == 0)
        return false;
    if (!h->overflow) {
        h->phase = SWEEP_PHASE_HELD;
        return true;
    }
    let_go(h);
    h->allowed = with_margin(removable(&p->summary));
    h->phase = SWEEP_PHASE_AGAIN;
    redis_scan_restart(p->scan);
    return true;
}

bool sweep_hold_goes_on(struct sweep_pass *p)
{
    struct sweep_hold *h = &p->hold;
    switch (h->phase) {
    case SWEEP_PHASE_COUNT:
        return begin_removing(p);
    case SWEEP_PHASE_HELD:
        h->next = h->end;
        return h->next < h->n;
    case SWEEP_PHASE_AS_FOUND:
        /* A dry run says that it would be held. */
        if (p->summary.dry_run)
            is_allowed(p);
        return false;
    case SWEEP_PHASE_AGAIN:
        return false;
    }
    return false;
}
