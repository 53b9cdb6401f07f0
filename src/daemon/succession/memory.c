/* What this instance remembers for the next one. */
#include "daemon/succession/memory.h"

#include "base/log.h"
#include "build_config.h"
#include "daemon/daemon.h"
#include "daemon/heal/healer.h"
#include "daemon/verbs/operation.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/front.h"
#include "daemon/workers/supervisor.h"
#include "io/boot.h"
#include "io/keep/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DOCUMENT "state"

/* The text of a configuration that stays the same for long. */
struct remembered_text {
    const struct config *of;
    usec_t loaded_wall; /* another configuration may come to lie where one was */
    struct strbuf text;
};

struct memory {
    struct keep *keep;
    struct former *former;
    int document;
    uint64_t lineage;
    uint64_t resumes;
    bool complained; /* that it cannot be written; once is enough */
    struct remembered_text config;
    struct remembered_text previous;
    struct saved saved;
    struct strbuf text;
};

/* A state that nobody can read helps nobody: what it stood for is let go. */
static void read_former(struct memory *m)
{
    struct err e = {0};
    int r = m->document < 0 ? -ENODATA : former_read(m->document, &m->former, &e);
    if (r == 0 || r == -ENODATA)
        return;
    log_printf(LOG_LEVEL_ERR, "%s; its workers are not known and are let go", e.msg);
    keep_prune(m->keep);
}

void memory_begin(struct memory *m)
{
    struct err e = {0};
    if (m->document >= 0)
        return;
    m->document = snapshot_new(&e);
    if (m->document < 0 || keep_add(m->keep, DOCUMENT, m->document, &e) < 0)
        log_printf(LOG_LEVEL_WARNING, "%s; workers would not outlive voxkeeperd", e.msg);
}

struct memory *memory_open(
    struct loop *l, struct inherited *inherited, const char *keeper_socket, struct err *e)
{
    struct memory *m = calloc(1, sizeof *m);
    if (!m) {
        err_sys(e, -ENOMEM, "opening what outlives us");
        return NULL;
    }
    m->document = -1;
    m->keep = keep_open(l, inherited, keeper_socket, e);
    if (!m->keep) {
        memory_free(m);
        return NULL;
    }
    m->document = keep_take(m->keep, DOCUMENT);
    read_former(m);
    m->lineage = m->former ? m->former->saved.started_wall : loop_wall_now();
    m->resumes = m->former ? m->former->saved.resumes + 1 : 0;
    return m;
}

struct former *memory_former(const struct memory *m)
{
    return m->former;
}

struct keep *memory_keep(const struct memory *m)
{
    return m->keep;
}

int memory_document(const struct memory *m)
{
    return m->document;
}

uint64_t memory_lineage(const struct memory *m)
{
    return m->lineage;
}

uint64_t memory_resumes(const struct memory *m)
{
    return m->resumes;
}

/* Borrowed until the next call for the same place. */
static char *text_of(struct remembered_text *known, const struct config *config, usec_t loaded_wall)
{
    if (known->of != config || known->loaded_wall != loaded_wall) {
        strbuf_reset(&known->text);
        if (config)
            config_write(config, CONFIG_SECRETS_REVEAL, &known->text);
        known->of = config;
        known->loaded_wall = loaded_wall;
    }
    return config ? known->text.data : NULL;
}

static void collect(struct memory *m, const struct daemon *d)
{
    struct saved *s = &m->saved;
    *s = (struct saved){
        .saved_at = loop_now(),
        .started_wall = m->lineage,
        .resumes = m->resumes,
        .ready_told = d->ready_told,
        .operations = operations_latest(d->operations),
        .restart_op = d->restart_op,
        .reload_op = d->reload.op,
        .reload_accepted = d->reload.accepted,
        .reload_rolling_back = d->reload.rolling_back,
        .reload_failed = d->reload.failed,
        .newest_op = d->newest_op,
        .upgrade_op = d->upgrade_op,
        .left = d->end != DAEMON_STOPPED,
        .drain = *drainer_state(d->drainer),
        .config = text_of(&m->config, d->config, d->config_loaded_wall),
        .previous = text_of(&m->previous, d->reload.previous, d->config_loaded_wall),
    };
    boot_id(s->boot_id);
    snprintf(s->fallback, sizeof s->fallback, "%s", front_why(d->front));
    snprintf(s->daemon_version, sizeof s->daemon_version, "%s", VOXKEEPER_VERSION);
    const struct operation *upgrade = operation_find(d->operations, d->upgrade_op);
    snprintf(s->upgrade_author, sizeof s->upgrade_author, "%s",
        upgrade ? operation_author(upgrade) : "");
    snprintf(s->upgrade_reason, sizeof s->upgrade_reason, "%s",
        upgrade ? operation_reason(upgrade) : "");
    supervisor_save(d->supervisor, s);
    rollout_record_save(&d->rollout, &s->rollout);
    healer_save(d->healer, s);
}

void memory_save(struct memory *m, const struct daemon *d)
{
    struct err e = {0};
    if (m->document < 0)
        return;
    collect(m, d);
    strbuf_reset(&m->text);
    saved_write(&m->saved, &m->text);
    int r = m->text.failed ? err_sys(&e, -ENOMEM, "saving the state")
                           : snapshot_write(m->document, m->text.data, m->text.len, &e);
    if (r < 0 && !m->complained)
        log_printf(LOG_LEVEL_ERR, "%s; the next instance would not know of what follows", e.msg);
    m->complained = r < 0;
}

void memory_end(struct memory *m)
{
    keep_end(m->keep);
}

void memory_free(struct memory *m)
{
    if (!m)
        return;
    keep_free(m->keep);
    former_free(m->former);
    if (m->document >= 0)
        close(m->document);
    strbuf_fini(&m->config.text);
    strbuf_fini(&m->previous.text);
    strbuf_fini(&m->text);
    free(m);
}
