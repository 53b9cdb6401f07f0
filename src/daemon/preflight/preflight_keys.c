/* The checklist's item about credentials: each value is read as a rollout would, and its provider
 * is asked. */
#include "daemon/preflight/preflight_parts.h"

#include "core/preflight/preflight_provider.h"
#include "daemon/credentials/credentials_parts.h"
#include "daemon/credentials/provider_check.h"
#include "daemon/daemon.h"
#include "io/secret_memory.h"

#include <errno.h>

static void on_read(const struct provider_reading *reading, void *arg)
{
    struct preflight_key *key = arg;
    preflight_provider(key->conf, reading, loop_wall_now(), &key->run->list, key->row);
    provider_check_free(key->check);
    key->check = NULL;
    preflight_over(key->run, key->row);
}

/* Returns 0, or a negative errno with *e saying why nobody can be asked. */
static int ask(struct preflight_key *key, struct err *e)
{
    const struct daemon *d = key->run->spec.daemon;
    char *value = secret_memory_new(LIMIT_SECRET + 1);
    if (!value)
        return err_sys(e, -ENOMEM, "asking the provider");
    int r = credential_read(key->conf, value, e);
    if (r == 0) {
        key->check = provider_check_new(d->loop, d->http, key->conf, value, true, on_read, key);
        r = key->check ? 0 : err_sys(e, -ENOMEM, "asking the provider");
    }
    secret_memory_free(value, LIMIT_SECRET + 1);
    return r;
}

static void begin_one(struct preflight_key *key)
{
    struct err e = {0};
    if (key->conf->provider == PROVIDER_NONE)
        preflight_note(&key->run->list, key->row, false,
            "Provider= does not say who can be asked whether it is good");
    else if (ask(key, &e) == 0)
        return;
    else
        preflight_note(&key->run->list, key->row, false, "%s", e.msg);
    preflight_over(key->run, key->row);
}

void preflight_begin_keys(struct preflight_run *run)
{
    const struct config *config = run->spec.config;
    if (config->n_credentials == 0) {
        preflight_note(&run->list, PREFLIGHT_PROVIDER_KEY, false,
            "no [Credential NAME] says which keys the agent has for its providers");
        preflight_over(run, PREFLIGHT_PROVIDER_KEY);
    }
    for (unsigned i = 0; i < config->n_credentials; i++) {
        struct preflight_key *key = &run->keys[i];
        const struct config_credential *conf = &config->credentials[i];
        *key = (struct preflight_key){.run = run,
            .conf = conf,
            .row = preflight_find(&run->list, PREFLIGHT_PROVIDER_KEY, conf->name)};
        if (preflight_wanted(run, key->row))
            begin_one(key);
    }
}

void preflight_stop_keys(struct preflight_run *run)
{
    for (unsigned i = 0; i < LIMIT_CREDENTIALS; i++) {
        provider_check_free(run->keys[i].check);
        run->keys[i].check = NULL;
    }
}
