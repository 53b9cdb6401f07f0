/* What the files of the healer share. */
#pragma once

#include "core/config/config.h"
#include "core/quiet.h"
#include "core/remedy.h"
#include "core/saved/saved.h"
#include "daemon/daemon.h"
#include "daemon/heal/healer.h"
#include "daemon/history/history.h"
#include "io/loop/loop.h"

/* What is done: name of it, and what is said when it does not help. */
#define CURES(X)                                                                                   \
    X(RESTART, "restart", "it was restarted twice, which did not help")                            \
    X(REPLACE, "replace", "replacing workers did not help twice")                                  \
    X(SWEEP, "sweep", "sweeping did not help twice")

#define X(symbol, name, failure) CURE_##symbol,
enum cure_kind { CURES(X) };
#undef X

/* What is done about one thing. */
struct cure {
    char subject[SAVED_NAME_MAX + 16]; /* "memory", "log watch NAME" */
    enum cure_kind kind;
    struct remedy state;
    uint64_t op;   /* of the restart, or of the sweep; 0: it has not begun */
    bool off_told; /* that it is seen, and that nothing is done */
};

struct healer {
    struct daemon *daemon;
    const struct config *config;
    struct history_listener listener;
    struct timer *timer;
    usec_t looked_at;
    struct cure *cures[SAVED_REMEDIES_MAX];
    unsigned n;
    struct {
        bool wanted; /* at the next quiet moment */
        struct quiet quiet;
        char words[160];
    } memory;
    bool sweep_wanted; /* as soon as the pass is over that saw the keys */
    char sweep_words[96];
    bool raised_hung, raised_zombies; /* incidents that last as long as they are left alone */
};

extern const char healer_hung[];
extern const char healer_zombies[];
extern const char healer_memory[];
extern const char healer_keys[];

/* The one of that subject, made at first use; NULL when memory or room is out. */
struct cure *healer_cure(struct healer *h, const char *subject, enum cure_kind kind);

/* True if the remedy is to be applied. */
bool healer_step(struct healer *h, struct cure *c, enum remedy_event ev, const char *words);

/* It is applied. */
void healer_tell(const struct cure *c, const char *what, const char *words);

/* It is seen, and switched off: told once, until `seen` is false. */
void healer_off(struct cure *c, bool seen, const char *key, const char *words);

/* Nothing else is going on that a restart would get into the way of. */
bool healer_is_free(const struct daemon *d);

/* Through the verb that operators use: it is told, and recorded, as theirs are. */
void healer_restart(struct healer *h, struct cure *c, const char *author, const char *words);
void healer_rearm(struct healer *h);

/* healer_memory.c */
void healer_look_at_memory(struct healer *h);

/* healer_workers.c: who hangs or lost Redis */
void healer_look_at_workers(struct healer *h);
void healer_worker_told(struct healer *h, const struct happening *happening);
bool healer_workers_are_well(const struct healer *h);

/* Whether anybody is left alone, or not, as the budget and the switches say. */
void healer_gate(struct healer *h);

/* healer_keys.c */
void healer_sweep_wanted(struct healer *h);

/* healer_saved.c */
void healer_restore(struct healer *h, const struct saved *saved);
