/* A list of owned strings. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct strlist {
    char **items; /* NULL-terminated once something was added */
    size_t n;
};

void strlist_fini(struct strlist *l);

/* Copies `text`. Returns 0 or -ENOMEM, and then nothing changed. */
int strlist_add(struct strlist *l, const char *text);
int strlist_copy(struct strlist *dst, const struct strlist *src);
bool strlist_has(const struct strlist *l, const char *text);
bool strlist_equal(const struct strlist *a, const struct strlist *b);
