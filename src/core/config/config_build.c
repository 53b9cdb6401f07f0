/* Assigning keys to a configuration under construction. */
#include "core/config/config_build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void report(struct config_build *b, const char *path, unsigned line, struct strbuf *message)
{
    struct config_diagnostics *d = b->diagnostics;
    if (d->n == LIMIT_CONFIG_MISTAKES)
        return;
    if (d->n == LIMIT_CONFIG_MISTAKES - 1) {
        strbuf_reset(message);
        strbuf_adds(message, "too many mistakes: those behind this line are not shown");
    }
    struct config_diagnostic *items = realloc(d->items, (d->n + 1) * sizeof *items);
    if (items)
        d->items = items;
    char *path_copy = items ? strdup(path) : NULL;
    char *text = path_copy ? strbuf_take(message) : NULL;
    if (!text) {
        free(path_copy);
        d->out_of_memory = true;
        b->out_of_memory = true;
        return;
    }
    /* Values are quoted as they stand; a terminal shall not obey them. */
    for (char *p = text; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = '?';
    }
    d->items[d->n++] = (struct config_diagnostic){.path = path_copy, .line = line, .message = text};
}

void config_report(struct config_build *b, const char *fmt, ...)
{
    struct strbuf message = STRBUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    strbuf_vaddf(&message, fmt, ap);
    va_end(ap);
    report(b, b->path, b->line, &message);
    strbuf_fini(&message);
}

void config_report_at(
    struct config_build *b, const struct config_place *place, const char *fmt, ...)
{
    struct strbuf message = STRBUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    strbuf_vaddf(&message, fmt, ap);
    va_end(ap);
    report(b, place ? place->path : "", place ? place->line : 0, &message);
    strbuf_fini(&message);
}

void *config_build_object(struct config_build *b, const struct config_key *key, unsigned index)
{
    switch (key->object) {
    case CONFIG_OBJECT_ROOT:
        return b->config;
    case CONFIG_OBJECT_PROBE:
        return &b->config->probes[index];
    case CONFIG_OBJECT_KEYSPACE:
        return &b->config->keyspaces[index];
    case CONFIG_OBJECT_NOTIFY:
        return &b->config->notifiers[index];
    case CONFIG_OBJECT_LOG_WATCH:
        return &b->config->log_watches[index];
    case CONFIG_OBJECT_CREDENTIAL:
        return &b->config->credentials[index];
    }
    return NULL;
}

const struct config_place *config_build_place(
    const struct config_build *b, const struct config_key *key, unsigned index)
{
    for (size_t i = 0; i < b->n_places; i++) {
        if (b->places[i].key == key && b->places[i].index == index)
            return &b->places[i];
    }
    return NULL;
}

static void set_place(
    struct config_build *b, const struct config_key *key, unsigned index, bool refused)
{
    struct config_place place = {key, index, b->path, b->line, refused};
    for (size_t i = 0; i < b->n_places; i++) {
        if (b->places[i].key == key && b->places[i].index == index) {
            b->places[i] = place;
            return;
        }
    }
    struct config_place *places = realloc(b->places, (b->n_places + 1) * sizeof *places);
    if (!places) {
        b->out_of_memory = true;
        return;
    }
    b->places = places;
    b->places[b->n_places++] = place;
}

int config_build_init(struct config_build *b, struct config_diagnostics *diagnostics)
{
    unsigned health = 0;
    *b = (struct config_build){.diagnostics = diagnostics, .path = ""};
    b->config = calloc(1, sizeof *b->config);
    if (!b->config)
        return -ENOMEM;
    /* [Health] is the first probe; it gives up its place in the end if it has no Url=. */
    int r = config_build_add(b, "Health", "health", &health);
    for (size_t i = 0; r == 0 && i < config_n_sections; i++) {
        if (!config_sections[i].named && strcmp(config_sections[i].name, "Health") != 0)
            r = config_build_defaults(b, config_sections[i].name, 0);
    }
    if (r < 0)
        config_build_fini(b);
    return r;
}

