/* What the two ways of removing share: by script (redis_remove.c), by WATCH (redis_watch.c). */
#pragma once

#include "io/redis/redis_batch.h"
#include "io/redis/redis_remove.h"

/* Keys of one script call: about 100 us of the server's time, or 50 where others are waited for. */
enum { REMOVE_GROUP = 10, REMOVE_GROUP_PACED = 4 };

struct redis_remover {
    struct redis_link *link;
    bool has_expire;
    redis_removed_fn *on_done;
    void *arg;
    char sha[41];  /* "": not loaded */
    bool reloaded; /* the script got lost in this run and was loaded again */
    bool watches;
    size_t calls_max; /* of the script that are under way at once */
    size_t group_max; /* keys that go together: 1 on a node of a cluster */
    bool crossed;     /* some that did not may not */
    struct redis_batch *batch;
    struct redis_removee *items;
    size_t n;
    size_t group; /* WATCH: the first item of the group under way */
    struct redis_fault fault;
};

/* True when the error is that keys of several slots of a cluster went together: not again then. */
bool remover_crossed(struct redis_remover *r, const struct redis_value *reply);

/* Notes the first error of the run. */
void remover_fault(struct redis_remover *r, enum redis_error error, const char *text, size_t len);
void remover_lost(struct redis_remover *r);

/* The command was answered with what is no answer to it. */
void remover_garbage(struct redis_remover *r, const char *command);

/* Ends the run. The last thing a function does. */
void remover_done(struct redis_remover *r);

/* Removes all items by WATCH, group after group. */
void remover_watch(struct redis_remover *r);
