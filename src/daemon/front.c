/* The agent's public listeners. */
#include "daemon/front.h"

#include "build_config.h"
#include "io/listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The kernel caps it; callers wait here while no worker accepts. */
enum { PUBLIC_BACKLOG = 4096 };

struct front {
    struct endpoint endpoints[LIMIT_LISTEN];
    int fds[LIMIT_LISTEN];
    unsigned n;
    enum config_handover mode;
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

struct front *front_new(const struct config *config, struct err *e)
{
    struct front *f = calloc(1, sizeof *f);
    if (!f) {
        err_sys(e, -ENOMEM, "opening the public listeners");
        return NULL;
    }
    if (find_shim(f, e) < 0 || front_configure(f, config, e) < 0) {
        front_free(f);
        return NULL;
    }
    return f;
}

static void close_all(struct front *f)
{
    for (unsigned i = 0; i < f->n; i++) {
        if (f->fds[i] >= 0)
            close(f->fds[i]);
    }
    f->n = 0;
}

void front_free(struct front *f)
{
    if (!f)
        return;
    close_all(f);
    free(f->library);
    free(f->node_helper);
    free(f);
}

static int index_of(const struct front *f, const struct endpoint *ep)
{
    for (unsigned i = 0; i < f->n; i++) {
        if (endpoint_equal(&f->endpoints[i], ep))
            return (int)i;
    }
    return -1;
}

/* Opens what `f` does not have yet; what it has stays there for now. */
static int open_new(
    const struct front *f, const struct config_agent *agent, struct front *fresh, struct err *e)
{
    for (unsigned i = 0; i < agent->n_listen; i++) {
        const struct endpoint *ep = &agent->listen[i];
        int fd = index_of(f, ep) >= 0 ? -1 : listener_open(ep, PUBLIC_BACKLOG, e);
        if (fd < 0 && index_of(f, ep) < 0)
            return fd;
        fresh->endpoints[fresh->n] = *ep;
        fresh->fds[fresh->n++] = fd;
    }
    return 0;
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
static int prepare(
    const struct front *f, const struct config_agent *agent, struct front *fresh, struct err *e)
{
    if (f->why[0])
        return check_fallback(f, agent, e);
    fresh->mode = agent->handover;
    if (agent->handover != HANDOVER_PRELOAD)
        return 0;
    int r = check_shim(f, e);
    if (r == 0)
        r = open_new(f, agent, fresh, e);
    if (r < 0)
        close_all(fresh);
    return r;
}

int front_configure(struct front *f, const struct config *config, struct err *e)
{
    struct front fresh = {.mode = HANDOVER_NONE};
    int r = prepare(f, &config->agent, &fresh, e);
    if (r < 0)
        return r;
    for (unsigned i = 0; i < fresh.n; i++) {
        int old = fresh.fds[i] < 0 ? index_of(f, &fresh.endpoints[i]) : -1;
        if (old < 0)
            continue;
        fresh.fds[i] = f->fds[old];
        f->fds[old] = -1;
    }
    close_all(f);
    for (unsigned i = 0; i < fresh.n; i++) {
        f->endpoints[i] = fresh.endpoints[i];
        f->fds[i] = fresh.fds[i];
    }
    f->n = fresh.n;
    f->mode = fresh.mode;
    return 0;
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
    close_all(f);
    f->mode = HANDOVER_NONE;
}

struct handover_spec front_spec(const struct front *f)
{
    return (struct handover_spec){.endpoints = f->endpoints,
        .public_fds = f->fds,
        .n = f->n,
        .library = f->library,
        .node_helper = f->node_helper};
}
