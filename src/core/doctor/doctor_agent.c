/* Judging the workers. */
#include "core/doctor/doctor_agent.h"

#include "core/doctor/doctor.h"
#include "core/fleet/expect_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A leak is told from a heap that fills once. */
#define GROWTH_LEAST (UINT64_C(32) << 20)
#define GROWTH_WATCH (20 * USEC_PER_SEC)

bool doctor_member(const char *body, const char *path, char *out, unsigned size)
{
    const char *fault = NULL;
    char name[64];
    cJSON *root = expect_json_parse(body, strlen(body), &fault);
    const cJSON *at = root;
    while (at && *path) {
        size_t len = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)len, path);
        at = cJSON_GetObjectItemCaseSensitive(at, name);
        path += len + (path[len] == '.');
    }
    bool found = at && (cJSON_IsString(at) || cJSON_IsBool(at));
    if (found)
        snprintf(out, size, "%s",
            cJSON_IsString(at) ? at->valuestring
            : cJSON_IsTrue(at) ? "true"
                               : "false");
    cJSON_Delete(root);
    return found;
}

static bool member_is(const char *body, const char *path, const char *value)
{
    char text[256];
    return doctor_member(body, path, text, sizeof text) && strcmp(text, value) == 0;
}

static bool listens_on(const struct doctor_worker *w, uint16_t port)
{
    for (unsigned i = 0; i < w->n_ports; i++) {
        if (w->ports[i] == port)
            return true;
    }
    return false;
}

/* Returns whether it can be asked at all. */
static bool judge_listener(const struct doctor_worker *w, struct doctor_report *r)
{
    char ports[128] = "";
    if (!w->ports_known || w->expected == 0 || listens_on(w, w->expected))
        return true;
    for (unsigned i = 0; i < w->n_ports && strlen(ports) < sizeof ports - 8; i++)
        snprintf(ports + strlen(ports), sizeof ports - strlen(ports), "%s%u", i ? ", " : "",
            w->ports[i]);
    if (w->n_ports > 0) {
        doctor_add(r, DOCTOR_AGENT_WRONG_PORT, w->name, "pid %d listens on %s and not on %u",
            w->pid, ports, w->expected);
        doctor_fix(
            r, "voxkeeper reload  # once PORT=%u is in Environment= of [Agent]", w->expected);
    } else
        doctor_add(r, DOCTOR_AGENT_NOT_LISTENING, w->name,
            "pid %d lives and has no listening socket; port %u was expected", w->pid, w->expected);
    return false;
}

/* /health asks Redis before it answers, /config asks nobody: the event loop does not stand still.
 */
static bool waits_for_redis(const struct doctor_agent *f, const struct doctor_worker *w)
{
    return !f->redis_serves && w->config.asked && w->config.reply == DOCTOR_ANSWERED;
}

/* /health tells of the connection that it has, /config/health of a new one. */
static void judge_redis(
    const struct doctor_agent *f, const struct doctor_worker *w, struct doctor_report *r)
{
    char old[64] = "";
    char new[64] = "";
    const struct doctor_http *fresh = &w->config_health;
    bool told = doctor_member(w->health.body, "redis", old, sizeof old);
    bool asked = fresh->asked && fresh->reply == DOCTOR_ANSWERED &&
                 doctor_member(fresh->body, "dependencies.redis", new, sizeof new);
    bool cut = asked && strcmp(new, "connected") != 0;
    if (!told || !f->redis_serves || (strcmp(old, "connected") == 0 && !cut))
        return;
    doctor_add(r, cut ? DOCTOR_AGENT_NO_REDIS : DOCTOR_AGENT_ZOMBIE, w->name,
        "pid %d says redis is \"%s\" (/health), and we reach it; /config/health says \"%s\"",
        w->pid, old, asked ? new : "nothing");
}

