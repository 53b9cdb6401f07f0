/* The insides of `struct keep`, shared by the files of this part. */
#pragma once

#include "io/keep/keep.h"
#include "io/loop/loop_uv.h"

#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <sys/un.h>

/* Reserved to us in the environment: what an exec in place passes on. */
#define KEEP_ENV "VOXKEEPER_KEPT"

enum kept_state {
    KEPT_TO_TELL, /* ours alone so far */
    KEPT_TOLD,
    KEPT_TO_DROP, /* removed, and the store was not told yet; `fd` is -1 */
};

struct kept {
    char name[KEEP_NAME_MAX];
    uint64_t number; /* core/saved/keep_name.h */
    int fd;
    bool taken; /* the descriptor is our user's */
    enum kept_state state;
    TAILQ_ENTRY(kept) link;
};

/* Watches the connection to the keeper; goes by itself after keep_link_close(). */
struct keep_link {
    uv_poll_t poll;
    struct keep *keep; /* NULL: closed */
};

struct keep {
    struct loop *loop;
    enum keep_where where;
    int socket; /* to the manager, or connected to the keeper; -1: none */
    struct sockaddr_un address;
    socklen_t address_len;
    char *keeper_socket;    /* owned; NULL: no keeper */
    struct keep_link *link; /* NULL: no keeper is connected */
    pid_t keeper_pid;       /* if it is a child of ours, else 0 */
    usec_t keeper_lost_at;  /* when the last one went; 0: none has */
    struct timer *retry;    /* NULL: there is no store */
    usec_t retry_delay;
    bool told_of_retries;
    unsigned limit; /* descriptors that the manager holds; 0: it did not say */
    uint64_t last_number;
    /* In the order in which the store has to hear of what is still to be told. */
    TAILQ_HEAD(kept_list, kept) items;
};

/* keep.c. Takes `fd`: a descriptor that was kept already. Of one name the latest is kept on. */
int keep_found(struct keep *k, const char *stored, int fd, enum kept_state state);
void keep_forget(struct keep *k, struct kept *item);
/* The store that was told is no more. */
void keep_untell(struct keep *k);

/* keep_send.c. Tells the store what it was not told yet, now or later from the loop. */
int keep_send_open(struct keep *k, struct err *e);
void keep_send(struct keep *k);
/* As that, and waits a little for a store that is busy. False: it did not take everything. */
bool keep_send_last(struct keep *k);
/* There is no store any more. */
void keep_send_close(struct keep *k);

/* keep_exec.c. Takes what an exec passed on. */
int keep_exec_read(struct keep *k, struct err *e);

/*
 * keep_link.c. Connects to a keeper and takes what it holds. Returns 0, or with *e set -ENOENT
 * (there is none), -EBUSY, -ETIMEDOUT or another negative errno.
 */
int keep_link_connect(struct keep *k, struct err *e);
/* Takes `fd`, a connection that was greeted already. Closes it on failure. */
int keep_link_watch(struct keep *k, int fd, struct err *e);
void keep_link_close(struct keep *k);
/* Asks the keeper to end, and waits a little until it has. */
void keep_link_end(struct keep *k);

/* keep_start.c. Starts a keeper and connects to it. On failure there is none. */
int keep_start_keeper(struct keep *k, struct err *e);
/* It is a child of ours, and nobody's stray. */
void keep_lodge(const struct keep *k);
