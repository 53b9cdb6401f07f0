/* The names of a step, and the keys that wait for a look. */
#include "core/limits.h"
#include "io/redis_scan_parts.h"

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

void scan_wait(struct redis_scan *s, const struct scan_list *step)
{
    for (size_t i = 0; i < step->n; i++) {
        const struct redis_key *k = &step->keys[i];
        if (!k->look)
            continue;
        if (s->n_waiting == s->max_waiting)
            s->waiting =
                at_least(s->waiting, &s->max_waiting, 2 * s->n_waiting + 64, sizeof *s->waiting);
        char *name = malloc(k->name_len + 1);
        if (!name)
            abort();
        memcpy(name, k->name, k->name_len + 1);
        s->waiting[s->n_waiting] = *k;
        s->waiting[s->n_waiting++].name = name;
    }
}

void scan_stop_waiting(struct redis_scan *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(s->waiting[i].name);
        free(s->waiting[i].payload);
    }
    s->n_waiting -= n;
    if (s->n_waiting > 0)
        memmove(s->waiting, s->waiting + n, s->n_waiting * sizeof *s->waiting);
}
