/* The names of a step, and the keys that wait for a look. */
#include "core/limits.h"
#include "io/redis/redis_scan_parts.h"

#include <stdlib.h>
#include <string.h>

void scan_list_fini(struct scan_list *l)
{
    free(l->keys);
    free(l->names);
}

void scan_list_reset(struct scan_list *l)
{
    l->n = 0;
    l->names_len = 0;
    l->behind[0] = '\0';
}

void scan_list_move(struct scan_list *to, struct scan_list *from)
{
    struct scan_list was = *to;
    *to = *from;
    *from = was;
    scan_list_reset(from);
}

static void *at_least(void *memory, size_t *max, size_t wanted, size_t size)
{
    if (wanted <= *max)
        return memory;
    *max = wanted;
    memory = reallocarray(memory, wanted, size);
    if (!memory)
        abort();
    return memory;
}

void scan_list_make_room(struct scan_list *l, size_t n, size_t bytes)
{
    scan_list_reset(l);
    l->keys = at_least(l->keys, &l->max, n + 1, sizeof *l->keys);
    l->names = at_least(l->names, &l->names_max, n + bytes, 1);
}

void scan_list_add(struct redis_scan *s, struct scan_list *l, const char *name, size_t len)
{
    unsigned tag = 0;
    if (len > LIMIT_REDIS_KEY || !s->events.on_name(name, len, &tag, s->arg))
        return;
    char *copy = l->names + l->names_len;
    memcpy(copy, name, len);
    copy[len] = '\0';
    l->names_len += len + 1;
    l->keys[l->n++] = (struct redis_key){
        .name = copy, .name_len = len, .tag = tag, .ttl_ms = -2, .expire_ms = -2};
}

static struct redis_key *add_key(struct scan_keys *k)
{
    if (k->n == k->max)
        k->keys = at_least(k->keys, &k->max, 2 * k->n + 64, sizeof *k->keys);
    return &k->keys[k->n++];
}

static bool is_waiting(const struct redis_scan *s, const struct redis_key *key)
{
    for (size_t i = 0; i < s->waiting.n; i++) {
        const struct redis_key *k = &s->waiting.keys[i];
        if (k->name_len == key->name_len && memcmp(k->name, key->name, k->name_len) == 0)
            return true;
    }
    return false;
}

void scan_wait(struct redis_scan *s, const struct scan_list *step)
{
    for (size_t i = 0; i < step->n; i++) {
        const struct redis_key *k = &step->keys[i];
        /* A name may come twice while Redis resizes its table. */
        if (!k->look || is_waiting(s, k))
            continue;
        struct redis_key *copy = add_key(&s->waiting);
        *copy = *k;
        copy->name = malloc(k->name_len + 1);
        if (!copy->name)
            abort();
        memcpy(copy->name, k->name, k->name_len + 1);
    }
}

static void remove_first(struct scan_keys *k, size_t n)
{
    k->n -= n;
    if (k->n > 0)
        memmove(k->keys, k->keys + n, k->n * sizeof *k->keys);
}

void scan_take_waiting(struct redis_scan *s, size_t n)
{
    size_t moved = 0;
    while (moved < s->waiting.n && s->looked.n < n)
        *add_key(&s->looked) = s->waiting.keys[moved++];
    remove_first(&s->waiting, moved);
}

void scan_keys_drop(struct scan_keys *k, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(k->keys[i].name);
        free(k->keys[i].payload);
    }
    remove_first(k, n);
}

void scan_keys_fini(struct scan_keys *k)
{
    scan_keys_drop(k, k->n);
    free(k->keys);
}
