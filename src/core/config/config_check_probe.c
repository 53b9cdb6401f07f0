/* Checks across fields: the probes. */
#include "core/config/config_check.h"

#include "core/fleet/expect.h"

#include <errno.h>
#include <string.h>

/* [Health] is probe 0; the keys of the others belong to [Probe NAME]. */
static const char *section_of(unsigned index)
{
    return index == 0 ? "Health" : "Probe";
}

static const struct config_place *probe_place(
    const struct config_build *b, unsigned index, const char *const keys[])
{
    for (size_t i = 0; keys[i]; i++) {
        const struct config_key *key = config_key_find(section_of(index), keys[i]);
        const struct config_place *place = key ? config_build_place(b, key, index) : NULL;
        if (place)
            return place;
    }
    return NULL;
}

static bool is_expected(
    struct config_build *b, unsigned index, const char *key, const struct expect_spec *spec)
{
    const char *const keys[] = {key, "ExpectJson", NULL};
    struct expect x = {0};
    struct err e = {0};
    int r = expect_init(&x, spec, &e);
    expect_fini(&x);
    if (r == -ENOMEM)
        b->out_of_memory = true;
    else if (r < 0)
        config_report_at(b, probe_place(b, index, keys), "refuse %s= of %s: %s", key,
            b->config->probes[index].name, e.msg);
    return r == 0;
}

/* What the fields speak of. */
static void check_json(struct config_build *b, unsigned index)
{
    const struct config *c = b->config;
    const struct config_probe *p = &c->probes[index];
    static const struct strlist none;
    static const char *const keys[] = {"DependencyJson", NULL};
    struct expect_spec spec = {p->expect_status, &p->expect_json, &p->dependency_json, &none};
    if (!is_expected(b, index, "DependencyJson", &spec))
        return;
    spec.provider = &p->provider_json;
    if (!is_expected(b, index, "ProviderJson", &spec))
        return;
    if (p->dependency_json.n > 0 && !c->redis.url && !config_was_refused(b, "Redis", "Url", 0))
        config_report_at(b, probe_place(b, index, keys),
            "refuse DependencyJson= of %s: the dependency is Redis, and [Redis] has no Url=",
            p->name);
}

static void check_http(struct config_build *b, unsigned index)
{
    const struct config *c = b->config;
    const struct config_probe *p = &c->probes[index];
    static const char *const url[] = {"Url", NULL};
    if (p->url[0] == '/' && c->agent.n_listen == 0)
        config_report_at(b, probe_place(b, index, url),
            "refuse Url=%.80s: a path is asked for on the worker's own address, and [Agent] has no "
            "Listen=",
            p->url);
    if (!config_was_refused(b, section_of(index), "ExpectJson", index))
        check_json(b, index);
}

/* A key that the probe's type never looks at was meant for something else. */
static void check_foreign(struct config_build *b, unsigned index)
{
    static const char *const types[] = {
        [CONFIG_PROBE_HTTP] = "http",
        [CONFIG_PROBE_TCP] = "tcp",
        [CONFIG_PROBE_EXEC] = "exec",
    };
    const struct config_probe *p = &b->config->probes[index];
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        if (strcmp(key->section, "Probe") != 0 || !key->types || key->types & 1U << p->type)
            continue;
        const struct config_place *place = config_build_place(b, key, index);
        unsigned owner = 0;
        while (!(key->types & 1U << owner))
            owner++;
        if (place)
            config_report_at(b, place, "refuse %s= of probe %s: it is for Type=%s, not Type=%s",
                key->name, p->name, types[owner], types[p->type]);
    }
}

static void check_probe(struct config_build *b, unsigned index)
{
    const struct config *c = b->config;
    const struct config_probe *p = &c->probes[index];
    static const char *const any[] = {"Type", "Kind", "Timeout", "ExpectStatus", NULL};
    const struct config_place *place = probe_place(b, index, any);
    if (config_was_refused(b, "Probe", "Type", index))
        return;
    check_foreign(b, index);
    switch (p->type) {
    case CONFIG_PROBE_HTTP:
        if (p->url)
            check_http(b, index);
        else if (!config_was_refused(b, "Probe", "Url", index))
            config_report_at(b, place, "no Url= of probe %s, which is of Type=http", p->name);
        break;
    case CONFIG_PROBE_TCP:
        if (p->address.port == 0 && p->address.path[0] == '\0' && c->agent.n_listen == 0 &&
            !config_was_refused(b, "Probe", "Address", index))
            config_report_at(b, place,
                "no Address= of probe %s, and [Agent] has no Listen= to take it from", p->name);
        break;
    case CONFIG_PROBE_EXEC:
        if (p->command.n == 0 && !config_was_refused(b, "Probe", "Command", index))
            config_report_at(b, place, "no Command= of probe %s, which is of Type=exec", p->name);
        break;
    }
}

void config_check_probes(struct config_build *b)
{
    const struct config *c = b->config;
    static const char *const timeout[] = {"Timeout", NULL};
    bool proves = false;
    for (unsigned i = 0; i < c->n_probes; i++) {
        const struct config_probe *p = &c->probes[i];
        char buf[SPAN_TEXT_MAX];
        if (i == 0 && !p->url) {
            proves = config_was_refused(b, "Health", "Url", 0);
            continue;
        }
        proves = proves || p->kind != CONFIG_KIND_LIVENESS;
        if (i == 0)
            check_http(b, i);
        else
            check_probe(b, i);
        if (p->timeout > c->agent.timeout_start)
            config_report_at(b, probe_place(b, i, timeout),
                "refuse Timeout=%s of probe %s: longer than TimeoutStartSec=",
                span_format(p->timeout, buf), p->name);
    }
    if (!proves)
        config_report_at(b, NULL,
            "no probe: set Url= in [Health] or add a [Probe NAME], else no worker can be verified");
}
