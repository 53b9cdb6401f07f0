/* The list of connections. */
#include "io/sock_diag_list.h"

#include <errno.h>
#include <stdlib.h>

int sock_connections_add(struct sock_connections *l, const struct sock_connection *c)
{
    /* Full at every power of two: no size needs to be kept beside the count. */
    if ((l->n & (l->n - 1)) == 0) {
        size_t size = l->n ? l->n * 2 : 1;
        struct sock_connection *items = reallocarray(l->items, size, sizeof *items);
        if (!items)
            return -ENOMEM;
        l->items = items;
    }
    l->items[l->n++] = *c;
    return 0;
}

void sock_connections_fini(struct sock_connections *c)
{
    free(c->items);
    *c = (struct sock_connections){0};
}

static int compare_u64(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

bool sock_diag_is_ours(const uint64_t *ours, size_t n_ours, uint64_t inode)
{
    return inode != 0 && n_ours != 0 &&
           bsearch(&inode, ours, n_ours, sizeof *ours, compare_u64) != NULL;
}
