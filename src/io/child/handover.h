/*
 * What one worker has of the public listeners, and our end of it. By the listener shim
 * (include/voxkeeper/handover.h): private listeners, the control socket, and what has to be in its
 * environment. By LISTEN_FDS (sd_listen_fds(3)): the public listeners, named `public`, and perhaps
 * a private one; nobody is told to begin or to pause.
 */
#pragma once

#include "base/err.h"
#include "base/strlist.h"
#include "core/config/config.h"
#include "core/endpoint.h"
#include "core/limits.h"
#include "io/child/child.h"
#include "io/loop/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct handover;

/* What the worker's shim told so far. */
struct handover_state {
    bool loaded;         /* the shim is in the process */
    int refused;         /* errno by which it became inert; 0: it did not */
    unsigned taken;      /* bit i: the worker bound the public listener i */
    unsigned closed;     /* and closed again */
    uint16_t other_port; /* a port of its own on which it listens; 0: none */
    bool active;         /* it may accept public connections: until it says that it does not */
};

struct handover_spec {
    enum config_handover mode;        /* HANDOVER_PRELOAD or HANDOVER_LISTEN_FDS */
    const struct endpoint *endpoints; /* of Listen= */
    const int *public_fds;            /* one for each; borrowed while the worker lives */
    unsigned n;
    bool private;            /* HANDOVER_LISTEN_FDS: one private listener besides */
    const char *library;     /* path of libvoxkeeper-listen.so */
    const char *node_helper; /* path of drain.cjs; NULL: none */
};

/* `on_change` (may be NULL) comes from the loop whenever the state changed. Returns owned, or NULL
 * with *e set.
 */
struct handover *handover_new(struct loop *l, const struct handover_spec *spec,
    void (*on_change)(void *arg), void *arg, struct err *e);

/*
 * Our end in a worker that a former instance started: its control socket (owned from now on, also
 * if this fails; -1 where there is no shim), its private addresses, one for each of
 * spec->endpoints, and what its shim had told. What the shim told meanwhile is added to that at
 * once, and it is asked how things stand, so that a state that was saved too early becomes right by
 * itself. Returns owned, or NULL with *e set.
 */
struct handover *handover_adopt(struct loop *l, const struct handover_spec *spec, int control,
    const struct endpoint *privates, const struct handover_state *state,
    void (*on_change)(void *arg), void *arg, struct err *e);

/* Our end of its control socket, also after the worker closed its own. Borrowed. */
int handover_control_fd(const struct handover *h);

/* Descriptors for the worker: at most HANDOVER_FDS_MAX entries are added at *io_n. */
enum { HANDOVER_FDS_MAX = 2 * LIMIT_LISTEN + 1 };
void handover_add_fds(const struct handover *h, struct child_fd *fds, unsigned *io_n);

/*
 * Adds or changes what the shim and Node need in `env`. *out_pid_text is where the worker's process
 * id goes, between clone and exec. Returns 0 or -ENOMEM.
 */
int handover_add_environment(const struct handover *h, struct strlist *env, char **out_pid_text);

/* Whether the worker can be told to begin and to pause. */
bool handover_has_shim(const struct handover *h);

/* The worker runs: our copies of what is its own are closed. */
void handover_started(struct handover *h);

void handover_activate(struct handover *h);
void handover_pause(struct handover *h);

/* Where this worker alone answers, one for each of spec.endpoints with the shim; the first is
 * probed. NULL: nowhere. */
const struct endpoint *handover_private(const struct handover *h);
const struct handover_state *handover_state(const struct handover *h);

/* Reads now what the shim has told already; on_change is not called. */
void handover_look(struct handover *h);

/* Why it does not answer there, one line; "" if the shim took hold of every listener. */
enum { HANDOVER_WHY_MAX = 160 };
const char *handover_why(const struct handover *h, char buf[HANDOVER_WHY_MAX]);

/* The worker is left as it is. NULL is fine. */
void handover_free(struct handover *h);
