/*
 * What an exec in place passes on: "PID" and then an entry for each descriptor, a letter for what
 * the store knows of it and "NAME=NUMBER". The process id is there as LISTEN_PID is: whoever else
 * inherits the variable is not meant.
 */
#include "io/keep/keep_parts.h"

#include "base/log.h"
#include "base/num.h"
#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char letters[] = {
    [KEPT_TO_TELL] = 'p',
    [KEPT_TOLD] = 'k',
    [KEPT_TO_DROP] = 'd',
};
#define LETTER_CONNECTION 'c'

static int set_cloexec(int fd, bool on)
{
    return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0 ? -errno : 0;
}

static void write_list(const struct keep *k, struct strbuf *out)
{
    const struct kept *item;
    strbuf_addf(out, KEEP_ENV "=%d", getpid());
    if (k->link)
        strbuf_addf(out, " %c%d=%d", LETTER_CONNECTION, k->keeper_pid, k->socket);
    TAILQ_FOREACH(item, &k->items, link)
    {
        char stored[KEEP_STORED_MAX];
        keep_name_store(item->name, item->number, stored);
        strbuf_addf(out, " %c%s=%d", letters[item->state], stored, item->fd);
    }
}

int keep_pass_on(struct keep *k, struct strlist *env, struct err *e)
{
    struct strbuf list = STRBUF_INIT;
    const struct kept *item;
    int r = 0;
    write_list(k, &list);
    if (list.failed || strlist_add(env, strbuf_text(&list)) < 0)
        r = -ENOMEM;
    strbuf_fini(&list);
    if (r == 0 && k->link)
        r = set_cloexec(k->socket, false);
    TAILQ_FOREACH(item, &k->items, link)
    {
        if (r == 0 && item->fd >= 0)
            r = set_cloexec(item->fd, false);
    }
    if (r == 0)
        return 0;
    keep_hold(k);
    return err_sys(e, r, "passing descriptors on");
}

void keep_hold(struct keep *k)
{
    const struct kept *item;
    if (k->link)
        (void)set_cloexec(k->socket, true);
    TAILQ_FOREACH(item, &k->items, link)
    {
        if (item->fd >= 0)
            (void)set_cloexec(item->fd, true);
    }
}

static int read_connection(struct keep *k, const char *name, int fd)
{
    int64_t pid = 0;
    struct err why = {0};
    if (k->where != KEEP_KEEPER || num_parse_i64(name, 0, INT_MAX, &pid) < 0) {
        close(fd);
        return 0;
    }
    k->keeper_pid = (pid_t)pid;
    /* Without it the keeper is asked anew. */
    if (keep_link_watch(k, fd, &why) < 0)
        log_printf(LOG_LEVEL_WARNING, "%s", why.msg);
    return 0;
}

static int read_entry(struct keep *k, char *entry)
{
    int64_t fd = -1;
    char *number = strchr(entry, '=');
    if (!number)
        return 0;
    *number++ = '\0';
    if (entry[0] == letters[KEPT_TO_DROP])
        return keep_found(k, entry + 1, -1, KEPT_TO_DROP);
    if (num_parse_i64(number, 3, INT_MAX, &fd) < 0 || set_cloexec((int)fd, true) < 0) {
        log_printf(LOG_LEVEL_WARNING, "taking what was passed on: \"%s\" is not open", entry + 1);
        return 0;
    }
    if (entry[0] == LETTER_CONNECTION)
        return read_connection(k, entry + 1, (int)fd);
    return keep_found(
        k, entry + 1, (int)fd, entry[0] == letters[KEPT_TOLD] ? KEPT_TOLD : KEPT_TO_TELL);
}

int keep_exec_read(struct keep *k, struct err *e)
{
    const char *passed = getenv(KEEP_ENV);
    char *copy = passed ? strdup(passed) : NULL;
    if (passed && !copy)
        return err_sys(e, -ENOMEM, "taking what was passed on");
    unsetenv(KEEP_ENV);
    char *rest = copy;
    const char *pid = strsep(&rest, " ");
    int64_t whose = 0;
    int r = 0;
    if (pid && num_parse_i64(pid, 1, INT_MAX, &whose) == 0 && whose == getpid()) {
        char *entry = NULL;
        while (r == 0 && (entry = strsep(&rest, " ")) != NULL)
            r = read_entry(k, entry);
    }
    free(copy);
    return r < 0 ? err_sys(e, r, "taking what was passed on") : 0;
}
