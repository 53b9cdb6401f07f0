/* Breadth-first exploration: a set of fingerprints, the frontier, and who came from where. */
#include "explore.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fingerprint {
    uint64_t a, b;
};

struct origin {
    uint32_t parent;
    uint32_t marks;
    const char *label;
};

struct edge {
    uint32_t from, to;
};

struct explore {
    size_t size;
    size_t max;
    explore_expand_fn *expand;
    uint32_t *table; /* fingerprint -> index + 1 */
    size_t table_mask;
    struct fingerprint *prints;
    struct origin *origins;
    size_t n;
    size_t steps;
    uint32_t current;
    const char *trying;
    unsigned char *frontier; /* states not yet expanded, in order of index from `next` on */
    size_t frontier_size;
    size_t frontier_from; /* index of the first state in `frontier` */
    struct edge *certain;
    size_t n_certain;
    size_t certain_size;
};

static void *must(void *memory)
{
    if (!memory) {
        fprintf(stderr, "explore: out of memory\n");
        exit(1);
    }
    return memory;
}

struct explore *explore_new(size_t state_size, size_t max_states)
{
    struct explore *x = must(calloc(1, sizeof *x));
    size_t slots = 1;
    while (slots < 2 * max_states)
        slots *= 2;
    x->size = state_size;
    x->max = max_states;
    x->table_mask = slots - 1;
    x->table = must(calloc(slots, sizeof *x->table));
    x->prints = must(malloc(max_states * sizeof *x->prints));
    x->origins = must(malloc(max_states * sizeof *x->origins));
    return x;
}

void explore_free(struct explore *x)
{
    free(x->table);
    free(x->prints);
    free(x->origins);
    free(x->frontier);
    free(x->certain);
    free(x);
}

static uint64_t mix(uint64_t h)
{
    h ^= h >> 31;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 29;
    return h;
}

/* 128 bits: two different states of a million collide with a chance of 10^-27. */
static struct fingerprint fingerprint_of(const unsigned char *bytes, size_t len)
{
    struct fingerprint f = {UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344)};
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, len - i < 8 ? len - i : 8);
        f.a = mix(f.a + word);
        f.b = mix((f.b ^ word) + UINT64_C(0xa4093822299f31d0));
    }
    return f;
}

/* The state's index; a new one joins the frontier. */
static uint32_t intern(struct explore *x, const void *state)
{
    struct fingerprint f = fingerprint_of(state, x->size);
    size_t slot = f.a & x->table_mask;
    while (x->table[slot]) {
        uint32_t index = x->table[slot] - 1;
        if (x->prints[index].a == f.a && x->prints[index].b == f.b)
            return index;
        slot = (slot + 1) & x->table_mask;
    }
    if (x->n == x->max)
        explore_fail(x, "more than %zu states", x->max);
    uint32_t index = (uint32_t)x->n++;
    x->table[slot] = index + 1;
    x->prints[index] = f;
    x->origins[index] = (struct origin){.parent = x->current, .label = x->trying};
    size_t used = (x->n - x->frontier_from) * x->size;
    if (used > x->frontier_size) {
        x->frontier_size = used * 2;
        x->frontier = must(realloc(x->frontier, x->frontier_size));
    }
    memcpy(x->frontier + used - x->size, state, x->size);
    return index;
}

void explore_run(struct explore *x, const void *initial, explore_expand_fn *expand)
{
    x->trying = "(initial)";
    intern(x, initial);
    unsigned char *state = must(malloc(x->size));
    for (size_t i = 0; i < x->n; i++) {
        /* Level by level what was expanded makes room. */
        if (i - x->frontier_from > 4096 && i - x->frontier_from > (x->n - i)) {
            size_t done = (i - x->frontier_from) * x->size;
            memmove(x->frontier, x->frontier + done, (x->n - i) * x->size);
            x->frontier_from = i;
        }
        memcpy(state, x->frontier + (i - x->frontier_from) * x->size, x->size);
        x->current = (uint32_t)i;
        x->trying = "(looking)";
        expand(x, state);
    }
    free(state);
}

void explore_try(struct explore *x, const char *label)
{
    x->trying = label;
    x->steps++;
}

void explore_edge(struct explore *x, const void *state, bool certain)
{
    uint32_t to = intern(x, state);
    if (!certain || to == x->current)
        return;
    if (x->n_certain == x->certain_size) {
        x->certain_size = x->certain_size ? 2 * x->certain_size : 1024;
        x->certain = must(realloc(x->certain, x->certain_size * sizeof *x->certain));
    }
    x->certain[x->n_certain++] = (struct edge){x->current, to};
}

void explore_mark(struct explore *x, unsigned mark)
{
    x->origins[x->current].marks |= UINT32_C(1) << mark;
}

static void print_path(const struct explore *x, uint32_t index)
{
    if (index != 0)
        print_path(x, x->origins[index].parent);
    fprintf(stderr, "  %s\n", x->origins[index].label);
}

void explore_fail(struct explore *x, const char *fmt, ...)
{
    fprintf(stderr, "path:\n");
    print_path(x, x->current);
    fprintf(stderr, "  %s   <- here\n", x->trying);
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\n");
    exit(1);
}

bool explore_leads(struct explore *x, unsigned from, unsigned to)
{
    bool *reaches = must(calloc(x->n, sizeof *reaches));
    bool changed = true;
    for (size_t i = 0; i < x->n; i++)
        reaches[i] = x->origins[i].marks >> to & 1;
    while (changed) { /* backwards over the edges: most of them point forwards, so few rounds */
        changed = false;
        for (size_t i = x->n_certain; i-- > 0;) {
            if (!reaches[x->certain[i].from] && reaches[x->certain[i].to]) {
                reaches[x->certain[i].from] = true;
                changed = true;
            }
        }
    }
    bool all = true;
    for (size_t i = 0; i < x->n && all; i++) {
        if ((x->origins[i].marks >> from & 1) && !reaches[i]) {
            fprintf(stderr, "stuck after:\n");
            print_path(x, (uint32_t)i);
            all = false;
        }
    }
    free(reaches);
    return all;
}

size_t explore_states(const struct explore *x)
{
    return x->n;
}

size_t explore_steps(const struct explore *x)
{
    return x->steps;
}
