/* What is wrong, by events and by looks. */
#include "daemon/incidents/incident_watch.h"

#include "core/incidents/incident.h"
#include "daemon/daemon.h"
#include "daemon/history/history.h"
#include "daemon/incidents/incident_evidence.h"
#include "daemon/incidents/incidents.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/supervisor.h"
#include "io/files/disk_space.h"
#include "io/loop/loop.h"
#include "io/redis/redis_link.h"

#include <stdio.h>
#include <stdlib.h>

#define LOOK_INTERVAL (10 * USEC_PER_SEC)
enum { MIN_INODES = 1000 };

enum feed_kind { FEED_RAISE, FEED_CLEAR, FEED_NOTE, FEED_ADD };

/* What an event says of a condition. How long-lasting ones stand is looked at besides. */
static const struct feed {
    enum event_id event;
    enum feed_kind kind;
    enum condition condition;
} feeds[] = {
    {EVENT_WORKER_CRASH_LOOP, FEED_RAISE, CONDITION_CRASH_LOOP},
    {EVENT_ROLLOUT_BACK, FEED_NOTE, CONDITION_ROLLOUT_WENT_BACK},
    {EVENT_ROLLOUT_ROLLED_BACK, FEED_ADD, CONDITION_ROLLOUT_WENT_BACK},
    {EVENT_ROLLBACK_FAILED, FEED_NOTE, CONDITION_ROLLOUT_WENT_BACK},
    {EVENT_ROLLBACK_COMMAND_FAILED, FEED_NOTE, CONDITION_ROLLOUT_WENT_BACK},
    {EVENT_ROLLOUT_DONE, FEED_CLEAR, CONDITION_ROLLOUT_WENT_BACK},
    {EVENT_ROLLOUT_HELD, FEED_RAISE, CONDITION_ROLLOUT_HELD},
    {EVENT_RESTART_DONE, FEED_CLEAR, CONDITION_RESTART_FAILED},
    {EVENT_CALLERS_CUT, FEED_NOTE, CONDITION_CALLERS_CUT},
    {EVENT_REDIS_DOWN, FEED_RAISE, CONDITION_REDIS_DOWN},
    {EVENT_REDIS_REFUSED, FEED_RAISE, CONDITION_REDIS_REFUSED},
    {EVENT_WORKER_ZOMBIE, FEED_NOTE, CONDITION_WORKER_ZOMBIE},
    {EVENT_WORKER_HUNG, FEED_NOTE, CONDITION_WORKER_HUNG},
    {EVENT_WORKER_UNHEALTHY, FEED_NOTE, CONDITION_WORKER_UNHEALTHY},
    {EVENT_HANDOVER_FALLBACK, FEED_NOTE, CONDITION_HANDOVER_LOST},
    {EVENT_HANDOVER_MISSED, FEED_NOTE, CONDITION_HANDOVER_LOST},
    {EVENT_SWEEP_HELD, FEED_RAISE, CONDITION_SWEEP_HELD},
    {EVENT_SWEEP_FAILED, FEED_NOTE, CONDITION_SWEEP_FAILED},
    {EVENT_BACKUP_FAILED, FEED_NOTE, CONDITION_BACKUP_FAILED},
    {EVENT_SWEEP_DONE, FEED_CLEAR, CONDITION_SWEEP_HELD},
    {EVENT_SWEEP_DONE, FEED_CLEAR, CONDITION_SWEEP_FAILED},
    {EVENT_SWEEP_DONE, FEED_CLEAR, CONDITION_BACKUP_FAILED},
    {EVENT_CONFIG_REFUSED, FEED_RAISE, CONDITION_CONFIG_REFUSED},
    {EVENT_CONFIG_RELOADED, FEED_CLEAR, CONDITION_CONFIG_REFUSED},
};

struct incident_watch {
    struct daemon *daemon;
    struct incident_evidence *evidence;
    struct history_listener listener;
    struct timer *soon;
    struct timer *later;
    usec_t looked_at; /* and whether somebody served then */
    bool served;
    bool looked; /* once, at least */
    /* Since the start, or since the drain before: a worker has served, or failed. */
    bool begun;
};

