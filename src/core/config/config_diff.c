/* What changed from one configuration to the next, and what that asks for. */
#include "core/config/config_object.h"

#include <string.h>

static enum config_change stronger(enum config_change a, enum config_change b)
{
    return a > b ? a : b;
}

static void write_side(const struct config_key *key, const void *object, struct strbuf *out)
{
    size_t before = out->len;
    config_value_write(key, object, CONFIG_SECRETS_MASK, out);
    if (out->len == before)
        strbuf_adds(out, "(none)");
}

/* Compares unmasked texts; shows masked ones. */
static enum config_change diff_key(const struct config_instance *it, const struct config_key *key,
    const void *before, const void *after, struct strbuf *out)
{
    struct strbuf a = STRBUF_INIT;
    struct strbuf b = STRBUF_INIT;
    config_value_write(key, before, CONFIG_SECRETS_REVEAL, &a);
    config_value_write(key, after, CONFIG_SECRETS_REVEAL, &b);
    bool changed = strcmp(strbuf_text(&a), strbuf_text(&b)) != 0;
    strbuf_reset(&a);
    strbuf_reset(&b);
    if (changed) {
        write_side(key, before, &a);
        write_side(key, after, &b);
        bool hidden = strcmp(strbuf_text(&a), strbuf_text(&b)) == 0;
        config_instance_write(it, out);
        strbuf_addf(out, " %s: %s -> %s%s\n", key->name, strbuf_text(&a), strbuf_text(&b),
            hidden ? " (the secret changed)" : "");
    }
    out->failed = out->failed || a.failed || b.failed;
    strbuf_fini(&a);
    strbuf_fini(&b);
    return changed ? key->change : CONFIG_CHANGE_NONE;
}

/* A whole section that came or went: one line. */
static enum config_change diff_section(
    const struct config_instance *it, const char *what, struct strbuf *out)
{
    enum config_change change = CONFIG_CHANGE_NONE;
    config_instance_write(it, out);
    strbuf_addf(out, ": %s\n", what);
    for (size_t i = 0; i < config_n_keys; i++) {
        if (strcmp(config_keys[i].section, it->section->name) == 0)
            change = stronger(change, config_keys[i].change);
    }
    return change;
}

enum config_change config_diff(
    const struct config *before, const struct config *after, struct strbuf *out)
{
    enum config_change change = CONFIG_CHANGE_NONE;
    struct config_instance it;
    struct config_instance old;
    for (size_t n = 0; config_instance_at(after, n, &it); n++) {
        if (!config_instance_find(before, &it, &old)) {
            change = stronger(change, diff_section(&it, "added", out));
            continue;
        }
        for (size_t i = 0; i < config_n_keys; i++) {
            const struct config_key *key = &config_keys[i];
            if (strcmp(key->section, it.section->name) == 0)
                change = stronger(change, diff_key(&it, key, config_object(before, key, old.index),
                                              config_object(after, key, it.index), out));
        }
    }
    for (size_t n = 0; config_instance_at(before, n, &old); n++) {
        if (!config_instance_find(after, &old, &it))
            change = stronger(change, diff_section(&old, "removed", out));
    }
    return change;
}
