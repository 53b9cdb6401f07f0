/*
 * What the next instance of the daemon has to know to go on where this one ended: the machines as
 * they are, and which process stands behind which life. One JSON document.
 *
 * Times are of CLOCK_BOOTTIME and mean something within one boot only, see `boot_id`.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"
#include "core/drain.h"
#include "core/endpoint.h"
#include "core/fleet/fleet.h"
#include "core/limits.h"
#include "core/remedy.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SAVED_VERSION = 2,
    SAVED_BOOT_ID_MAX = 40,
    SAVED_NAME_MAX = 64,
    SAVED_RELEASE_MAX = 64,
    SAVED_WHY_MAX = 160,
    SAVED_SUBJECT_MAX = LIMIT_NAME + 16,
    SAVED_REMEDIES_MAX = 2 * LIMIT_LOG_WATCHES
};

/* The process of a slot's present life, beside struct fleet_slot. */
struct saved_process {
    int64_t pid;               /* 0: there was none yet */
    uint64_t start_time;       /* /proc/PID/stat, field 22: with the pid it names a process */
    char name[SAVED_NAME_MAX]; /* VOXKEEPER_INSTANCE of its tree, and its cgroup */
    char release[SAVED_RELEASE_MAX];
    bool handover; /* the rest counts */
    struct endpoint privates[LIMIT_LISTEN];
    unsigned n_privates;
    struct {
        bool loaded;
        bool active;
        unsigned taken;
        unsigned closed;
        int refused;
        uint16_t other_port;
    } shim;
};

/* What is told of the rollout under way, beside struct rollout. */
struct saved_rollout {
    uint64_t operation; /* that asked for it; 0: nobody did */
    bool running;       /* it waits for its verdict */
    bool reload;        /* else a restart */
    char author[SAVED_NAME_MAX];
    char reason[SAVED_WHY_MAX]; /* cut */
    uint64_t from;              /* generations */
    uint64_t to;
    char release_from[SAVED_RELEASE_MAX];
    char release_to[SAVED_RELEASE_MAX];
    usec_t began_at;
    usec_t since; /* in its state */
    usec_t phases[ROLLOUT_STATE_COUNT];
};

/* How many workers an operator asked for, instead of Workers=. */
struct saved_wish {
    unsigned workers;    /* 0: nothing else than Workers= */
    unsigned configured; /* Workers= then: the wish ends when that changes */
    char author[SAVED_NAME_MAX];
    char reason[SAVED_WHY_MAX]; /* cut */
    usec_t at_wall;
};

/* What was done about one symptom; see core/remedy. */
struct saved_remedy {
    char subject[SAVED_SUBJECT_MAX]; /* "": none */
    unsigned kind;                   /* what is done: the daemon's */
    enum remedy_state state;
    unsigned unhelped;
    usec_t until;
    uint64_t op;                    /* under way; 0: none */
    usec_t done[REMEDY_BUDGET_MAX]; /* the oldest first; 0: no more */
};

struct saved {
    char boot_id[SAVED_BOOT_ID_MAX];
    usec_t saved_at;
    usec_t started_wall; /* of the first instance in this chain */
    uint64_t resumes;    /* instances before this one */
    bool ready_told;
    uint64_t operations;  /* the highest number given to an asker */
    uint64_t restart_op;  /* whose restart is under way; 0: nobody's */
    uint64_t reload_op;   /* whose reload is; `previous` goes back into force if it fails */
    bool reload_accepted; /* the verdict is given; it may still go back */
    bool reload_rolling_back;
    uint64_t reload_failed; /* which configuration was rolled back last, config_sum(); 0: none */
    uint64_t newest_op;     /* the last that began or steered a rollout */
    uint64_t upgrade_op;    /* which upgrade made the new instance; 0: none did */
    bool left;              /* by who wrote this, on purpose: it did not die */
    char upgrade_author[SAVED_NAME_MAX];
    char upgrade_reason[SAVED_WHY_MAX];  /* cut */
    char daemon_version[SAVED_NAME_MAX]; /* of who wrote this */
    char fallback[SAVED_WHY_MAX];        /* why workers bind Listen= themselves; "": they do not */
    struct fleet fleet;
    struct drain drain;
    struct saved_rollout rollout;
    struct saved_wish wish;
    struct saved_wish wish_before; /* counts again if the new workers fail */
    struct saved_remedy remedies[SAVED_REMEDIES_MAX];
    struct saved_process processes[LIMIT_WORKERS];
    char *config;   /* the text in force, secrets included. Owned */
    char *previous; /* NULL: none. Owned */
};

/* A fleet and a drain that have not begun, no process. */
void saved_init(struct saved *s);

/* Appends the document; out->failed when memory is out. */
void saved_write(const struct saved *s, struct strbuf *out);

/*
 * Reads a document of this or an older version. Returns 0, or with the offending member in *e
 * -EINVAL (not such a document, a member missing or beyond its limits), -EPROTO (of a version that
 * we do not know), -ENOMEM. Whatever the text is, a document that was read breaks no machine.
 * Members that we do not know are passed over; what came with a later version than the document's
 * is as saved_init() has it.
 */
int saved_read(const char *text, size_t len, struct saved *out, struct err *e);
void saved_fini(struct saved *s);
