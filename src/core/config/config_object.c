/* The sections of a finished configuration, and the values in them. */
#include "core/config/config_object.h"

#include "core/config/config_secret.h"
#include "core/config/config_words.h"

#include <stdlib.h>
#include <string.h>

/* Whether probes[0] is [Health]. */
static unsigned first_probe(const struct config *c)
{
    return c->n_probes > 0 && strcmp(c->probes[0].name, "health") == 0;
}

/* How many sections of this kind there are; the first is that of object number `base`. */
static unsigned instances(
    const struct config *c, const struct config_section *section, unsigned *out_base)
{
    *out_base = 0;
    if (!section->named)
        return 1;
    if (strcmp(section->name, "Keyspace") == 0)
        return c->n_keyspaces;
    if (strcmp(section->name, "Notify") == 0)
        return c->n_notifiers;
    if (strcmp(section->name, "LogWatch") == 0)
        return c->n_log_watches;
    if (strcmp(section->name, "Credential") == 0)
        return c->n_credentials;
    *out_base = first_probe(c);
    return c->n_probes - *out_base;
}

static const char *name_of(
    const struct config *c, const struct config_section *section, unsigned index)
{
    if (strcmp(section->name, "Keyspace") == 0)
        return c->keyspaces[index].name;
    if (strcmp(section->name, "Notify") == 0)
        return c->notifiers[index].name;
    if (strcmp(section->name, "LogWatch") == 0)
        return c->log_watches[index].name;
    if (strcmp(section->name, "Credential") == 0)
        return c->credentials[index].name;
    return c->probes[index].name;
}

bool config_instance_at(const struct config *c, size_t n, struct config_instance *out)
{
    for (size_t i = 0; i < config_n_sections; i++) {
        const struct config_section *section = &config_sections[i];
        unsigned base = 0;
        unsigned count = instances(c, section, &base);
        if (n >= count) {
            n -= count;
            continue;
        }
        *out = (struct config_instance){.section = section, .index = base + (unsigned)n};
        if (section->named)
            out->name = name_of(c, section, out->index);
        return true;
    }
    return false;
}

bool config_instance_find(
    const struct config *c, const struct config_instance *like, struct config_instance *out)
{
    struct config_instance it;
    for (size_t n = 0; config_instance_at(c, n, &it); n++) {
        if (it.section == like->section && (!it.name || strcmp(it.name, like->name) == 0)) {
            *out = it;
            return true;
        }
    }
    return false;
}

const void *config_object(const struct config *c, const struct config_key *key, unsigned index)
{
    switch (key->object) {
    case CONFIG_OBJECT_ROOT:
        return c;
    case CONFIG_OBJECT_PROBE:
        if (strcmp(key->section, "Health") == 0 && !first_probe(c))
            return NULL;
        if (key->types && !(key->types & 1U << c->probes[index].type))
            return NULL;
        return &c->probes[index];
    case CONFIG_OBJECT_KEYSPACE:
        return &c->keyspaces[index];
    case CONFIG_OBJECT_NOTIFY:
        if (key->types && !(key->types & 1U << c->notifiers[index].type))
            return NULL;
        return &c->notifiers[index];
    case CONFIG_OBJECT_LOG_WATCH:
        return &c->log_watches[index];
    case CONFIG_OBJECT_CREDENTIAL:
        if (key->types && !(key->types & 1U << c->credentials[index].provider))
            return NULL;
        return &c->credentials[index];
    }
    return NULL;
}

void config_instance_write(const struct config_instance *it, struct strbuf *out)
{
    strbuf_addf(out, "[%s%s%s]", it->section->name, it->name ? " " : "", it->name ? it->name : "");
}

void config_item_write(const struct config_key *key, const void *object, size_t item,
    enum config_secrets secrets, struct strbuf *out)
{
    struct strbuf plain = STRBUF_INIT;
    if (secrets == CONFIG_SECRETS_REVEAL) {
        key->type->write(key, object, item, out);
        return;
    }
    key->type->write(key, object, item, &plain);
    config_secret_mask(strbuf_text(&plain), strcmp(key->name, "Environment") == 0, out);
    out->failed = out->failed || plain.failed;
    strbuf_fini(&plain);
}

void config_value_write(const struct config_key *key, const void *object,
    enum config_secrets secrets, struct strbuf *out)
{
    size_t n = object ? key->type->count(key, object) : 0;
    for (size_t i = 0; i < n; i++) {
        struct strbuf item = STRBUF_INIT;
        if (i > 0)
            strbuf_addc(out, ' ');
        config_item_write(key, object, i, secrets, &item);
        if (key->type->words)
            config_word_write(out, strbuf_text(&item));
        else
            strbuf_adds(out, strbuf_text(&item));
        out->failed = out->failed || item.failed;
        strbuf_fini(&item);
    }
}
