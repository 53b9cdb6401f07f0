/* The life of a configuration and of the diagnostics about it. */
#include "core/config/config_build.h"

#include <stdlib.h>

/* Clears every key of one kind of object; several sections may share it. */
static void clear_object(void *object, enum config_object kind)
{
    for (size_t i = 0; i < config_n_keys; i++) {
        if (config_keys[i].object == kind)
            config_keys[i].type->clear(&config_keys[i], object);
    }
}

void config_probe_fini(struct config_probe *probe)
{
    clear_object(probe, CONFIG_OBJECT_PROBE);
    free(probe->name);
    probe->name = NULL;
}

static void keyspace_fini(struct config_keyspace *keyspace)
{
    clear_object(keyspace, CONFIG_OBJECT_KEYSPACE);
    free(keyspace->name);
    keyspace->name = NULL;
}

static void notify_fini(struct config_notify *notify)
{
    clear_object(notify, CONFIG_OBJECT_NOTIFY);
    free(notify->name);
    notify->name = NULL;
}

static void log_watch_fini(struct config_log_watch *watch)
{
    clear_object(watch, CONFIG_OBJECT_LOG_WATCH);
    free(watch->name);
    watch->name = NULL;
}

static void credential_fini(struct config_credential *credential)
{
    clear_object(credential, CONFIG_OBJECT_CREDENTIAL);
    free(credential->name);
    credential->name = NULL;
}

void config_free(struct config *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < c->n_probes; i++)
        config_probe_fini(&c->probes[i]);
    for (unsigned i = 0; i < c->n_keyspaces; i++)
        keyspace_fini(&c->keyspaces[i]);
    for (unsigned i = 0; i < c->n_notifiers; i++)
        notify_fini(&c->notifiers[i]);
    for (unsigned i = 0; i < c->n_log_watches; i++)
        log_watch_fini(&c->log_watches[i]);
    for (unsigned i = 0; i < c->n_credentials; i++)
        credential_fini(&c->credentials[i]);
    clear_object(c, CONFIG_OBJECT_ROOT);
    free(c);
}

void config_diagnostics_fini(struct config_diagnostics *d)
{
    for (size_t i = 0; i < d->n; i++) {
        free(d->items[i].path);
        free(d->items[i].message);
    }
    free(d->items);
    *d = (struct config_diagnostics){0};
}

void config_diagnostics_write(const struct config_diagnostics *d, struct strbuf *out)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct config_diagnostic *item = &d->items[i];
        if (item->path[0])
            strbuf_adds(out, item->path);
        if (item->line)
            strbuf_addf(out, ":%u", item->line);
        strbuf_addf(out, "%s%s\n", item->path[0] ? ": " : "", item->message);
    }
    if (d->out_of_memory)
        strbuf_adds(out, "out of memory: there may be more\n");
}
