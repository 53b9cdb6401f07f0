/*
 * Which sessions and tasks there are: the oldest ones, or those whose TTL ends last. A pass like a
 * sweep's that writes nothing. Values are read only of what gets onto the list, for who owns it; so
 * a list of a hundred out of a million reads some hundreds.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct key_list;
struct operation;
struct sweeper;

#define KEY_SORTS(X)                                                                               \
    X(AGE, "age") /* what was alive longest ago comes first */                                     \
    X(TTL, "ttl") /* what stays longest; no TTL at all comes first */

#define X(symbol, name) KEY_SORT_##symbol,
enum key_sort { KEY_SORTS(X) KEY_SORT_COUNT };
#undef X

struct key_wish {
    bool stuck;           /* only what is not fine */
    const char *keyspace; /* NULL: all */
    enum key_sort sort;
    unsigned limit; /* 0: as many as fit on a few screens; at most VK_KEYS_MAX */
};

/* `sweeper` is borrowed until key_list_free(). Returns owned; aborts when memory is out. */
struct key_list *key_list_new(struct sweeper *sweeper);

/* Makes one list for `op`, which ends with it. Returns 0, or what sweeper_run() says. */
int key_list_run(
    struct key_list *l, const struct key_wish *wish, struct operation *op, struct err *e);

/* The operation that waits for a list; NULL: none. */
struct operation *key_list_operation(const struct key_list *l);

/* Who waits for a list is told that there will be none. NULL is fine. Free it before its sweeper.
 */
void key_list_free(struct key_list *l);
