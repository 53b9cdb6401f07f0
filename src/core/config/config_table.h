/*
 * The table of keys: what each one is called, where its value lives, what it may be, what a change
 * asks for, and one line of documentation. Parsing, writing, comparing and documenting all walk it.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"
#include "core/config/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_key;

/* How values of one kind are read and written. `object` is what the key's offset counts from. */
struct config_type {
    const char *name; /* in the reference */
    bool list;        /* repeated assignments append; an empty one resets */
    bool words;       /* the value is quoted words; of another list each assignment is one item */
    /* Replaces the value, or appends to a list. Returns 0, -EINVAL (nothing changed) or -ENOMEM. */
    int (*read)(const struct config_key *key, const char *text, void *object, struct err *e);
    /* Back to nothing: frees what the field owns and zeroes it. */
    void (*clear)(const struct config_key *key, void *object);
    /* How many items there are to write: 0 or 1 for what is no list of words. */
    size_t (*count)(const struct config_key *key, const void *object);
    void (*write)(
        const struct config_key *key, const void *object, size_t item, struct strbuf *out);
};

enum config_object {
    CONFIG_OBJECT_ROOT,
    CONFIG_OBJECT_PROBE,
    CONFIG_OBJECT_KEYSPACE,
    CONFIG_OBJECT_NOTIFY,
    CONFIG_OBJECT_LOG_WATCH,
    CONFIG_OBJECT_CREDENTIAL,
};

/* One word of a key whose values are known. */
struct config_choice {
    const char *word;
    int value;
};

struct config_key {
    const char *section;
    const char *name;
    const struct config_type *type;
    enum config_object object;
    size_t offset;
    size_t size;        /* of the field, for choices */
    size_t offset_n;    /* of an array's length */
    const char *preset; /* the default as text; NULL: none */
    uint64_t min, max;  /* of a number or a span */
    const struct config_choice *choices;
    int (*check)(const char *text, struct err *e); /* of a string or of each word */
    enum config_change change;
    /* Of a probe, a notifier or a credential that has the key, as bits 1 << its type; 0: any. */
    unsigned types;
    const char *doc;
};

struct config_section {
    const char *name;
    bool named; /* [NAME ...] may stand several times, each with a name of its own */
    const char *doc;
};

extern const struct config_section config_sections[];
extern const size_t config_n_sections;
extern const struct config_key config_keys[];
extern const size_t config_n_keys;

/* Keyspaces and log watches of the agent, as assignments over the table's defaults. */
struct config_builtin {
    const char *section;
    const char *name;
    const char *key;
    const char *value;
};
extern const struct config_builtin config_builtins[];
extern const size_t config_n_builtins;

bool config_is_builtin(const char *section, const char *name);

/* Where PagerDuty takes events. */
#define CONFIG_PAGERDUTY_URL "https://events.pagerduty.com/v2/enqueue"

/* Key names that no configuration may unprotect. */
#define CONFIG_PROTECTED "elevenlabs:conversation:*"

/* NULL if there is none of that name (letter case counts). */
const struct config_section *config_section_find(const char *name);
const struct config_key *config_key_find(const char *section, const char *name);

/* What a key's value may be, for people, with Markdown's `..` around what is written as it stands.
 */
void config_key_write_type(const struct config_key *key, struct strbuf *out);

/* "at once", "restarts workers", .. */
const char *config_change_text(enum config_change change);

/* The one that has this word, or NULL. */
const struct config_choice *config_choice_find(
    const struct config_choice *choices, const char *word);

/* The known name that `name` was probably meant to be, or NULL; section NULL: of any section. */
const char *config_section_nearest(const char *name);
const char *config_key_nearest(const char *section, const char *name);
const char *config_choice_nearest(const struct config_choice *choices, const char *word);
