/* The paths that change something: each passes what the body says to its verb. */
#include "daemon/api/api_parts.h"
#include "daemon/daemon.h"
#include "daemon/reload.h"
#include "daemon/succession/upgrade.h"
#include "daemon/verbs/verb_backup.h"
#include "daemon/verbs/verb_keys.h"
#include "daemon/verbs/verb_rollout.h"
#include "daemon/verbs/verb_scale.h"
#include "voxkeeper/control.h"

#include <errno.h>

struct operation *api_do_restart(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_restart(d, asker, e);
}

struct operation *api_do_cancel(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_cancel(d, asker, e);
}

struct operation *api_do_promote(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_promote(d, asker, e);
}

struct operation *api_do_abort(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_abort(d, asker, e);
}

struct operation *api_do_reload(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return reload_begin(d, asker, e);
}

struct operation *api_do_scale(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    return verb_scale(d, asker, &body->scale, e);
}

struct operation *api_do_drain(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_drain(d, asker, e);
}

struct operation *api_do_resume(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_resume(d, asker, e);
}

struct operation *api_do_upgrade(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_upgrade(d, asker, e);
}

struct operation *api_do_sweep(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    return verb_sweep(d, asker, &body->sweep, e);
}

struct operation *api_do_sweep_cancel(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    return verb_sweep_cancel(d, asker, body->operation, e);
}

struct operation *api_do_keys(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    struct key_wish wish = body->keys;
    wish.keyspace = body->sweep.keyspace;
    if (body->sweep.limit > VK_KEYS_MAX) {
        err_set(e, -EINVAL, "listing keys: no more than %d are shown", (int)VK_KEYS_MAX);
        return NULL;
    }
    wish.limit = (unsigned)body->sweep.limit;
    return verb_keys(d, asker, &wish, e);
}

struct operation *api_do_show_backup(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    struct restore_wish wish = body->restore;
    wish.show = true;
    return verb_restore(d, asker, &wish, e);
}

struct operation *api_do_restore(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    struct restore_wish wish = body->restore;
    wish.dry_run = body->sweep.dry_run;
    return verb_restore(d, asker, &wish, e);
}
