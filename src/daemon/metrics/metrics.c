/* The daemon as Prometheus reads it. */
#include "daemon/metrics/metrics.h"

#include "build_config.h"
#include "build_revision.h"
#include "daemon/daemon_parts.h"
#include "daemon/metrics/metrics_parts.h"
#include "daemon/succession/memory.h"

#include <inttypes.h>
#include <stdio.h>

struct metric_number metric_number(uint64_t value)
{
    struct metric_number n;
    snprintf(n.text, sizeof n.text, "%" PRIu64, value);
    return n;
}

void metrics_counts(struct exposition *x, enum metric_family family, const char *const *names,
    const uint64_t *counts, unsigned n)
{
    exposition_family(x, family);
    for (unsigned i = 0; i < n; i++)
        exposition_count(x, METRIC_LABELS(names[i]), counts[i]);
}

static void write_self(const struct daemon *d, struct exposition *x)
{
    char why[256];
    exposition_family(x, METRIC_BUILD_INFO);
    exposition_count(x, METRIC_LABELS(VOXKEEPER_VERSION, VOXKEEPER_REVISION), 1);
    exposition_one_count(x, METRIC_READY, daemon_is_ready(d, why, sizeof why));
    exposition_one_count(x, METRIC_RESUMES, memory_resumes(d->memory));
}

void metrics_write(struct daemon *d, enum exposition_format format, struct strbuf *out)
{
    struct exposition x;
    daemon_meter_gap(d); /* what grows, has grown until now */
    exposition_begin(&x, format, out);
    write_self(d, &x);
    metrics_write_workers(d, &x);
    metrics_write_service(d, &x);
    metrics_write_redis(d, &x);
    metrics_write_told(d, &x);
    metrics_write_credentials(d, &x);
    metrics_write_process(d, &x);
    exposition_end(&x);
}
