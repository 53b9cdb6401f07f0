/* The agent's public listeners. */
#include "daemon/workers/front.h"

#include "build_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct front {
    struct front_sockets sockets;
    struct front_sources sources;
    enum config_handover mode;
    bool private; /* HANDOVER_LISTEN_FDS: workers get a listener of their own as well */
    bool has_served;
    char why[HANDOVER_WHY_MAX]; /* of the fallback; "" without one */
    char *library;
    char *node_helper;
};

/* Installed beside each other; somewhere else when run from a build tree. */
static int find_shim(struct front *f, struct err *e)
{
    const char *directory = getenv("VOXKEEPER_PRELOAD_DIR");
    if (!directory)
        directory = VOXKEEPER_PRELOAD_DIR;
    if (asprintf(&f->library, "%s/libvoxkeeper-listen.so", directory) < 0)
        f->library = NULL;
    if (asprintf(&f->node_helper, "%s/drain.cjs", directory) < 0)
        f->node_helper = NULL;
    return f->library && f->node_helper ? 0 : err_sys(e, -ENOMEM, "looking for the listener shim");
}

/* The loader only warns about a missing one, and then every worker would fail its probes. */
static int check_shim(const struct front *f, struct err *e)
{
    const char *const paths[] = {f->library, f->node_helper};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (access(paths[i], R_OK) < 0)
            return err_sys(e, -errno, "opening \"%s\" for Handover=preload", paths[i]);
    }
    return 0;
}

struct front *front_new(
    const struct config *config, struct front_sources sources, const char *fallback, struct err *e)
{
    struct front *f = calloc(1, sizeof *f);
    if (!f) {
        err_sys(e, -ENOMEM, "opening the public listeners");
        return NULL;
    }
    f->sources = sources;
    snprintf(f->why, sizeof f->why, "%s", fallback);
    if (find_shim(f, e) < 0 || front_configure(f, config, e) < 0) {
        front_free(f);
        return NULL;
    }
    return f;
}

void front_free(struct front *f)
{
    if (!f)
        return;
    front_sockets_leave(&f->sockets, f->sources.inherited);
    free(f->library);
    free(f->node_helper);
    free(f);
}

/* One worker at a time can bind an address. */
static int check_fallback(const struct front *f, const struct config_agent *agent, struct err *e)
{
    if (agent->handover != HANDOVER_PRELOAD || agent->workers == 1)
        return 0;
    return err_set(e, -EINVAL,
        "refuse Workers=%u: voxkeeper could not hand the listener over (%s), so that the worker "
        "binds Listen= itself, and only one can",
        agent->workers, f->why);
}

/* Everything that may fail. Returns 0 with all that is new in *fresh. */
static int prepare(const struct front *f, const struct config_agent *agent,
    struct front_sockets *fresh, struct err *e)
{
    if (f->why[0])
        return check_fallback(f, agent, e);
    if (agent->handover == HANDOVER_NONE)
        return 0;
    int r = agent->handover == HANDOVER_PRELOAD ? check_shim(f, e) : 0;
    if (r < 0)
        return r;
    return front_sockets_open(fresh, &f->sockets, agent->listen, agent->n_listen, f->sources, e);
}

/*
 * With listen-fds as the service manager passes them: who knows these descriptors expects accept()
 * to wait. With preload never: who came second for a connection would wait for the next one.
 */
static void set_blocking(const struct front_sockets *s, bool blocking)
{
    for (unsigned i = 0; i < s->n; i++) {
        int flags = fcntl(s->fds[i], F_GETFL);
        if (flags >= 0)
            (void)fcntl(s->fds[i], F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
    }
}

int front_configure(struct front *f, const struct config *config, struct err *e)
{
    struct front_sockets fresh = {0};
    int r = prepare(f, &config->agent, &fresh, e);
    if (r < 0)
        return r;
    front_sockets_replace(&f->sockets, &fresh, f->sources);
    f->mode = f->why[0] ? HANDOVER_NONE : config->agent.handover;
    f->private = config->agent.listen_private;
    set_blocking(&f->sockets, f->mode == HANDOVER_LISTEN_FDS);
    front_sockets_warn_unused(f->sources.inherited, f->mode == HANDOVER_NONE
                                                        ? "with Handover=none workers do not get it"
                                                        : "no Listen= in [Agent] names it");
    return 0;
}

bool front_overlaps(const struct front *f)
{
    return f->mode == HANDOVER_PRELOAD || (f->mode == HANDOVER_LISTEN_FDS && f->private);
}

bool front_is_inherited(const struct front *f)
{
    return front_sockets_inherited(&f->sockets);
}

enum config_handover front_mode(const struct front *f)
{
    return f->mode;
}

const char *front_why(const struct front *f)
{
    return f->why;
}

void front_mark_served(struct front *f)
{
    f->has_served = true;
}

bool front_has_served(const struct front *f)
{
    return f->has_served;
}

void front_fall_back(struct front *f, const char *why)
{
    snprintf(f->why, sizeof f->why, "%s", why);
    front_sockets_close(&f->sockets, f->sources);
    f->mode = HANDOVER_NONE;
}

struct handover_spec front_spec(const struct front *f)
{
    return (struct handover_spec){.mode = f->mode,
        .endpoints = f->sockets.endpoints,
        .public_fds = f->sockets.fds,
        .n = f->sockets.n,
        .private = f->private,
        .library = f->library,
        .node_helper = f->node_helper};
}
