/* Telling the store, in order: the manager by datagrams, a keeper over its connection. */
#include "io/keep/fd_message.h"
#include "io/keep/keep_parts.h"

#include "base/log.h"
#include "base/num.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RETRY_MIN = 10 * USEC_PER_MSEC, /* the manager's queue is short (net.unix.max_dgram_qlen) */
    RETRY_MAX = 1 * USEC_PER_SEC,
    LAST_WORDS_MAX = 1 * USEC_PER_SEC,
    LAST_WORDS_PAUSE_MS = 5,
};

static int send_one(const struct keep *k, const struct kept *item)
{
    char stored[KEEP_STORED_MAX];
    char text[KEEP_STORED_MAX + 64];
    bool put = item->state == KEPT_TO_TELL;
    keep_name_store(item->name, item->number, stored);
    int len = put ? snprintf(text, sizeof text, "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", stored)
                  : snprintf(text, sizeof text, "FDSTOREREMOVE=1\nFDNAME=%s", stored);
    const struct fd_message m = {
        .text = text, .len = (size_t)len, .fds = &item->fd, .n_fds = put ? 1 : 0};
    bool to_manager = k->where == KEEP_MANAGER;
    return fd_message_send(
        k->socket, &m, to_manager ? &k->address : NULL, k->address_len, MSG_DONTWAIT);
}

static struct kept *first_to_tell(const struct keep *k)
{
    struct kept *item;
    TAILQ_FOREACH(item, &k->items, link)
    {
        if (item->state != KEPT_TOLD)
            return item;
    }
    return NULL;
}

/* Returns 0, or why the rest has to wait. */
static int send_all(struct keep *k)
{
    struct kept *item;
    while ((item = first_to_tell(k)) != NULL) {
        int r = send_one(k, item);
        if (r == -EBADF) {
            log_printf(
                LOG_LEVEL_ERR, "keeping \"%s\": it was closed before it was kept", item->name);
            item->taken = true;
            keep_forget(k, item);
            continue;
        }
        if (r < 0)
            return r;
        if (item->state == KEPT_TO_DROP)
            keep_forget(k, item);
        else
            item->state = KEPT_TOLD;
    }
    return 0;
}

static bool has_store(const struct keep *k)
{
    return k->where != KEEP_NOWHERE && k->socket >= 0;
}

void keep_send(struct keep *k)
{
    int r = has_store(k) ? send_all(k) : 0;
    if (r == 0) {
        k->retry_delay = RETRY_MIN;
        k->told_of_retries = false;
        return;
    }
    /* A keeper that has gone is noticed by its connection. */
    if (r == -EPIPE || (r == -ECONNRESET && k->where == KEEP_KEEPER))
        return;
    if (k->retry_delay >= RETRY_MAX && !k->told_of_retries) {
        k->told_of_retries = true;
        log_printf(LOG_LEVEL_WARNING,
            "keeping descriptors: %s does not take them: %s; %u wait, trying again",
            k->where == KEEP_MANAGER ? "the service manager" : "the keeper", strerror(-r),
            keep_waiting(k));
    }
    timer_arm(k->retry, usec_add(loop_now(), k->retry_delay));
    k->retry_delay = k->retry_delay * 2 < RETRY_MAX ? k->retry_delay * 2 : RETRY_MAX;
}

static void on_retry(void *arg)
{
    keep_send(arg);
}

bool keep_send_last(struct keep *k)
{
    usec_t until = usec_add(loop_now(), LAST_WORDS_MAX);
    int r = 0;
    while (has_store(k) && (r = send_all(k)) < 0 && r != -EPIPE && loop_now() < until)
        (void)poll(NULL, 0, LAST_WORDS_PAUSE_MS);
    return r == 0;
}

/* False: nobody whom descriptors could be sent to. */
static bool read_address(struct keep *k, const char *path)
{
    size_t len = path ? strlen(path) : 0;
    if (len < 2 || (path[0] != '/' && path[0] != '@') || len >= sizeof k->address.sun_path)
        return false;
    k->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(k->address.sun_path, path, len);
    k->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (path[0] == '@')
        k->address.sun_path[0] = '\0';
    else
        k->address_len++;
    return true;
}

int keep_send_open(struct keep *k, struct err *e)
{
    uint64_t limit = 0;
    k->retry = timer_new(k->loop, on_retry, k);
    k->retry_delay = RETRY_MIN;
    if (!read_address(k, getenv("NOTIFY_SOCKET")))
        return 0;
    k->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (k->socket < 0)
        return err_sys(e, -errno, "opening the descriptor store");
    k->where = KEEP_MANAGER;
    /* Told by systemd 254 and later. */
    const char *told = getenv("FDSTORE");
    if (told && num_parse_u64(told, 1, 1 << 20, &limit) == 0)
        k->limit = (unsigned)limit;
    return 0;
}

void keep_send_close(struct keep *k)
{
    keep_link_close(k);
    if (k->socket >= 0)
        close(k->socket);
    k->socket = -1;
    k->where = KEEP_NOWHERE;
    timer_free(k->retry);
    k->retry = NULL;
}
