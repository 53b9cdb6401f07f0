/* Finding a name in a table: in a list of names, or in rows that have one each. */
#pragma once

#include <stddef.h>

/* Of an array of names, or of an array of structs with the name in `member`; see names_find(). */
#define NAMES_FIND(names, text)                                                                    \
    names_find((names), sizeof *(names), sizeof(names) / sizeof *(names), (text))
#define ROWS_FIND(rows, member, text)                                                              \
    names_find(&(rows)->member, sizeof *(rows), sizeof(rows) / sizeof *(rows), (text))

/*
 * The index of the first of `n` names that is `text`, or -ENOENT; a NULL in the table or for `text`
 * is no name. `first` is where the first name is, and each further one is `stride` bytes on.
 */
int names_find(const char *const *first, size_t stride, size_t n, const char *text);
