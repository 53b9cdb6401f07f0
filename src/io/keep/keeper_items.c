/* What the keeper keeps. */
#include "io/keep/fd_message.h"
#include "io/keep/keeper_parts.h"
#include "io/keep/keeper_words.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* Too many descriptors on their way at once are a matter of moments. */
enum { BATCH_TRIES = 500, BATCH_PAUSE_MS = 10 };

/* What has no process is no pidfd; whether it is still there is another matter. */
static bool is_pidfd(int fd)
{
    return pidfd_send_signal(fd, 0, NULL, 0) == 0 || errno != EBADF;
}

int keeper_items_put(struct keeper_items *l, const char *name, int fd)
{
    struct keeper_item *items = reallocarray(l->items, l->n + 1, sizeof *items);
    if (items)
        l->items = items;
    char *copy = strdup(name);
    if (!items || !copy) {
        free(copy);
        close(fd);
        return -ENOMEM;
    }
    items[l->n++] = (struct keeper_item){.name = copy, .fd = fd, .is_process = is_pidfd(fd)};
    return 0;
}

void keeper_items_drop(struct keeper_items *l, const char *name)
{
    size_t left = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->items[i].name, name) != 0) {
            l->items[left++] = l->items[i];
            continue;
        }
        close(l->items[i].fd);
        free(l->items[i].name);
    }
    l->n = left;
}

void keeper_items_fini(struct keeper_items *l)
{
    while (l->n > 0) {
        l->n--;
        close(l->items[l->n].fd);
        free(l->items[l->n].name);
    }
    free(l->items);
    *l = (struct keeper_items){0};
}

static int send_patiently(int socket, const struct fd_message *m)
{
    int r = 0;
    for (unsigned i = 0; i < BATCH_TRIES; i++) {
        r = fd_message_send(socket, m, NULL, 0, 0);
        if (r != -ETOOMANYREFS)
            break;
        (void)poll(NULL, 0, BATCH_PAUSE_MS);
    }
    return r;
}

int keeper_items_greet(const struct keeper_items *l, int socket)
{
    char text[KEEPER_MESSAGE_MAX];
    int fds[FD_MESSAGE_FDS];
    int r = 0;
    for (size_t at = 0; r == 0 && at < l->n;) {
        size_t len = (size_t)snprintf(text, sizeof text, KEEPER_PUT);
        unsigned n = 0;
        for (; n < FD_MESSAGE_FDS && at < l->n; n++, at++) {
            fds[n] = l->items[at].fd;
            len += (size_t)snprintf(
                text + len, sizeof text - len, "\n" KEEPER_NAME "%s", l->items[at].name);
        }
        const struct fd_message m = {.text = text, .len = len, .fds = fds, .n_fds = n};
        r = send_patiently(socket, &m);
    }
    const struct fd_message ready = {.text = KEEPER_READY, .len = strlen(KEEPER_READY)};
    return r == 0 ? send_patiently(socket, &ready) : r;
}
