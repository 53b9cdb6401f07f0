/*
 * What this instance remembers for the next one: the state document and the descriptors of its
 * workers, both with what outlives us (io/keep/keep.h).
 */
#pragma once

#include "base/err.h"
#include "daemon/succession/former.h"
#include "io/keep/keep.h"
#include "io/sockets/inherited.h"

struct daemon;
struct memory;

/*
 * Finds what the instance before this one left; nothing is kept yet. `keeper_socket` as for
 * keep_open(). Returns owned, or NULL with *e set.
 */
struct memory *memory_open(
    struct loop *l, struct inherited *inherited, const char *keeper_socket, struct err *e);

/* NULL if there was no such instance, or its state is of no use (which was logged). Borrowed. */
struct former *memory_former(const struct memory *m);

struct keep *memory_keep(const struct memory *m);

/* The document, for who checks whether it can be read. Borrowed. */
int memory_document(const struct memory *m);

/* Wall clock time of the first instance in this chain: names of lives are unique with it. */
uint64_t memory_lineage(const struct memory *m);

/* Instances before this one in the chain. */
uint64_t memory_resumes(const struct memory *m);

/* From now on something outlives us. That it cannot be is logged. */
void memory_begin(struct memory *m);

/* Writes down how `d` stands. */
void memory_save(struct memory *m, const struct daemon *d);

/* Nothing shall outlive us: every worker is gone. */
void memory_end(struct memory *m);

/* What is remembered stays. NULL is fine. */
void memory_free(struct memory *m);
