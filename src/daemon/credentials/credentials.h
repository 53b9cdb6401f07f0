/*
 * The secrets of the workers: [Credential NAME]. What a file holds is read, verified with its
 * provider, and given to workers by a rollout; which value a worker gets is a matter of its
 * generation, so that a rollout that goes back leads back to the value before.
 *
 * Values are in memory that no core dump has, in the environment of workers, and in requests to
 * their providers; nowhere else. What is kept on disk are keyed digests and ages.
 */
#pragma once

#include "base/err.h"
#include "base/strlist.h"
#include "core/config/config.h"

#include <stdbool.h>
#include <stdint.h>

struct credentials;
struct daemon;

/*
 * Reads the files, and what the instance before knew; a value that only its workers still have is
 * taken from them. Returns owned; NULL when memory is out.
 */
struct credentials *credentials_new(struct daemon *d);
void credentials_free(struct credentials *c); /* NULL is fine */

/* Begins to look after them: files, ages, providers. The parts that are told must exist. */
void credentials_begin(struct credentials *c);

/* Sections came, went or changed; every file and provider is looked at anew. Returns 0 or -ENOMEM.
 */
int credentials_configure(struct credentials *c, const struct config *config, struct err *e);

/* Somebody asked for it: every file is looked at, and every provider asked, once more. */
void credentials_retry(struct credentials *c);

/*
 * Adds the variables of `config` to the environment of a life of `generation`. Returns 0, or a
 * negative errno with *e saying which one has no value, and why. credentials_wipe() takes them out
 * of the list again, and out of memory, as soon as there is a process that has them.
 */
int credentials_put(const struct credentials *c, const struct config *config, uint64_t generation,
    struct strlist *env, struct err *e);
void credentials_wipe(const struct config *config, struct strlist *env);

/* The fleet told something: a rollout may have brought a value, or gone back. */
struct fleet_action;
void credentials_told(struct credentials *c, const struct fleet_action *told);

/* For the metrics: the i-th credential; false behind the last. */
struct credential_view {
    const char *name;
    const char *provider; /* "none" if nobody is asked */
    bool known;           /* there is a value in use; else `age` means nothing */
    usec_t age;
    usec_t rotate_after;
    bool judged; /* the provider has answered; else `valid` means nothing */
    bool valid;
    bool counted; /* it has told how much is left */
    double quota;
    usec_t expires; /* wall time; 0: it does not tell */
};
bool credentials_at(const struct credentials *c, unsigned i, struct credential_view *out);
