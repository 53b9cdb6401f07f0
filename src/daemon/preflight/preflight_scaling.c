/* What the checklist's item about scaling looks at: the configuration, the workers, the machine. */
#include "daemon/preflight/preflight_parts.h"

#include "core/preflight/preflight_scale.h"
#include "daemon/daemon.h"
#include "daemon/workers/supervisor.h"
#include "io/child/procinfo.h"
#include "io/machine.h"
#include "io/sockets/proc_listen.h"

#include <time.h>

static void measure_workers(const struct daemon *d, struct preflight_scale *s)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    for (unsigned i = 0; i < fleet->n_slots; i++) {
        struct procinfo process;
        const struct slot *slot = supervisor_slot(d->supervisor, i);
        pid_t pid = slot && fleet->slots[i].worker.alive ? slot_pid(slot) : 0;
        if (pid <= 0 || procinfo_read(pid, &process) < 0)
            continue;
        if (process.resident_bytes > s->largest_worker)
            s->largest_worker = process.resident_bytes;
        if (process.descriptors > s->worker_fds)
            s->worker_fds = process.descriptors;
        uint64_t max = proc_listen_max_files(pid);
        if (max > 0 && (s->worker_fds_max == 0 || max < s->worker_fds_max))
            s->worker_fds_max = max;
    }
}

static void look_at_clock(struct preflight_scale *s)
{
    time_t now = (time_t)(loop_wall_now() / USEC_PER_SEC);
    struct tm tm;
    if (!localtime_r(&now, &tm))
        return;
    s->day = (unsigned)(tm.tm_wday + PEAK_DAYS - 1) % PEAK_DAYS;
    s->hour = (unsigned)tm.tm_hour % PEAK_HOURS;
}

/* What somebody wishes for counts as long as Workers= stays what it was then. */
static const struct saved_wish *wish_for(const struct preflight_run *run)
{
    const struct saved_wish *wish = supervisor_wish(run->spec.daemon->supervisor);
    bool counts = wish->workers > 0 && wish->configured == run->spec.config->agent.workers;
    return counts && wish->workers != wish->configured ? wish : NULL;
}

void preflight_begin_scaling(struct preflight_run *run)
{
    const struct config *config = run->spec.config;
    const struct config_preflight *conf = &config->preflight;
    const struct config_agent *agent = &config->agent;
    bool in_place = agent->handover != HANDOVER_PRELOAD && !agent->listen_private;
    const struct saved_wish *wish = wish_for(run);
    unsigned workers = wish ? wish->workers : agent->workers;
    struct preflight_scale s = {.workers = workers,
        .configured = agent->workers,
        .scaled_by = wish ? wish->author : NULL,
        .standby = agent->standby,
        .surge = in_place ? 0 : rollout_surge(&config->rollout, workers),
        .in_place = in_place,
        .min_workers = conf->min_workers,
        .max_workers = conf->max_workers,
        .per_worker = conf->sessions_per_worker,
        .up_at = conf->scale_up_at,
        .down_at = conf->scale_down_at,
        .peaks = &conf->expected_peak,
        .worker_memory = conf->worker_memory,
        .fds_per_session = conf->descriptors_per_session};
    measure_workers(run->spec.daemon, &s);
    look_at_clock(&s);
    (void)machine_room(&s.memory_total, &s.memory_free);
    (void)machine_files(&s.files_open, &s.files_max);
    preflight_scale(&s, &run->list);
    for (int c = 0; c < PREFLIGHT_CHECK_COUNT; c++) {
        if (preflight_check_item((enum preflight_check)c) == PREFLIGHT_ITEM_SCALING)
            preflight_over(run, (enum preflight_check)c);
    }
}
