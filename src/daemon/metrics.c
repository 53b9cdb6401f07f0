/* The daemon in Prometheus' text format. */
#include "daemon/metrics.h"

#include "build_config.h"
#include "daemon/daemon.h"
#include "daemon/memory.h"
#include "daemon/supervisor.h"

#include <inttypes.h>
#include <stdio.h>

static void family(struct strbuf *out, const char *name, const char *type, const char *help)
{
    strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* `name="value"`, with the three escapes that the format knows. */
static void label(struct strbuf *out, const char *separator, const char *name, const char *value)
{
    strbuf_addf(out, "%s%s=\"", separator, name);
    for (const char *c = value; *c; c++) {
        if (*c == '\\' || *c == '"')
            strbuf_addc(out, '\\');
        if (*c == '\n')
            strbuf_adds(out, "\\n");
        else
            strbuf_addc(out, *c);
    }
    strbuf_addc(out, '"');
}

static void number_label(
    struct strbuf *out, const char *separator, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    label(out, separator, name, text);
}

static void write_self(const struct daemon *d, struct strbuf *out)
{
    family(out, "voxkeeper_build_info", "gauge", "Version of voxkeeperd.");
    strbuf_adds(out, "voxkeeper_build_info{");
    label(out, "", "version", VOXKEEPER_VERSION);
    strbuf_adds(out, "} 1\n");
    family(out, "voxkeeper_resumes_total", "counter",
        "Instances of voxkeeperd before this one that handed their workers on.");
    strbuf_addf(out, "voxkeeper_resumes_total %" PRIu64 "\n", memory_resumes(d->memory));
}

static void write_states(const struct fleet *fleet, struct strbuf *out)
{
    static const enum worker_state states[] = {
#define X(symbol, name) WORKER_##symbol,
        WORKER_STATES(X)
#undef X
    };
    family(out, "voxkeeper_workers_wanted", "gauge", "Workers that shall serve.");
    strbuf_addf(out, "voxkeeper_workers_wanted %u\n", fleet_wanted(fleet));
    family(out, "voxkeeper_workers", "gauge", "Workers by state.");
    for (size_t s = 0; s < sizeof states / sizeof *states; s++) {
        unsigned n = 0;
        for (unsigned i = 0; states[s] != WORKER_GONE && i < fleet->n_slots; i++)
            n += fleet->slots[i].worker.state == states[s];
        if (states[s] == WORKER_GONE)
            continue;
        strbuf_adds(out, "voxkeeper_workers{");
        label(out, "", "state", worker_state_name(states[s]));
        strbuf_addf(out, "} %u\n", n);
    }
}

static void write_workers(
    const struct supervisor *supervisor, const struct fleet *fleet, struct strbuf *out)
{
    family(out, "voxkeeper_worker_info", "gauge", "Generation and release of each worker.");
    for (unsigned i = 0; i < fleet->n_slots; i++) {
        const struct fleet_slot *slot = &fleet->slots[i];
        if (slot->worker.state == WORKER_GONE)
            continue;
        strbuf_adds(out, "voxkeeper_worker_info{");
        number_label(out, "", "worker", i + 1);
        number_label(out, ",", "generation", slot->generation);
        label(out, ",", "release", slot_release(supervisor_slot(supervisor, i)));
        strbuf_adds(out, "} 1\n");
    }
}

static void write_rollout(const struct daemon *d, const struct fleet *fleet, struct strbuf *out)
{
    const struct rollout_record *r = &d->rollout;
    if (r->to == 0)
        return;
    family(out, "voxkeeper_rollout_info", "gauge", "The rollout under way, or the last one.");
    strbuf_adds(out, "voxkeeper_rollout_info{");
    label(out, "", "state", rollout_state_name(fleet->rollout.state));
    number_label(out, ",", "generation", r->to);
    label(out, ",", "release", r->release_to);
    number_label(out, ",", "generation_from", r->from);
    label(out, ",", "release_from", r->release_from);
    strbuf_adds(out, "} 1\n");
}

void metrics_write(const struct daemon *d, struct strbuf *out)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    write_self(d, out);
    write_states(fleet, out);
    write_workers(d->supervisor, fleet, out);
    write_rollout(d, fleet, out);
}
