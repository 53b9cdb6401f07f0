/* What is kept, by name. */
#include "io/keep/keep_parts.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

static struct kept *find(const struct keep *k, const char *name)
{
    struct kept *item;
    TAILQ_FOREACH(item, &k->items, link)
    {
        if (item->state != KEPT_TO_DROP && strcmp(item->name, name) == 0)
            return item;
    }
    return NULL;
}

static struct kept *insert(
    struct keep *k, const char *name, uint64_t number, int fd, enum kept_state state)
{
    struct kept *item = calloc(1, sizeof *item);
    if (!item)
        return NULL;
    strcpy(item->name, name);
    item->number = number;
    item->fd = fd;
    item->state = state;
    TAILQ_INSERT_TAIL(&k->items, item, link);
    return item;
}

void keep_forget(struct keep *k, struct kept *item)
{
    TAILQ_REMOVE(&k->items, item, link);
    if (!item->taken)
        close_fd(item->fd);
    free(item);
}

/* The store is to hear of it after everything that it has to hear of so far. */
static void drop(struct keep *k, struct kept *item)
{
    if (item->state == KEPT_TO_TELL) {
        keep_forget(k, item);
        return;
    }
    if (!item->taken)
        close_fd(item->fd);
    item->fd = -1;
    item->state = KEPT_TO_DROP;
    TAILQ_REMOVE(&k->items, item, link);
    TAILQ_INSERT_TAIL(&k->items, item, link);
}

/* That very one, removed or not. */
static struct kept *find_number(const struct keep *k, const char *name, uint64_t number)
{
    struct kept *item;
    TAILQ_FOREACH(item, &k->items, link)
    {
        if (item->number == number && strcmp(item->name, name) == 0)
            return item;
    }
    return NULL;
}

int keep_found(struct keep *k, const char *stored, int fd, enum kept_state state)
{
    char name[KEEP_NAME_MAX];
    uint64_t number = 0;
    if (!keep_name_read(stored, name, &number)) {
        close_fd(fd);
        return 0;
    }
    struct kept *known = find_number(k, name, number);
    if (known) {
        close_fd(fd);
        if (known->state == KEPT_TO_TELL)
            known->state = state;
        return 0;
    }
    struct kept *other = find(k, name);
    struct kept *item = insert(k, name, number, fd, state);
    if (!item) {
        close_fd(fd);
        return -ENOMEM;
    }
    if (number > k->last_number)
        k->last_number = number;
    if (other && state != KEPT_TO_DROP)
        drop(k, other->number < number ? other : item);
    return 0;
}

static int take_inherited(struct keep *k, struct inherited *in, struct err *e)
{
    char name[KEEP_NAME_MAX];
    uint64_t number = 0;
    for (size_t i = 0; in && i < in->n;) {
        if (!keep_name_read(in->items[i].name, name, &number)) {
            i++;
            continue;
        }
        char stored[KEEP_STORED_MAX];
        keep_name_store(name, number, stored);
        if (keep_found(k, stored, inherited_take(in, i), KEPT_TOLD) < 0)
            return err_sys(e, -ENOMEM, "taking what the service manager holds");
    }
    return 0;
}

void keep_untell(struct keep *k)
{
    struct kept *item;
    TAILQ_FOREACH(item, &k->items, link)
    {
        if (item->state == KEPT_TOLD)
            item->state = KEPT_TO_TELL;
    }
}

/* Failures that leave no doubt that nobody holds anything for us are none. */
static int find_keeper(struct keep *k, struct err *e)
{
    struct err why = {0};
    if (k->link)
        return 0;
    keep_untell(k);
    int r = keep_link_connect(k, &why);
    if (r == 0 || r == -ENOENT)
        return 0;
    if (r == -EBUSY || r == -ETIMEDOUT || r == -EMFILE || r == -ENOMEM)
        return err_set(e, r, "%s", why.msg);
    k->where = KEEP_NOWHERE;
    log_printf(LOG_LEVEL_WARNING, "%s; workers end with voxkeeper's own end", why.msg);
    return 0;
}

struct keep *keep_open(
    struct loop *l, struct inherited *in, const char *keeper_socket, struct err *e)
{
    struct keep *k = calloc(1, sizeof *k);
    if (!k) {
        err_sys(e, -ENOMEM, "opening the descriptor store");
        return NULL;
    }
    k->loop = l;
    k->socket = -1;
    TAILQ_INIT(&k->items);
    int r = keep_send_open(k, e);
    if (r == 0 && k->where == KEEP_NOWHERE && keeper_socket) {
        k->where = KEEP_KEEPER;
        k->keeper_socket = strdup(keeper_socket);
        r = k->keeper_socket ? 0 : err_sys(e, -ENOMEM, "opening the descriptor store");
    }
    if (r == 0)
        r = keep_exec_read(k, e);
    if (r == 0)
        r = take_inherited(k, in, e);
    if (r == 0 && k->where == KEEP_KEEPER)
        r = find_keeper(k, e);
    if (r < 0) {
        keep_free(k);
        return NULL;
    }
    keep_send(k);
    return k;
}

