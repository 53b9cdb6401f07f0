/* How long nobody but us touched a key: a direct-mapped table. */
#include "core/sweep/idle_ledger.h"

#include <stdlib.h>

enum { SLOTS = 4096 };

/* IDLETIME counts in whole seconds from a clock that ticks in whole seconds. */
static const usec_t grain = 2 * USEC_PER_SEC;

/* An entry not touched for so long belongs to a key that is gone. */
static const usec_t forget_after = 2 * USEC_PER_DAY;

struct entry {
    uint64_t id;
    usec_t since;   /* only we touched it */
    usec_t touched; /* by us, last; 0: the slot is free */
};

struct idle_ledger {
    unsigned sharers; /* besides the one that made it */
    struct entry entries[SLOTS];
};

struct idle_ledger *idle_ledger_new(void)
{
    struct idle_ledger *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    return l;
}

struct idle_ledger *idle_ledger_share(struct idle_ledger *l)
{
    l->sharers++;
    return l;
}

void idle_ledger_free(struct idle_ledger *l)
{
    if (l && l->sharers > 0)
        l->sharers--;
    else
        free(l);
}

uint64_t idle_ledger_id(const char *name, size_t name_len, uint64_t value_checksum)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ value_checksum; /* FNV-1a */
    for (size_t i = 0; i < name_len; i++)
        hash = (hash ^ (unsigned char)name[i]) * UINT64_C(1099511628211);
    return hash ^ hash >> 29;
}

usec_t idle_ledger_touch(struct idle_ledger *l, uint64_t id, usec_t idle, usec_t now)
{
    struct entry *e = &l->entries[id % SLOTS];
    usec_t last_access = usec_sub(now, idle);
    if (e->touched && e->id == id) {
        bool only_we = last_access <= usec_add(e->touched, grain);
        if (!only_we || last_access < e->since)
            e->since = last_access;
        e->touched = now;
        return usec_sub(now, e->since);
    }
    /* Two that share a slot: the first stays, the other is judged by what Redis says alone. */
    if (!e->touched || usec_sub(now, e->touched) > forget_after)
        *e = (struct entry){.id = id, .since = last_access, .touched = now};
    return idle;
}

usec_t idle_ledger_watch(struct idle_ledger *l, uint64_t id, bool quiet, usec_t now)
{
    struct entry *e = &l->entries[id % SLOTS];
    bool forgotten = !e->touched || usec_sub(now, e->touched) > forget_after;
    if (!forgotten && e->id != id)
        return 0;
    if (forgotten || !quiet)
        e->since = now;
    e->id = id;
    e->touched = now;
    return usec_sub(now, e->since);
}
