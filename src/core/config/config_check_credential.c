/* Checks across fields: credentials. */
#include "core/config/config_check.h"

#include <string.h>
#include <strings.h>

/* The first of the section's keys that was assigned; NULL: none. */
static const struct config_place *any_place(const struct config_build *b, unsigned index)
{
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_place *place = config_build_place(b, &config_keys[i], index);
        if (place && strcmp(config_keys[i].section, "Credential") == 0)
            return place;
    }
    return NULL;
}

static const struct config_place *place_of(
    const struct config_build *b, const char *key, unsigned index)
{
    const struct config_place *place = config_place_of(b, "Credential", key, index);
    return place ? place : any_place(b, index);
}

static void want(struct config_build *b, const char *key, const char *value, unsigned index)
{
    const struct config_credential *c = &b->config->credentials[index];
    if (value || config_was_refused(b, "Credential", key, index))
        return;
    config_report_at(b, place_of(b, "Provider", index),
        "no %s= of credential %s, which is of Provider=%s", key, c->name,
        provider_name(c->provider));
}

/* A key that this provider's check never looks at was meant for something else. */
static void check_foreign(struct config_build *b, unsigned index)
{
    const struct config_credential *c = &b->config->credentials[index];
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        const struct config_place *place = config_build_place(b, key, index);
        if (key->object == CONFIG_OBJECT_CREDENTIAL && key->types &&
            !(key->types & 1U << c->provider) && place)
            config_report_at(b, place, "refuse %s= of credential %s: it is not for Provider=%s",
                key->name, c->name, provider_name(c->provider));
    }
}

/* A later one would win over the value that was verified. */
static void check_variable(struct config_build *b, unsigned index)
{
    const struct config *config = b->config;
    const char *variable = config->credentials[index].environment;
    size_t len = strlen(variable);
    for (size_t i = 0; i < config->agent.environment.n; i++) {
        const char *entry = config->agent.environment.items[i];
        if (strncmp(entry, variable, len) == 0 && entry[len] == '=')
            config_report_at(b, place_of(b, "Environment", index),
                "refuse Environment=%s of credential %s: Environment= of [Agent] sets it as well",
                variable, config->credentials[index].name);
    }
    for (unsigned i = 0; i < index; i++) {
        const char *other = config->credentials[i].environment;
        if (other && strcmp(other, variable) == 0)
            config_report_at(b, place_of(b, "Environment", index),
                "refuse Environment=%s of credential %s: credential %s has the same", variable,
                config->credentials[index].name, config->credentials[i].name);
    }
}

static void check_credential(struct config_build *b, unsigned index)
{
    const struct config_credential *c = &b->config->credentials[index];
    if (!c->file && !config_was_refused(b, "Credential", "File", index))
        config_report_at(b, any_place(b, index), "no File= of credential %s", c->name);
    if (c->environment)
        check_variable(b, index);
    if (config_was_refused(b, "Credential", "Provider", index))
        return;
    check_foreign(b, index);
    if (c->provider == PROVIDER_HTTP)
        want(b, "Url", c->url, index);
    if (c->provider == PROVIDER_TWILIO)
        want(b, "Account", c->account, index);
    if (c->provider == PROVIDER_HTTP && c->min_quota > 0)
        want(b, "QuotaJson", c->quota_json, index);
    const char *asked = c->url ? c->url : c->base_url;
    if (c->ca_file && asked && strncasecmp(asked, "http://", 7) == 0)
        config_report_at(b, place_of(b, "CaFile", index),
            "refuse CaFile= of credential %s: \"%s\" is not https", c->name, asked);
}

void config_check_credentials(struct config_build *b)
{
    for (unsigned i = 0; i < b->config->n_credentials; i++)
        check_credential(b, i);
}