enum keep_where keep_where(const struct keep *k)
{
    return k->where;
}

unsigned keep_count(const struct keep *k)
{
    unsigned n = 0;
    const struct kept *item;
    TAILQ_FOREACH(item, &k->items, link)
    n += item->state != KEPT_TO_DROP;
    return n;
}

unsigned keep_waiting(const struct keep *k)
{
    unsigned n = 0;
    const struct kept *item;
    TAILQ_FOREACH(item, &k->items, link)
    n += k->where != KEEP_NOWHERE && item->state != KEPT_TOLD;
    return n;
}

int keep_take(struct keep *k, const char *name)
{
    struct kept *item = find(k, name);
    if (!item || item->taken)
        return -1;
    item->taken = true;
    return item->fd;
}

/* What is dropped goes to the end, behind the last one of now. */
static void drop_all(struct keep *k, bool taken_too)
{
    const struct kept *last = TAILQ_LAST(&k->items, kept_list);
    struct kept *item = TAILQ_FIRST(&k->items);
    for (bool ended = !item; !ended;) {
        struct kept *next = TAILQ_NEXT(item, link);
        ended = item == last;
        if (item->state != KEPT_TO_DROP && (taken_too || !item->taken))
            drop(k, item);
        item = next;
    }
}

void keep_prune(struct keep *k)
{
    drop_all(k, false);
    keep_send(k);
}

/* Duplicates of one descriptor are one thing to the manager. */
static bool is_same(int a, int b)
{
    pid_t self = getpid();
    return a == b || syscall(SYS_kcmp, self, self, KCMP_FILE, a, b) == 0;
}

static int refuse(const struct keep *k, const char *name, int fd, struct err *e)
{
    if (!keep_name_is_valid(name))
        return err_set(e, -EINVAL, "keeping \"%s\": it is not a name", name);
    if (fcntl(fd, F_GETFD) < 0)
        return err_sys(e, -errno, "keeping \"%s\"", name);
    if (k->limit > 0 && keep_count(k) >= k->limit)
        return err_set(e, -ENOSPC,
            "keeping \"%s\": the service manager holds no more than %u (FileDescriptorStoreMax=)",
            name, k->limit);
    return 0;
}

/* A keeper that cannot be had costs what it is there for, and nothing else. */
static int have_keeper(struct keep *k, struct err *e)
{
    struct err why = {0};
    if (k->where != KEEP_KEEPER || k->link)
        return 0;
    int r = keep_start_keeper(k, &why);
    if (r == -EBUSY)
        return err_set(e, r, "%s", why.msg);
    if (r < 0) {
        k->where = KEEP_NOWHERE;
        log_printf(LOG_LEVEL_WARNING, "%s; workers end with voxkeeper's own end", why.msg);
    }
    return 0;
}

int keep_add(struct keep *k, const char *name, int fd, struct err *e)
{
    struct kept *old = find(k, name);
    if (old && is_same(old->fd, fd)) {
        if (!old->taken && old->fd != fd)
            close(old->fd);
        old->fd = fd;
        old->taken = true;
        return 0;
    }
    int r = refuse(k, name, fd, e);
    if (r == 0)
        r = have_keeper(k, e);
    if (r < 0)
        return r;
    struct kept *item = insert(k, name, k->last_number + 1, fd, KEPT_TO_TELL);
    if (!item)
        return err_sys(e, -ENOMEM, "keeping \"%s\"", name);
    item->taken = true;
    k->last_number++;
    if (old)
        drop(k, old);
    keep_send(k);
    return 0;
}

void keep_remove(struct keep *k, const char *name)
{
    struct kept *item = find(k, name);
    if (item)
        drop(k, item);
    keep_send(k);
}

/* What the store was not told in time is in it for good, or not at all. */
static void say_last_words(struct keep *k)
{
    if (!keep_send_last(k))
        log_printf(LOG_LEVEL_WARNING,
            "keeping descriptors: %u changes were not taken before the end", keep_waiting(k));
}

void keep_end(struct keep *k)
{
    drop_all(k, true);
    if (k->link)
        keep_link_end(k);
    else
        say_last_words(k);
    keep_send_close(k);
}

void keep_free(struct keep *k)
{
    if (!k)
        return;
    say_last_words(k);
    keep_send_close(k);
    struct kept *item;
    while ((item = TAILQ_FIRST(&k->items)) != NULL)
        keep_forget(k, item);
    free(k->keeper_socket);
    free(k);
}
