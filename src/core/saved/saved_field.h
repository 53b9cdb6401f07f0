/*
 * What is saved, as tables: one row for each member of each struct, in saved_table.c. Writing,
 * reading and comparing go by them; test/layering/check_saved.py names a member that has no row.
 */
#pragma once

#include "core/json_scan.h"
#include "core/saved/saved.h"

#include <stddef.h>

enum { SAVED_ROWS_MAX = 32 };             /* of one object */
enum { SAVED_CHARS_MAX = SAVED_WHY_MAX }; /* bytes of a CHARS */

enum saved_type {
    SAVED_BOOL,
    SAVED_UNSIGNED,
    SAVED_U16,
    SAVED_U64,
    SAVED_INT,
    SAVED_I64,
    SAVED_ENUM,     /* by name */
    SAVED_CHARS,    /* char[size], NUL-terminated */
    SAVED_TEXT,     /* char *, owned, may be NULL */
    SAVED_ENDPOINT, /* as endpoint_text() */
    SAVED_OBJECT,
    SAVED_ARRAY, /* an object too: its keys are the numbers or the names of the elements */
};

struct saved_field {
    const char *name; /* NULL: behind the last row of an object */
    enum saved_type type;
    size_t offset;                   /* in the object */
    size_t size;                     /* in bytes; ARRAY: of one element */
    unsigned since;                  /* may be missing in documents of versions before this */
    uint64_t max;                    /* UNSIGNED, U64: the largest; 0: what the type holds */
    unsigned n;                      /* ENUM: names; ARRAY: elements */
    const char *const *names;        /* ENUM; ARRAY: of the elements, NULL: their numbers */
    const struct saved_field *parts; /* OBJECT: its rows; ARRAY: the row of one element */
    /* ARRAY: the element says nothing and is left out. */
    bool (*is_unused)(const struct saved *s, const void *element);
};

/* The whole of struct saved, and one slot of its fleet. */
extern const struct saved_field saved_document;
extern const struct saved_field saved_slot;

/* A slot that was never used, as it is beside the others of this fleet. */
struct fleet_slot saved_unused_slot(const struct fleet *f);

bool saved_equal(const struct saved_field *f, const void *a, const void *b);

/* saved_read.c: the value, by the rows of `f`, as a document of this version has it. */
int saved_read_by(const struct saved_field *f, const struct json_member *value, uint64_t version,
    void *out, struct err *e);

/* saved_check.c: NULL, or what no machine could have come to. */
const char *saved_contradiction(const struct saved *s);