void config_build_fini(struct config_build *b)
{
    config_free(b->config);
    free(b->places);
    b->config = NULL;
    b->places = NULL;
    b->n_places = 0;
}

/* Appends the sections that have this very key: `[Health] or [Sweep]`. */
static bool write_owners(const char *name, struct strbuf *out)
{
    const char *joint = "[";
    for (size_t i = 0; i < config_n_keys; i++) {
        if (strcmp(config_keys[i].name, name) == 0) {
            strbuf_addf(out, "%s%s]", joint, config_keys[i].section);
            joint = " or [";
        }
    }
    return joint[0] == ' ';
}

/* No such key in this section: says which one was probably meant, or where it belongs. */
static void report_unknown_key(struct config_build *b, const char *name)
{
    struct strbuf owners = STRBUF_INIT;
    const char *here = config_key_nearest(b->section->name, name);
    const char *anywhere = config_key_nearest(NULL, name);
    if (write_owners(name, &owners)) {
        config_report(b, "unknown key \"%.80s\" in [%s]; it belongs to %s", name, b->section->name,
            strbuf_text(&owners));
    } else if (here) {
        config_report(
            b, "unknown key \"%.80s\" in [%s], did you mean \"%s\"?", name, b->section->name, here);
    } else if (anywhere) {
        write_owners(anywhere, &owners);
        config_report(b, "unknown key \"%.80s\" in [%s], did you mean \"%s\" of %s?", name,
            b->section->name, anywhere, strbuf_text(&owners));
    } else {
        config_report(b, "unknown key \"%.80s\" in [%s]", name, b->section->name);
    }
    strbuf_fini(&owners);
}

void config_build_assign(struct config_build *b, const char *name, const char *value)
{
    struct err e = {0};
    if (b->skip)
        return;
    if (!b->section) {
        config_report(b, "key \"%.80s\" stands before any section", name);
        return;
    }
    const struct config_key *key = config_key_find(b->section->name, name);
    if (!key) {
        report_unknown_key(b, name);
        return;
    }
    void *object = config_build_object(b, key, b->index);
    bool reset = *value == '\0';
    /* What the administrator writes first takes the place of the default, in lists too. */
    if (reset || (key->type->list && !config_build_place(b, key, b->index)))
        key->type->clear(key, object);
    if (reset && !key->type->list)
        value = key->preset;
    int r = !value || !*value ? 0 : key->type->read(key, value, object, &e);
    if (r == -ENOMEM)
        b->out_of_memory = true;
    else if (r < 0)
        config_report(b, "read %s in [%s]: %s", name, b->section->name, e.msg);
    set_place(b, key, b->index, r < 0);
}

/* Drops a [Health] without Url=: the probe, not the pace that the section sets for all. */
static void drop_health(struct config_build *b)
{
    struct config *c = b->config;
    bool used = false;
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        if (strcmp(key->section, "Health") != 0 || key->object != CONFIG_OBJECT_PROBE)
            continue;
        const struct config_place *place = config_build_place(b, key, 0);
        if (place && strcmp(key->name, "Url") != 0) {
            config_report_at(b, place, "%s in [Health] has no effect without Url=", key->name);
            used = true;
        }
    }
    /* Places count probes from [Health]; a configuration that is refused keeps it. */
    if (used)
        return;
    config_probe_fini(&c->probes[0]);
    memmove(&c->probes[0], &c->probes[1], (c->n_probes - 1) * sizeof c->probes[0]);
    c->n_probes--;
    memset(&c->probes[c->n_probes], 0, sizeof c->probes[0]);
}

void config_build_finish(struct config_build *b)
{
    struct config *c = b->config;
    int r = config_build_builtins(b);
    if (r == 0 && !strlist_has(&c->sweep.protect, CONFIG_PROTECTED))
        r = strlist_add(&c->sweep.protect, CONFIG_PROTECTED);
    if (r < 0)
        b->out_of_memory = true;
    config_check(b);
    if (!c->probes[0].url)
        drop_health(b);
}
