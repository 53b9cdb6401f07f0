/* A configuration while it is read: what has been set where, and what is wrong so far. */
#pragma once

#include "core/config/config.h"
#include "core/config/config_table.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a key was last assigned. */
struct config_place {
    const struct config_key *key;
    unsigned index; /* of the object that it belongs to */
    const char *path;
    unsigned line;
    bool refused; /* the value there was wrong: what follows from its absence is no news */
};

struct config_build {
    struct config *config;
    struct config_diagnostics *diagnostics;
    struct config_place *places;
    size_t n_places;
    bool out_of_memory;
    /* The reader's position. */
    const char *path;
    unsigned line;
    const struct config_section *section; /* NULL: none yet, or a refused one */
    unsigned index;                       /* of its object */
    bool skip;                            /* the section was refused: its keys are not looked at */
};

/* Begins with every default. Returns 0 or -ENOMEM. */
int config_build_init(struct config_build *b, struct config_diagnostics *diagnostics);
void config_build_fini(struct config_build *b); /* frees the configuration unless it was taken */

/* Enters `[header]` (without the brackets). */
void config_build_section(struct config_build *b, const char *header);
void config_build_assign(struct config_build *b, const char *name, const char *value);

/* What the key's offset counts from. */
void *config_build_object(struct config_build *b, const struct config_key *key, unsigned index);

/* Gives every key of a section that has a default that default. Returns 0 or -ENOMEM. */
int config_build_defaults(struct config_build *b, const char *section, unsigned index);

/* A new probe, keyspace, notifier or credential with its defaults; its number in *out_index.
 * Returns 0 or -ENOMEM. */
int config_build_add(
    struct config_build *b, const char *section, const char *name, unsigned *out_index);

/* Adds the built-in keyspaces if there is none, and each built-in log watch that has no section.
 * Returns 0 or -ENOMEM. */
int config_build_builtins(struct config_build *b);

/* The same; then every cross-field check. */
void config_build_finish(struct config_build *b);
void config_check(struct config_build *b);

/* The place where a key was assigned, or NULL. */
const struct config_place *config_build_place(
    const struct config_build *b, const struct config_key *key, unsigned index);

/* Reports at the reader's position; at a place (NULL: the whole). */
void config_report(struct config_build *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void config_report_at(struct config_build *b, const struct config_place *place, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* Frees what it owns. */
void config_probe_fini(struct config_probe *probe);
