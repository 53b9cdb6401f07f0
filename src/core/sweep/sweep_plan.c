/* What one pass goes by. */
#include "core/sweep/sweep_plan.h"

#include "core/sweep/sweep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int copy_keyspace(struct config_keyspace *to, const struct config_keyspace *from)
{
    *to = *from;
    to->age_fields = (struct strlist){0};
    to->name = strdup(from->name);
    to->pattern = strdup(from->pattern);
    int r = strlist_copy(&to->age_fields, &from->age_fields);
    return to->name && to->pattern ? r : -ENOMEM;
}

/* The sessions that a task may belong to. */
static int add_sessions(struct sweep_plan *p, const struct config_keyspace *keyspaces, unsigned n)
{
    int r = 0;
    for (unsigned i = 0; r == 0 && i < n; i++) {
        if (keyspaces[i].kind != CONFIG_KEYSPACE_SESSION)
            continue;
        r = keyglob_init(&p->sessions[p->n_sessions], keyspaces[i].pattern, NULL);
        p->n_sessions += r == 0;
    }
    return r;
}

static void forget_sessions(struct sweep_plan *p)
{
    for (unsigned i = 0; i < p->n_sessions; i++)
        keyglob_fini(&p->sessions[i]);
    p->n_sessions = 0;
}

int sweep_plan_init(struct sweep_plan *p, const struct config_keyspace *keyspaces, unsigned n,
    const struct strlist *protect, usec_t active_window, struct err *e)
{
    struct sweep_plan plan = {.active_window = active_window};
    if (n > LIMIT_KEYSPACES)
        return err_set(e, -EINVAL, "setting up the sweep: more than %d keyspaces", LIMIT_KEYSPACES);
    int r = strlist_copy(&plan.protect, protect);
    for (unsigned i = 0; r == 0 && i < n; i++) {
        plan.n = i + 1;
        r = copy_keyspace(&plan.keyspaces[i], &keyspaces[i]);
        if (r == 0)
            r = keyglob_init(&plan.prefixes[i], keyspaces[i].pattern, e);
    }
    if (r == 0)
        r = add_sessions(&plan, keyspaces, n);
    if (r == -ENOMEM)
        err_sys(e, r, "setting up the sweep");
    if (r < 0)
        sweep_plan_fini(&plan);
    else
        *p = plan;
    return r;
}

int sweep_plan_narrow(struct sweep_plan *p, const struct sweep_plan *from, const char *only,
    usec_t older_than, struct err *e)
{
    struct config_keyspace keyspaces[LIMIT_KEYSPACES];
    unsigned n = 0;
    for (unsigned i = 0; i < from->n; i++) {
        if (only && strcmp(from->keyspaces[i].name, only) != 0)
            continue;
        keyspaces[n] = from->keyspaces[i];
        if (older_than > 0)
            keyspaces[n].max_age = older_than;
        n++;
    }
    if (n == 0 && only)
        return err_set(e, -ENOENT, "sweeping: there is no keyspace \"%s\"", only);
    if (n == 0)
        return err_set(e, -ENOENT, "sweeping: no keyspace is configured");
    int r = sweep_plan_init(p, keyspaces, n, &from->protect, from->active_window, e);
    if (r < 0)
        return r;
    p->least_age = older_than;
    forget_sessions(p);
    r = add_sessions(p, from->keyspaces, from->n);
    if (r < 0) {
        sweep_plan_fini(p);
        return err_sys(e, r, "setting up the sweep");
    }
    return 0;
}

void sweep_plan_fini(struct sweep_plan *p)
{
    for (unsigned i = 0; i < p->n; i++) {
        free(p->keyspaces[i].name);
        free(p->keyspaces[i].pattern);
        strlist_fini(&p->keyspaces[i].age_fields);
        keyglob_fini(&p->prefixes[i]);
    }
    forget_sessions(p);
    strlist_fini(&p->protect);
    *p = (struct sweep_plan){0};
}

void sweep_plan_match(const struct sweep_plan *p, struct strbuf *out)
{
    keyglob_superset(p->prefixes, p->n, out);
}

int sweep_plan_find(const struct sweep_plan *p, const char *name, size_t len)
{
    int best = SWEEP_PLAN_FOREIGN;
    for (unsigned i = 0; i < p->n; i++) {
        if (keyglob_matches(&p->prefixes[i], name, len) &&
            (best < 0 || p->prefixes[i].len > p->prefixes[best].len))
            best = (int)i;
    }
    if (best >= 0 && sweep_is_protected(&p->protect, name, len))
        return SWEEP_PLAN_PROTECTED;
    return best;
}