static void judge_health(
    const struct doctor_agent *f, const struct doctor_worker *w, struct doctor_report *r)
{
    char text[DOCTOR_HTTP_TEXT_MAX];
    const struct doctor_http *h = &w->health;
    if (!h->asked)
        return;
    if (h->reply == DOCTOR_TIMED_OUT && waits_for_redis(f, w)) {
        doctor_add(r, DOCTOR_AGENT_SLOW, w->name, "pid %d answers /config, but %s", w->pid,
            doctor_http_text(h, text));
        return;
    }
    if (h->reply != DOCTOR_ANSWERED) {
        bool silent = h->reply == DOCTOR_TIMED_OUT;
        doctor_add(r, silent ? DOCTOR_AGENT_HANGS : DOCTOR_AGENT_UNHEALTHY, w->name, "pid %d, %s",
            w->pid, doctor_http_text(h, text));
        return;
    }
    if (h->status != 200 || !member_is(h->body, "status", "ok")) {
        doctor_add(
            r, DOCTOR_AGENT_UNHEALTHY, w->name, "pid %d, %s", w->pid, doctor_http_text(h, text));
        return;
    }
    judge_redis(f, w, r);
    if (f->slow > 0 && h->took > f->slow) {
        char took[SPAN_TEXT_MAX];
        doctor_add(r, DOCTOR_AGENT_SLOW, w->name, "pid %d: /health took %s", w->pid,
            span_show(h->took, took));
    }
}

static void judge_config(const struct doctor_worker *w, struct doctor_report *r)
{
    const struct doctor_http *h = &w->config;
    if (!h->asked || h->reply != DOCTOR_ANSWERED)
        return;
    if (h->status == 503)
        doctor_add(r, DOCTOR_AGENT_DISABLED, w->name, "%s: status 503", h->url);
    else if (member_is(h->body, "config.hasApiKey", "false"))
        doctor_add(r, DOCTOR_AGENT_NO_KEY, w->name, "%s: hasApiKey is false", h->url);
}

static void judge_process(const struct doctor_worker *w, struct doctor_report *r)
{
    char span[SPAN_TEXT_MAX];
    if (w->max_fds > 0 && w->fds >= w->max_fds / 10 * 8)
        doctor_add(r, DOCTOR_AGENT_FDS, w->name, "pid %d has %" PRIu64 " of %" PRIu64, w->pid,
            w->fds, w->max_fds);
    if (w->watched >= GROWTH_WATCH && w->rss_now > w->rss_first + GROWTH_LEAST &&
        w->rss_now > w->rss_first + w->rss_first / 4)
        doctor_add(r, DOCTOR_AGENT_MEMORY, w->name,
            "pid %d grew from %" PRIu64 "M to %" PRIu64 "M within %s", w->pid, w->rss_first >> 20,
            w->rss_now >> 20, span_format(w->watched, span));
}

static void judge_exits(const struct doctor_agent *f, struct doctor_report *r)
{
    char list[256] = "";
    for (unsigned i = 0; i < f->n_exits; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%u x %s", i ? ", " : "",
            f->exits[i].n, f->exits[i].name);
    if (list[0])
        doctor_add(r, DOCTOR_AGENT_EXITS, "", "within the last hour: %s", list);
}

void doctor_judge_agent(const struct doctor_agent *f, struct doctor_report *r)
{
    unsigned alive = 0;
    unsigned young = 0;
    unsigned leaving = 0;
    const char *last = NULL;
    if (!f->supervised)
        return;
    for (unsigned i = 0; i < f->n_workers; i++) {
        const struct doctor_worker *w = &f->workers[i];
        if (w->loops)
            doctor_add(r, DOCTOR_AGENT_LOOP, w->name, "the last one: %s", w->last);
        if (w->pid == 0 && w->last[0])
            last = w->last;
        if (w->pid == 0)
            continue;
        alive++;
        judge_process(w, r);
        young += w->young;
        leaving += w->leaving;
        if (judge_listener(w, r)) {
            judge_health(f, w, r);
            judge_config(w, r);
        }
    }
    judge_exits(f, r);
    if (young > 0)
        doctor_gap(r, DOCTOR_AGENT, "%u of %u workers: started a moment ago", young, f->n_workers);
    if (leaving > 0)
        doctor_gap(r, DOCTOR_AGENT, "%u of %u workers: told to end", leaving, f->n_workers);
    if (alive == 0 && f->drained)
        doctor_gap(r, DOCTOR_AGENT, "the agent is drained: no worker is to run");
    else if (alive == 0 && f->wanted > 0)
        doctor_add(r, DOCTOR_AGENT_GONE, "", "none of %u workers runs%s%s", f->wanted,
            last ? "; the last one: " : "", last ? last : "");
}
