/* Walking a finished configuration: its sections in order, and where a key's value lives. */
#pragma once

#include "core/config/config.h"
#include "core/config/config_table.h"

#include <stdbool.h>
#include <stddef.h>

/* One section as it would stand in a file. */
struct config_instance {
    const struct config_section *section;
    const char *name; /* of a named one, else NULL */
    unsigned index;   /* of its object */
};

/* The n-th section; false behind the last. */
bool config_instance_at(const struct config *c, size_t n, struct config_instance *out);

/* The same section in another configuration. */
bool config_instance_find(
    const struct config *c, const struct config_instance *like, struct config_instance *out);

/*
 * What the key's offset counts from; NULL if there is no such object ([Health] without Url=), or
 * the key is not for it (Command= of an http probe).
 */
const void *config_object(const struct config *c, const struct config_key *key, unsigned index);

/* Appends `[Section]` or `[Section name]`. */
void config_instance_write(const struct config_instance *it, struct strbuf *out);

/* Appends one item's text, without quotes. */
void config_item_write(const struct config_key *key, const void *object, size_t item,
    enum config_secrets secrets, struct strbuf *out);

/*
 * Appends the key's value as it would stand in a file (a list in one line); nothing if it has none
 * or `object` is NULL.
 */
void config_value_write(const struct config_key *key, const void *object,
    enum config_secrets secrets, struct strbuf *out);
