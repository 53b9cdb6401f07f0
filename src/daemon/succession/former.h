/* The instance before this one: what it left in its state document. */
#pragma once

#include "base/err.h"
#include "core/config/config.h"
#include "core/saved/saved.h"

struct former {
    struct saved saved;
    struct config *config;   /* that was in force */
    struct config *previous; /* of generations before the latest; NULL: none */
};

/*
 * Reads the document in `fd` (io/keep/snapshot.h). Returns 0 with *out owned, -ENODATA when it is
 * empty, -ESTALE when it is of another boot, or another negative errno; *e says why.
 */
int former_read(int fd, struct former **out, struct err *e);

/* NULL is fine. */
void former_free(struct former *f);