static void feed(struct incidents *i, const struct feed *f, const char *words)
{
    switch (f->kind) {
    case FEED_RAISE:
        incidents_raise(i, f->condition, "", words);
        return;
    case FEED_CLEAR:
        incidents_clear(i, f->condition, "", words);
        return;
    case FEED_NOTE:
        incidents_note(i, f->condition, "", words);
        return;
    case FEED_ADD:
        incidents_add(i, f->condition, "", words);
        return;
    }
}

/* Where workers overlap it is a rollout that failed, and that went back. */
static void restart_failed(struct incident_watch *w, const char *words)
{
    if (!supervisor_overlaps(w->daemon->supervisor))
        incidents_note(w->daemon->incidents, CONDITION_RESTART_FAILED, "", words);
}

static bool is_failed_start(enum event_id id)
{
    return id == EVENT_WORKER_CRASHED || id == EVENT_WORKER_NOT_VERIFIED ||
           id == EVENT_WORKER_START_FAILED;
}

static void on_event(const struct happening *happening, void *arg)
{
    struct incident_watch *w = arg;
    const char *words = happening->message ? happening->message : event_name(happening->id);
    incident_evidence_happened(w->evidence, happening);
    w->begun = w->begun || is_failed_start(happening->id);
    if (happening->id == EVENT_RESTART_FAILED)
        restart_failed(w, words);
    for (size_t n = 0; n < sizeof feeds / sizeof *feeds; n++) {
        if (feeds[n].event == happening->id)
            feed(w->daemon->incidents, &feeds[n], words);
    }
    incident_watch_look(w);
}

/* Raises or clears. */
static void stands(struct incident_watch *w, enum condition c, bool is_so, const char *words)
{
    if (is_so)
        incidents_raise(w->daemon->incidents, c, "", words);
    else
        incidents_clear(w->daemon->incidents, c, "", words);
}

/* The same of what an event tells with better words, unless that was in another instance. */
static void stands_told(struct incident_watch *w, enum condition c, bool is_so, const char *words)
{
    if (!is_so || !w->looked)
        stands(w, c, is_so, words);
}

/* The time until the first worker is ready is not missed, at the start and after a drain; unless
 * it fails. */
static void look_at_service(struct incident_watch *w, const struct fleet *fleet)
{
    const struct daemon *d = w->daemon;
    char words[128];
    char serving[DAEMON_SERVING_MAX];
    bool open = drainer_state(d->drainer)->state == DRAIN_OPEN;
    bool serves = fleet_answering(fleet) > 0;
    bool served_before = d->ready_told && !w->looked; /* by who served under another instance */
    w->begun = open && (w->begun || serves || served_before);
    bool missed = w->begun && !serves && fleet_wanted(fleet) > 0;
    usec_t now = loop_now();
    if (!w->served)
        incident_evidence_unserved(d->incidents, usec_sub(now, w->looked_at));
    w->looked_at = now;
    w->served = serves || !missed;
    snprintf(words, sizeof words, "%s%s", daemon_serving(d, serving),
        open ? "" : "; the agent is drained on purpose");
    stands(w, CONDITION_NO_WORKER, missed, words);
}

static void look_at_workers(struct incident_watch *w, const struct fleet *fleet)
{
    unsigned looping = 0;
    char words[128];
    for (unsigned n = 0; n < fleet->n_slots; n++)
        looping += fleet->slots[n].restart.looping;
    snprintf(words, sizeof words, "%u of %u worker%s in a crash loop", looping, fleet->n_slots,
        fleet->n_slots == 1 ? " is" : "s are");
    /* That none loops is no cure as long as none serves: it may be the first try of a new instance.
     */
    if (looping > 0)
        stands_told(w, CONDITION_CRASH_LOOP, true, words);
    else if (fleet_serving(fleet) > 0 || fleet_wanted(fleet) == 0)
        stands_told(w, CONDITION_CRASH_LOOP, false, "no worker is in a crash loop any more");
    stands_told(w, CONDITION_ROLLOUT_HELD, fleet->rollout.state == ROLLOUT_HOLD,
        fleet->rollout.state == ROLLOUT_HOLD
            ? "it waits for `voxkeeper rollout promote` or `voxkeeper rollout abort`"
            : "the rollout is not held any more");
    stands(w, CONDITION_PROVIDER_DOWN, fleet->provider_down,
        fleet->provider_down ? "workers say that a provider which they need is down"
                             : "workers reach their providers again");
}

