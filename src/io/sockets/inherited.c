/* Descriptors from the service manager. */
#include "io/sockets/inherited.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

int inherited_read(struct inherited *in, struct err *e)
{
    char **names = NULL;
    *in = (struct inherited){0};
    int n = sd_listen_fds_with_names(1, &names);
    if (n < 0)
        return err_sys(e, n, "taking what LISTEN_FDS names");
    if (n > 0)
        in->items = calloc((size_t)n, sizeof *in->items);
    for (int i = 0; i < n; i++) {
        if (in->items)
            in->items[in->n++] = (struct inherited_fd){SD_LISTEN_FDS_START + i, names[i]};
        else
            free(names[i]);
    }
    free(names);
    return n > 0 && !in->items ? err_sys(e, -ENOMEM, "taking what LISTEN_FDS names") : 0;
}

int inherited_find(const struct inherited *in, const char *name)
{
    for (size_t i = 0; i < in->n; i++) {
        if (strcmp(in->items[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

int inherited_take(struct inherited *in, size_t index)
{
    int fd = in->items[index].fd;
    free(in->items[index].name);
    in->n--;
    memmove(in->items + index, in->items + index + 1, (in->n - index) * sizeof *in->items);
    return fd;
}

int inherited_give(struct inherited *in, int fd, const char *name)
{
    char *copy = strdup(name);
    struct inherited_fd *items = reallocarray(in->items, in->n + 1, sizeof *items);
    if (items)
        in->items = items;
    if (!copy || !items) {
        free(copy);
        close(fd);
        return -ENOMEM;
    }
    in->items[in->n++] = (struct inherited_fd){fd, copy};
    return 0;
}

void inherited_fini(struct inherited *in)
{
    while (in->n > 0)
        close(inherited_take(in, in->n - 1));
    free(in->items);
    *in = (struct inherited){0};
}
