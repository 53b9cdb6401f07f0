/*
 * The hands of one slot: the process of its present life, its output, its probe round. It does what
 * it is told and reports what came of it; it decides nothing.
 */
#pragma once

#include "base/strbuf.h"
#include "core/config/config.h"
#include "core/fleet/error_meter.h"
#include "core/fleet/fleet.h"
#include "core/saved/saved.h"
#include "daemon/workers/probe.h"
#include "io/child/cgroup.h"
#include "io/child/handover.h"
#include "io/http/http_client.h"
#include "io/loop/loop.h"

#include <sys/types.h>

struct credentials;
struct front;
struct keep;
struct said;
struct slot;

/* Where a slot reports to; each event carries slot, life and what belongs to its type. */
typedef void slot_report_fn(const struct fleet_event *event, void *arg);

struct slot_spec {
    struct loop *loop;
    struct http_client *http;
    struct cgroup *cgroup;                 /* NULL: none */
    const struct front *front;             /* the public listeners */
    const struct credentials *credentials; /* NULL: there are none */
    unsigned index;
    struct keep *keep; /* what outlives us; NULL: nothing does */
    uint64_t lineage;  /* of this instance and those before it: makes the names of lives unique */
    slot_report_fn *on_report; /* may come from inside a call: queue it */
    /* A line of its worker that goes to the log: takes note only. NULL: nobody listens. */
    void (*on_line)(unsigned slot, const char *text, size_t len, void *arg);
    void *line_arg;
    void *arg;
};

/* Returns owned, or NULL when memory is out. */
struct slot *slot_new(const struct slot_spec *spec);
void slot_free(struct slot *s);

/* Starts a life by `config` (borrowed for the call). Returns 0, or a negative errno with *e set:
 * then there is no process and nothing will be reported. */
int slot_exec(
    struct slot *s, const struct config *config, uint64_t generation, uint64_t life, struct err *e);

/*
 * Goes on with the life that a former instance began here: `state` is what it knew of the slot, `p`
 * of the process (p->pid is not 0). Its end is reported by the loop, also when it came meanwhile.
 * Returns 0, or a negative errno with *e set (-ESRCH: it is gone, and how it ended is not known):
 * then nothing will be reported.
 */
int slot_adopt(struct slot *s, const struct config *config, const struct fleet_slot *state,
    const struct saved_process *p, struct err *e);

/* What an adoption needs of the present life. */
void slot_save(const struct slot *s, struct saved_process *out);

/* The name of everything that belongs to a life, unique among all processes that live. */
#define SLOT_INSTANCE_PREFIX "worker-"
void slot_instance_name(unsigned index, uint64_t life, uint64_t lineage, char name[SAVED_NAME_MAX]);

void slot_probe(struct slot *s, const struct config *config, uint64_t seq, bool verified);
void slot_probe_stop(struct slot *s);
void slot_signal(struct slot *s, int signum);

/* Lets the worker take callers, or no new ones; nothing without a handover. */
void slot_activate(struct slot *s);
void slot_pause(struct slot *s);
/* Whether it has said so: until then it may still take some. */
bool slot_is_paused(const struct slot *s);
bool slot_can_pause(const struct slot *s);
void slot_kill_tree(struct slot *s);

/* Hears now what the worker has said of itself; it is reported as usual. */
void slot_hear(struct slot *s);

/* Of the present or last life; NULL: none yet. */
const struct said *slot_said(const struct slot *s);

/* Collects what explains a hang into slot_evidence(). */
void slot_collect_evidence(struct slot *s);

/*
 * Whether it is sure that the listener shim has no hold of the worker of this life, which was not
 * verified in time or has ended (`exit`) before it was; `why` is one line, also if it is not sure.
 */
bool slot_missed_handover(
    const struct slot *s, const struct exit_status *exit, char why[HANDOVER_WHY_MAX]);

/* How many of these connections, of known owners, its process holds. */
struct sock_connections;
size_t slot_connections(const struct slot *s, const struct sock_connections *connections);
/* Leaves only those in it. Returns how many. */
size_t slot_pick_connections(const struct slot *s, struct sock_connections *connections);

/* Where it is probed; NULL: it listens nowhere. Borrowed from it, or from `config`. */
const struct endpoint *slot_address(const struct slot *s, const struct config *config);

pid_t slot_pid(const struct slot *s); /* of the present or last life; 0: none yet */
uint64_t slot_life(const struct slot *s);
uint64_t slot_generation(const struct slot *s);
const char *slot_release(const struct slot *s);     /* "" if unknown */
const char *slot_spawn_error(const struct slot *s); /* of the last failed start */
const char *slot_evidence(const struct slot *s);
unsigned slot_leftovers(const struct slot *s); /* processes killed after the main one ended */

/* The latest probe: `reason` "" if it passed. */
enum probe_outcome slot_probe_outcome(const struct slot *s);
const char *slot_probe_reason(const struct slot *s);
const char *slot_probe_body(const struct slot *s);
usec_t slot_probe_took(const struct slot *s);

/* Appends the last lines of output of the present or last life. */
void slot_last_lines(const struct slot *s, struct strbuf *out);
uint64_t slot_lines(const struct slot *s);
/* Lines of level err: all of that life, and lately. */
uint64_t slot_errors(const struct slot *s);
struct error_rate slot_error_rate(const struct slot *s, usec_t now);
uint64_t slot_lines_dropped(const struct slot *s);
