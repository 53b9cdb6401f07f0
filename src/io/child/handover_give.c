/* What a worker is given: descriptors at agreed numbers, and the environment that tells of them. */
#include "io/child/handover_parts.h"

#include "voxkeeper/handover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_TARGET = 3 };

/* As long as any process id; the new process writes its own there. */
#define PID_ROOM "00000000000"

/* With the shim each public listener is followed by its private one, and control comes last. By
 * LISTEN_FDS the public ones come first, in the order of Listen=. */
static int public_target(const struct handover *h, unsigned i)
{
    return FIRST_TARGET + (int)(handover_has_shim(h) ? 2 * i : i);
}

int handover_private_target(const struct handover *h, unsigned i)
{
    return handover_has_shim(h) ? public_target(h, i) + 1 : FIRST_TARGET + (int)(h->spec.n + i);
}

static int control_target(const struct handover *h)
{
    return FIRST_TARGET + 2 * (int)h->spec.n;
}

void handover_add_fds(const struct handover *h, struct child_fd *fds, unsigned *io_n)
{
    for (unsigned i = 0; i < h->spec.n; i++) {
        fds[(*io_n)++] = (struct child_fd){h->spec.public_fds[i], public_target(h, i)};
        if (i < handover_n_private(h))
            fds[(*io_n)++] = (struct child_fd){h->private_fds[i], handover_private_target(h, i)};
    }
    if (handover_has_shim(h))
        fds[(*io_n)++] = (struct child_fd){h->worker_control, control_target(h)};
}

/* Puts "NAME=" + value, or with `before` true value + separator in front of what is there. */
static int put(struct strlist *env, const char *name, const char *value, const char *separator)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < env->n; i++) {
        char *text = NULL;
        if (strncmp(env->items[i], name, len) != 0 || env->items[i][len] != '=')
            continue;
        const char *old = env->items[i] + len + 1;
        bool keep = separator && *old;
        if (asprintf(&text, "%s=%s%s%s", name, value, keep ? separator : "", keep ? old : "") < 0)
            return -ENOMEM;
        free(env->items[i]);
        env->items[i] = text;
        return 0;
    }
    char *text = NULL;
    if (asprintf(&text, "%s=%s", name, value) < 0)
        return -ENOMEM;
    int r = strlist_add(env, text);
    free(text);
    return r;
}

static int put_number(struct strlist *env, const char *name, unsigned value)
{
    char text[16];
    snprintf(text, sizeof text, "%u", value);
    return put(env, name, text, NULL);
}

/* To be last: *out_pid_text points into it. */
static int put_pid_room(struct strlist *env, const char *room, char **out_pid_text)
{
    if (strlist_add(env, room) < 0)
        return -ENOMEM;
    *out_pid_text = strchr(env->items[env->n - 1], '=') + 1;
    return 0;
}

static int put_listeners(const struct handover *h, struct strlist *env)
{
    char name[sizeof VK_HANDOVER_ENV_LISTEN + 10];
    char value[sizeof h->spec.endpoints->path + 32];
    for (unsigned i = 0; i < h->spec.n; i++) {
        const struct endpoint *ep = &h->spec.endpoints[i];
        int own = handover_private_target(h, i);
        snprintf(name, sizeof name, VK_HANDOVER_ENV_LISTEN "%u", i + 1);
        if (ep->family == ENDPOINT_UNIX)
            snprintf(value, sizeof value, "%d %d %s", public_target(h, i), own, ep->path);
        else
            snprintf(value, sizeof value, "%d %d %u", public_target(h, i), own, ep->port);
        if (put(env, name, value, NULL) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int put_node_helper(const struct handover *h, struct strlist *env)
{
    char *option = NULL;
    if (!h->spec.node_helper)
        return 0;
    if (asprintf(&option, "--require=%s", h->spec.node_helper) < 0)
        return -ENOMEM;
    int r = put(env, "NODE_OPTIONS", option, " ");
    free(option);
    return r;
}

static int add_for_shim(const struct handover *h, struct strlist *env, char **out_pid_text)
{
    if (put_number(env, VK_HANDOVER_ENV_CONTROL, (unsigned)control_target(h)) < 0 ||
        put_listeners(h, env) < 0 || put_node_helper(h, env) < 0 ||
        put(env, "LD_PRELOAD", h->spec.library, ":") < 0 ||
        put(env, "UV_USE_IO_URING", "0", NULL) < 0)
        return -ENOMEM;
    return put_pid_room(env, VK_HANDOVER_ENV_PID "=" PID_ROOM, out_pid_text);
}

/* "public" for each of Listen=, then "private". */
static int add_for_activation(const struct handover *h, struct strlist *env, char **out_pid_text)
{
    char names[(LIMIT_LISTEN + 1) * sizeof "private"] = "";
    for (unsigned i = 0; i < h->spec.n; i++)
        strcat(names, i > 0 ? ":public" : "public");
    if (handover_n_private(h) > 0)
        strcat(names, ":private");
    if (put_number(env, "LISTEN_FDS", h->spec.n + handover_n_private(h)) < 0 ||
        put(env, "LISTEN_FDNAMES", names, NULL) < 0)
        return -ENOMEM;
    return put_pid_room(env, "LISTEN_PID=" PID_ROOM, out_pid_text);
}

int handover_add_environment(const struct handover *h, struct strlist *env, char **out_pid_text)
{
    return handover_has_shim(h) ? add_for_shim(h, env, out_pid_text)
                                : add_for_activation(h, env, out_pid_text);
}