static void look_at_redis(struct incident_watch *w)
{
    const struct redis_link *link = w->daemon->redis;
    enum redis_link_state state = link ? redis_link_state(link) : REDIS_LINK_UP;
    const char *up = link ? "Redis is up" : "no Redis is configured any more";
    switch (state) {
    case REDIS_LINK_DOWN:
    case REDIS_LINK_LOADING:
        stands_told(w, CONDITION_REDIS_DOWN, true, redis_link_why(link));
        return;
    case REDIS_LINK_REFUSED:
        stands_told(w, CONDITION_REDIS_DOWN, false, "Redis answers, but refuses us");
        stands_told(w, CONDITION_REDIS_REFUSED, true, redis_link_why(link));
        return;
    case REDIS_LINK_UP:
        stands_told(w, CONDITION_REDIS_DOWN, false, up);
        stands_told(w, CONDITION_REDIS_REFUSED, false, up);
        return;
    case REDIS_LINK_CONNECTING:
        return;
    }
}

static void look_at_disk(struct incident_watch *w)
{
    const struct config *config = w->daemon->config;
    const char *path = config->admin.state_directory;
    struct err e = {0};
    struct disk_space space;
    struct strbuf words = STRBUF_INIT;
    char size[SPAN_TEXT_MAX];
    if (disk_space_read(path, &space, &e) < 0) /* no such directory: it was told at the start */
        return;
    bool low = space.free_bytes < config->incidents.min_disk_free;
    bool few =
        config->incidents.min_disk_free > 0 && space.has_inodes && space.free_inodes < MIN_INODES;
    if (few && !low)
        strbuf_addf(&words, "%s: %llu more files can be made, less than %d", path,
            (unsigned long long)space.free_inodes, (int)MIN_INODES);
    else
        strbuf_addf(&words, "%s: %llu MiB are free, %s than MinDiskFree=%s", path,
            (unsigned long long)(space.free_bytes >> 20), low ? "less" : "no less",
            size_format(config->incidents.min_disk_free, size));
    stands(w, CONDITION_DISK_LOW, low || few, strbuf_text(&words));
    strbuf_fini(&words);
}

static void look(struct incident_watch *w)
{
    const struct fleet *fleet = supervisor_fleet(w->daemon->supervisor);
    look_at_service(w, fleet);
    look_at_workers(w, fleet);
    look_at_redis(w);
    w->looked = true;
}

static void on_soon(void *arg)
{
    look(arg);
}

static void on_later(void *arg)
{
    struct incident_watch *w = arg;
    look(w);
    look_at_disk(w);
    timer_arm(w->later, usec_add(loop_now(), LOOK_INTERVAL));
}

struct incident_watch *incident_watch_new(struct daemon *d)
{
    struct incident_watch *w = calloc(1, sizeof *w);
    struct incident_evidence *evidence = incident_evidence_new(d);
    if (!w || !evidence) {
        incident_evidence_free(evidence);
        free(w);
        return NULL;
    }
    w->daemon = d;
    w->evidence = evidence;
    w->served = true;
    w->looked_at = loop_now();
    w->listener = (struct history_listener){.on_event = on_event, .arg = w};
    history_listen(d->history, &w->listener);
    w->soon = timer_new(d->loop, on_soon, w);
    w->later = timer_new(d->loop, on_later, w);
    timer_arm(w->later, 0);
    return w;
}

void incident_watch_free(struct incident_watch *w)
{
    if (!w)
        return;
    history_unlisten(w->daemon->history, &w->listener);
    timer_free(w->soon);
    timer_free(w->later);
    incident_evidence_free(w->evidence);
    free(w);
}

void incident_watch_began(struct incident_watch *w, struct incident_record *record)
{
    if (w)
        incident_evidence_began(w->evidence, record);
}

void incident_watch_opened(struct incident_watch *w, struct incident_record *record)
{
    if (w)
        incident_evidence_opened(w->evidence, record);
}

void incident_watch_configure(struct incident_watch *w)
{
    if (w)
        timer_arm(w->later, 0);
}

void incident_watch_look(struct incident_watch *w)
{
    if (w)
        timer_arm(w->soon, 0);
}

void incident_watch_crashed(struct incident_watch *w, const char *words)
{
    if (w)
        incidents_note(w->daemon->incidents, CONDITION_DAEMON_RESTARTED, "", words);
}
