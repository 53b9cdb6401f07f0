/* The directory of backup files: which there are, and which are too old or too many to be kept. */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "io/loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BACKUP_NAME_MAX = 64 };

/* Appends where they are. */
void backup_store_directory(const char *state_directory, struct strbuf *out);

/* `sweep-20251122-172101-000123.backup`: when it was begun (UTC), so that names sort by age. */
const char *backup_store_name(usec_t wall, char out[BACKUP_NAME_MAX]);

/* Whether a text may name one: no way out of the directory. */
bool backup_store_is_name(const char *name);

struct backup_file {
    char name[BACKUP_NAME_MAX];
    usec_t at; /* when it was begun, by its name */
    uint64_t size;
};

struct backup_list {
    struct backup_file *items; /* owned; the newest first */
    size_t n;
};

/*
 * Lists the directory; one that does not exist has none. Blocks for as long as reading a directory
 * takes. Returns 0 or a negative errno with *e set.
 */
int backup_store_list(const char *directory, struct backup_list *out, struct err *e);
void backup_list_fini(struct backup_list *list);

struct backup_keeping {
    usec_t age;    /* USEC_INFINITY: for ever */
    uint64_t size; /* bytes of all together; 0: any */
};

/*
 * Removes what is older than `age`, then the oldest until the rest is within `size`; the newest one
 * stays whatever its size, unless it is too old. Blocks. Returns how many went, or a negative errno
 * with *e set.
 */
int backup_store_prune(
    const char *directory, const struct backup_keeping *keep, usec_t now, struct err *e);

/* The same on another thread; what fails is logged. Copies. */
void backup_store_prune_later(
    struct loop *l, const char *directory, const struct backup_keeping *keep);
