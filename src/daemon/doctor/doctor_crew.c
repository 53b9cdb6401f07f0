/* What the daemon knows of its workers, for the doctor. */
#include "daemon/doctor/doctor_parts.h"

#include "base/strbuf.h"
#include "daemon/daemon.h"
#include "daemon/doctor/doctor_watch.h"
#include "daemon/history/history.h"
#include "daemon/logs/log_ring.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/supervisor.h"
#include "io/redis/redis_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAR (3 * USEC_PER_SEC)
/* One that was started a moment ago is about to listen, and to connect to Redis. */
#define YOUNG (10 * USEC_PER_SEC)
#define LATELY USEC_PER_HOUR

static void ask_worker(struct doctor *d, struct doctor_worker *w, const struct endpoint *at)
{
    static const char *const paths[] = {"/health", "/config", "/config/health"};
    struct doctor_http *const outs[] = {&w->health, &w->config, &w->config_health};
    char text[ENDPOINT_TEXT_MAX];
    char url[ENDPOINT_TEXT_MAX + 48];
    endpoint_text(at, text);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        /* Each question to /config/health leaves a connection behind where Redis is away. */
        if (i == 2 && d->spec.daemon->redis &&
            redis_link_state(d->spec.daemon->redis) != REDIS_LINK_UP)
            continue;
        snprintf(url, sizeof url, "http://%s%s", text, paths[i]);
        const struct doctor_question q = {.url = url, .timeout = NEAR};
        doctor_ask(d, &q, outs[i]);
    }
}

/* How the latest life that ended in this slot did. */
static void last_end(const struct history *h, unsigned slot, char *out, size_t size)
{
    char number[16];
    snprintf(number, sizeof number, "%u", slot + 1);
    for (const struct happening *e = history_after(h, 0); e; e = history_after(h, e->seq)) {
        const char *worker = happening_field(e, "VOXKEEPER_WORKER");
        bool ended = e->id == EVENT_WORKER_CRASHED || e->id == EVENT_WORKER_EXITED ||
                     e->id == EVENT_WORKER_START_FAILED;
        if (ended && worker && strcmp(worker, number) == 0)
            snprintf(out, size, "%s", e->message);
    }
}

static void add_worker(struct doctor *d, unsigned index)
{
    const struct daemon *daemon = d->spec.daemon;
    const struct fleet_slot *state = &supervisor_fleet(daemon->supervisor)->slots[index];
    const struct slot *slot = supervisor_slot(daemon->supervisor, index);
    struct doctor_worker *w = &d->agent.workers[d->agent.n_workers++];
    snprintf(w->name, sizeof w->name, "worker %u", index + 1);
    w->loops = state->restart.looping;
    last_end(daemon->history, index, w->last, sizeof w->last);
    if (!state->worker.alive || !slot)
        return;
    w->pid = slot_pid(slot);
    w->verified = state->worker.verified_at > 0;
    doctor_watch_growth(daemon->doctor_watch, index, slot_life(slot), w);
    w->leaving = state->worker.state == WORKER_STOPPING || state->worker.state == WORKER_KILLED;
    w->young =
        !w->leaving && !w->verified && usec_sub(loop_now(), state->worker.started_at) < YOUNG;
    const struct endpoint *at = slot_address(slot, daemon->config);
    if (!at || at->family == ENDPOINT_UNIX || w->young || w->leaving)
        return;
    w->expected = at->port;
    ask_worker(d, w, at);
}

static void add_cause(struct doctor_agent *a, const char *name)
{
    for (unsigned i = 0; i < a->n_exits; i++) {
        if (strcmp(a->exits[i].name, name) == 0) {
            a->exits[i].n++;
            return;
        }
    }
    if (a->n_exits == DOCTOR_CAUSES_MAX)
        return;
    snprintf(a->exits[a->n_exits].name, DOCTOR_CAUSE_MAX, "%s", name);
    a->exits[a->n_exits++].n = 1;
}

/* What ended because somebody asked for it is no cause for concern. */
static void add_exits(struct doctor *d)
{
    const struct history *h = d->spec.daemon->history;
    usec_t since = usec_sub(loop_wall_now(), LATELY);
    for (const struct happening *e = history_after(h, 0); e; e = history_after(h, e->seq)) {
        const char *cause = happening_field(e, "VOXKEEPER_CAUSE");
        bool ended = e->id == EVENT_WORKER_CRASHED || e->id == EVENT_WORKER_EXITED;
        if (e->wall < since || !ended || !cause)
            continue;
        if (strcmp(cause, worker_cause_name(WORKER_CAUSE_STOP)) != 0 &&
            strcmp(cause, worker_cause_name(WORKER_CAUSE_RESTART)) != 0 &&
            strcmp(cause, worker_cause_name(WORKER_CAUSE_LEFT)) != 0)
            add_cause(&d->agent, cause);
    }
}

/* The real agent's words when it refuses a webhook for its secret. */
static void add_secrets(struct doctor *d)
{
    static const char words[] = "Invalid webhook secret";
    const struct log_ring_query query = {
        .since = usec_sub(loop_wall_now(), LATELY), .limit = UINT64_MAX};
    struct strbuf lines = STRBUF_INIT;
    log_ring_write(d->spec.daemon->log_ring, &query, &lines);
    for (const char *at = strstr(strbuf_text(&lines), words); at;
         at = strstr(at + sizeof words - 1, words)) {
        d->webhook.secrets_refused++;
        snprintf(d->webhook.secret_line, sizeof d->webhook.secret_line, "%s", words);
    }
    strbuf_fini(&lines);
}

void doctor_crew(struct doctor *d)
{
    const struct daemon *daemon = d->spec.daemon;
    const struct fleet *fleet = supervisor_fleet(daemon->supervisor);
    d->agent.supervised = true;
    d->agent.drained = drainer_state(daemon->drainer)->state != DRAIN_OPEN;
    d->agent.wanted = fleet_wanted(fleet);
    for (unsigned i = 0; i < fleet->n_slots; i++) {
        if (fleet->slots[i].wanted || fleet->slots[i].worker.alive)
            add_worker(d, i);
    }
    unsigned young = 0, grown = 0;
    for (unsigned i = 0; i < d->agent.n_workers; i++) {
        young += d->agent.workers[i].young;
        grown += d->agent.workers[i].pid != 0 && !d->agent.workers[i].young;
    }
    d->agent.starting = young > 0 && grown == 0;
    add_exits(d);
    add_secrets(d);
}
