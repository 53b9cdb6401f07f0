/* Entering sections: what a header names, and the objects behind it with their defaults. */
#include "core/config/config_build.h"

#include "core/config/config_check_value.h"

#include <errno.h>
#include <string.h>

int config_build_defaults(struct config_build *b, const char *section, unsigned index)
{
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        struct err e = {0};
        if (strcmp(key->section, section) != 0 || !key->preset)
            continue;
        int r = key->type->read(key, key->preset, config_build_object(b, key, index), &e);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool is_builtin(const struct config_builtin *builtin, const char *section, const char *name)
{
    return strcmp(builtin->section, section) == 0 && strcmp(builtin->name, name) == 0;
}

static int set_builtins(
    struct config_build *b, const char *section, const char *name, unsigned index)
{
    for (size_t i = 0; i < config_n_builtins; i++) {
        const struct config_builtin *builtin = &config_builtins[i];
        struct err e = {0};
        if (!is_builtin(builtin, section, name))
            continue;
        const struct config_key *key = config_key_find(section, builtin->key);
        int r = key->type->read(key, builtin->value, config_build_object(b, key, index), &e);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Where the objects of the sections of one kind are counted, and how many there may be. */
struct named {
    unsigned *n;
    unsigned limit;
};

static struct named named_of(struct config *c, const char *section)
{
    if (strcmp(section, "Keyspace") == 0)
        return (struct named){&c->n_keyspaces, LIMIT_KEYSPACES};
    if (strcmp(section, "Notify") == 0)
        return (struct named){&c->n_notifiers, LIMIT_NOTIFIERS};
    if (strcmp(section, "LogWatch") == 0)
        return (struct named){&c->n_log_watches, LIMIT_LOG_WATCHES};
    if (strcmp(section, "Credential") == 0)
        return (struct named){&c->n_credentials, LIMIT_CREDENTIALS};
    return (struct named){&c->n_probes, LIMIT_PROBES + 1};
}

static char **name_at(struct config *c, const char *section, unsigned index)
{
    if (strcmp(section, "Keyspace") == 0)
        return &c->keyspaces[index].name;
    if (strcmp(section, "Notify") == 0)
        return &c->notifiers[index].name;
    if (strcmp(section, "LogWatch") == 0)
        return &c->log_watches[index].name;
    if (strcmp(section, "Credential") == 0)
        return &c->credentials[index].name;
    return &c->probes[index].name;
}

int config_build_add(
    struct config_build *b, const char *section, const char *name, unsigned *out_index)
{
    unsigned *n = named_of(b->config, section).n;
    char **at = name_at(b->config, section, *n);
    *at = strdup(name);
    if (!*at)
        return -ENOMEM;
    *out_index = (*n)++;
    int r = config_build_defaults(b, section, *out_index);
    return r == 0 ? set_builtins(b, section, name, *out_index) : r;
}

/* Adds what is built in of `section`, unless there is one of its name. */
static int add_builtins(struct config_build *b, const char *section)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < config_n_builtins; i++) {
        const struct config_builtin *builtin = &config_builtins[i];
        unsigned n = *named_of(b->config, section).n;
        unsigned index = 0;
        if (strcmp(builtin->section, section) != 0)
            continue;
        while (index < n && strcmp(*name_at(b->config, section, index), builtin->name) != 0)
            index++;
        if (index == n && n == named_of(b->config, section).limit) {
            config_report_at(b, NULL,
                "refuse more than %u sections [%s NAME], %s built in among them", n, section,
                builtin->name);
            break;
        }
        if (index == n)
            r = config_build_add(b, section, builtin->name, &index);
    }
    return r;
}

int config_build_builtins(struct config_build *b)
{
    int r = b->config->n_keyspaces == 0 ? add_builtins(b, "Keyspace") : 0;
    return r == 0 ? add_builtins(b, "LogWatch") : r;
}

bool config_is_builtin(const char *section, const char *name)
{
    size_t i = 0;
    while (i < config_n_builtins && !is_builtin(&config_builtins[i], section, name))
        i++;
    return i < config_n_builtins;
}

static void enter_named(struct config_build *b, const struct config_section *s, const char *name)
{
    struct named all = named_of(b->config, s->name);
    bool probe = strcmp(s->name, "Probe") == 0;
    struct err e = {0};
    if (config_check_name(name, &e) < 0) {
        config_report(b, "read name of [%s]: %s", s->name, e.msg);
        return;
    }
    if (probe && strcmp(name, "health") == 0) {
        config_report(b, "refuse [Probe health]: the name is taken by [Health]");
        return;
    }
    for (unsigned i = 0; i < *all.n; i++) {
        if (strcmp(*name_at(b->config, s->name, i), name) == 0) {
            b->section = s;
            b->index = i;
            return;
        }
    }
    if (*all.n == all.limit)
        config_report(b, "refuse [%s %s]: more than %u such sections", s->name, name,
            probe ? all.limit - 1 : all.limit);
    else if (config_build_add(b, s->name, name, &b->index) < 0)
        b->out_of_memory = true;
    else
        b->section = s;
}

void config_build_section(struct config_build *b, const char *header)
{
    char kind[LIMIT_NAME];
    size_t len = strcspn(header, " \t");
    const char *name = header + len + strspn(header + len, " \t");
    b->section = NULL;
    b->index = 0;
    b->skip = false;
    if (len < sizeof kind) {
        memcpy(kind, header, len);
        kind[len] = '\0';
    }
    const struct config_section *s = len < sizeof kind ? config_section_find(kind) : NULL;
    const char *nearest = s || len >= sizeof kind ? NULL : config_section_nearest(kind);
    if (!s)
        config_report(b, "unknown section [%.80s]%s%s%s%s", header,
            nearest ? ", did you mean [" : "", nearest ? nearest : "",
            nearest && config_section_find(nearest)->named ? " NAME" : "", nearest ? "]?" : "");
    else if (s->named && !*name)
        config_report(b, "section [%s] needs a name: [%s NAME]", s->name, s->name);
    else if (!s->named && *name)
        config_report(b, "section [%s] takes no name, but has \"%.80s\"", s->name, name);
    else if (s->named)
        enter_named(b, s, name);
    else
        b->section = s;
    b->skip = !b->section;
}
