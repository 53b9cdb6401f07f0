/* A list of owned strings. */
#include "base/strlist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void strlist_fini(struct strlist *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->items[i]);
    free(l->items);
    *l = (struct strlist){0};
}

int strlist_add(struct strlist *l, const char *text)
{
    char **items = realloc(l->items, (l->n + 2) * sizeof *items);
    if (!items)
        return -ENOMEM;
    l->items = items;
    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    items[l->n++] = copy;
    items[l->n] = NULL;
    return 0;
}

int strlist_copy(struct strlist *dst, const struct strlist *src)
{
    struct strlist copy = {0};
    for (size_t i = 0; i < src->n; i++) {
        if (strlist_add(&copy, src->items[i]) < 0) {
            strlist_fini(&copy);
            return -ENOMEM;
        }
    }
    *dst = copy;
    return 0;
}

bool strlist_has(const struct strlist *l, const char *text)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->items[i], text) == 0)
            return true;
    }
    return false;
}

bool strlist_equal(const struct strlist *a, const struct strlist *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    }
    return true;
}
