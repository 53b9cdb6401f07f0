/* A supervisor of little processes, probed at a server of the test's own, and what it told. */
#pragma once

#include "canned.h"
#include "config_text.h"
#include "daemon/workers/connections.h"
#include "daemon/workers/front.h"
#include "daemon/workers/supervisor.h"
#include "io/child/child.h"
#include "io/http/http_client.h"
#include "lib/scratch.h"
#include "lib/witness.h"
#include "offspring.h"

#define FLEET_RIG_OK "HTTP/1.0 200 OK\r\n\r\nfine"

struct fleet_rig {
    struct pump pump;
    struct http_client *client;
    struct canned health;
    struct scratch scratch;
    struct config *config;
    struct front *front;
    struct connections *connections;
    struct supervisor *supervisor;
    struct strbuf told; /* "VERIFIED 1\n" .. */
    void (*on_told)(struct fleet_rig *r, const struct fleet_action *told);
    const char *wanted;
};

/* A configuration with `more` at its end, in force from the next supervisor_configure() on. */
static inline struct config *fleet_rig_config(
    const struct fleet_rig *r, const char *exec_start, const char *more)
{
    char text[2048];
    snprintf(text, sizeof text,
        "[Agent]\nExecStart=%s\nTimeoutStopSec=10s\nTimeoutAbortSec=10s\n"
        "[Health]\nUrl=%s\nTimeout=20s\nRise=1\nFall=2\nInterval=100ms\nStartInterval=10ms\n"
        "FastInterval=10ms\n"
        "[Restart]\nDelay=10ms\nMaxDelay=20ms\nLoopAfter=3\n"
        "[Drain]\nLinger=0\nCountInterval=100ms\nWaitFor=\n"
        "[Admin]\nListen=\nStateDirectory=%s\nControlSocket=%s/s\n%s",
        exec_start, r->health.url, r->scratch.dir, r->scratch.dir, more);
    return config_must(text);
}

static inline void fleet_rig_on_told(const struct fleet_action *told, void *arg)
{
    struct fleet_rig *r = arg;
    strbuf_addf(&r->told, "%s %u", fleet_action_name(told->type) + strlen("TELL_"), told->slot + 1);
    if (told->type == FLEET_DO_TELL_ENDED || told->type == FLEET_DO_TELL_RESTART_FAILED)
        strbuf_addf(&r->told, " %s", worker_cause_name(told->cause));
    if (told->type == FLEET_DO_TELL_VERDICT)
        strbuf_addf(&r->told, " %s", prober_verdict_name(told->verdict));
    strbuf_addc(&r->told, '\n');
    if (r->on_told)
        r->on_told(r, told);
}

static inline void fleet_rig_init(struct fleet_rig *r, const char *exec_start, const char *more)
{
    struct err e;
    *r = (struct fleet_rig){.health = {.answer = FLEET_RIG_OK}};
    witness_begin();
    scratch_init(&r->scratch);
    canned_start(&r->health);
    r->config = fleet_rig_config(r, exec_start, more);
    pump_init(&r->pump);
    assert_int_equal(child_become_subreaper(r->pump.loop, &e), 0);
    r->client = http_client_new(r->pump.loop, &e);
    assert_non_null(r->client);
    r->front = front_new(r->config, (struct front_sources){0}, "", &e);
    assert_non_null(r->front);
    r->connections = connections_new(r->pump.loop, r->client, r->config);
    assert_non_null(r->connections);
    r->supervisor = supervisor_new(&(struct supervisor_spec){.loop = r->pump.loop,
        .http = r->client,
        .connections = r->connections,
        .front = r->front,
        .config = r->config,
        .on_told = fleet_rig_on_told,
        .arg = r});
    assert_non_null(r->supervisor);
}

static inline bool fleet_rig_heard(void *arg)
{
    struct fleet_rig *r = arg;
    return strstr(strbuf_text(&r->told), r->wanted) != NULL;
}

/* Waits until this part of the story was told, and forgets what came up to there. */
static inline void fleet_rig_wait(struct fleet_rig *r, const char *part)
{
    r->wanted = part;
    if (!pump_try(&r->pump, fleet_rig_heard, r, 20 * USEC_PER_SEC))
        fail_msg("\"%s\" was not told, but\n%s", part, strbuf_text(&r->told));
    size_t used = (size_t)(strstr(strbuf_text(&r->told), part) - strbuf_text(&r->told));
    used += strlen(part);
    char *rest = strdup(strbuf_text(&r->told) + used);
    strbuf_reset(&r->told);
    strbuf_adds(&r->told, rest);
    free(rest);
}

static inline void fleet_rig_stop(struct fleet_rig *r)
{
    supervisor_stop(r->supervisor);
    fleet_rig_wait(r, "ALL_GONE 1\n");
}

static inline void fleet_rig_fini(struct fleet_rig *r)
{
    supervisor_free(r->supervisor);
    connections_free(r->connections);
    front_free(r->front);
    http_client_free(r->client);
    pump_until(&r->pump, offspring_gone, NULL);
    pump_fini(&r->pump);
    config_free(r->config);
    canned_stop(&r->health);
    scratch_fini(&r->scratch);
    strbuf_fini(&r->told);
    witness_end();
}
