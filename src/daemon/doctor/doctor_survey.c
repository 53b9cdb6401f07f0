/*
 * Processes and machine, looked at on a thread: /proc of a process that dies, a disk that hangs and
 * the service manager may all keep whoever asks them. What is asked for is copied before.
 */
#include "daemon/doctor/doctor_parts.h"

#include "io/child/procinfo.h"
#include "io/loop/job.h"
#include "io/machine.h"
#include "io/manager.h"
#include "io/oom_kills.h"
#include "io/sockets/proc_listen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct survey_process {
    int pid;
    bool ports_known;
    uint16_t ports[DOCTOR_PORTS_MAX];
    unsigned n_ports;
    uint64_t fds, max_fds;
};

struct doctor_survey {
    struct doctor *doctor; /* NULL: nobody waits for it any more */
    bool is_daemon;
    struct survey_process processes[LIMIT_WORKERS];
    unsigned n;
    struct doctor_host host;
};

static void look_at_process(struct survey_process *p)
{
    struct procinfo info;
    p->ports_known = proc_listen_ports(p->pid, p->ports, DOCTOR_PORTS_MAX, &p->n_ports) == 0;
    p->max_fds = proc_listen_max_files(p->pid);
    if (procinfo_read(p->pid, &info) == 0)
        p->fds = info.descriptors;
}

static void look_at_disk(struct doctor_disk *d)
{
    struct machine_disk m;
    d->known = machine_disk(d->path, &m) == 0;
    if (!d->known)
        return;
    d->bytes = m.bytes;
    d->free_bytes = m.free_bytes;
    d->inodes = m.inodes;
    d->free_inodes = m.free_inodes;
}

static void look_at_clock(struct doctor_host *h)
{
    uint64_t error = 0;
    h->sync_known = machine_clock(&h->synced, &error) == 0;
    /* A sandbox may keep the kernel's answer from us. */
    struct err e = {0};
    if (!h->sync_known)
        h->sync_known = manager_clock_synced(&h->synced, &e) == 0;
    snprintf(h->sync_text, sizeof h->sync_text,
        "the kernel says that it is not synchronized; it may be wrong by %" PRIu64 " ms",
        error / 1000);
}

static void look_at_unit(struct doctor_host *h)
{
    struct own_unit unit;
    struct err e = {0};
    if (manager_own_unit(&unit, &e) < 0)
        return;
    snprintf(h->unit, sizeof h->unit, "%.127s", unit.name);
    h->unit_known = manager_needs_reload(unit.name, &h->unit_changed, &e) == 0;
}

static void work(void *arg)
{
    struct doctor_survey *s = arg;
    struct doctor_host *h = &s->host;
    struct procinfo own;
    for (unsigned i = 0; i < s->n; i++)
        look_at_process(&s->processes[i]);
    for (unsigned i = 0; i < h->n_disks; i++)
        look_at_disk(&h->disks[i]);
    (void)machine_memory(&h->memory, &h->memory_available);
    h->pressure_known = machine_memory_pressure(&h->pressure) == 0;
    (void)machine_files(&h->machine_fds, &h->machine_max_fds);
    if (s->is_daemon && procinfo_read(getpid(), &own) == 0) {
        h->fds = own.descriptors;
        h->max_fds = proc_listen_max_files(getpid());
    }
    if (s->is_daemon) {
        h->program_changed = machine_program_changed(h->program, sizeof h->program);
        h->oom_known = oom_kills_read(h->oom_file, &h->oom_kills) == 0;
        look_at_unit(h);
    }
    look_at_clock(h);
}

static void take(struct doctor *d, const struct doctor_survey *s)
{
    uint64_t suppressed = d->host.suppressed;
    d->host = s->host;
    d->host.suppressed = suppressed;
    for (unsigned i = 0; i < s->n; i++) {
        const struct survey_process *p = &s->processes[i];
        struct doctor_worker *w = &d->agent.workers[i];
        w->ports_known = p->ports_known;
        w->n_ports = p->n_ports;
        memcpy(w->ports, p->ports, sizeof w->ports);
        w->fds = p->fds;
        w->max_fds = p->max_fds;
    }
}

static void on_done(void *arg)
{
    struct doctor_survey *s = arg;
    struct doctor *d = s->doctor;
    if (d) {
        take(d, s);
        d->survey = NULL;
        doctor_part_done(d);
    }
    free(s);
}

struct doctor_survey *doctor_survey_new(struct doctor *d)
{
    const struct config *c = d->spec.config;
    const char *const paths[] = {c->admin.state_directory, "/", "/tmp", "/var/log"};
    struct doctor_survey *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->doctor = d;
    s->is_daemon = d->spec.daemon != NULL;
    s->host.min_disk_free = c->incidents.min_disk_free;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        snprintf(s->host.disks[s->host.n_disks++].path, sizeof s->host.disks->path, "%s", paths[i]);
    for (; s->n < d->agent.n_workers; s->n++)
        s->processes[s->n].pid = d->agent.workers[s->n].pid;
    d->waiting++;
    job_run(d->spec.loop, work, on_done, s);
    return s;
}

void doctor_survey_leave(struct doctor_survey *s)
{
    if (s)
        s->doctor = NULL;
}
