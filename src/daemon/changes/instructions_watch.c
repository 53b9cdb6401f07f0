/* The agent's configuration at ElevenLabs, looked at now and then. */
#include "daemon/changes/instructions_watch.h"

#include "base/log.h"
#include "core/changes/instructions.h"
#include "core/event.h"
#include "daemon/credentials/credentials_parts.h"
#include "daemon/daemon.h"
#include "io/files/doc_dir.h"
#include "io/http/http_client.h"
#include "io/loop/loop.h"
#include "io/secret_memory.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOCUMENT "agent.json"
#define FIRST_LOOK USEC_PER_SEC
#define TIMEOUT (15 * USEC_PER_SEC)
#define PAUSE_MAX USEC_PER_HOUR

/* One failure is a moment's trouble. */
enum { TELL_AFTER = 2, DOUBLED_AT_MOST = 6, STATE_MAX = 2 * INSTRUCTIONS_MAX, WHY_MAX = 200 };

struct instructions_watch {
    struct daemon *daemon;
    const struct config_instructions *conf; /* NULL: nothing was configured yet */
    struct doc_dir *dir;
    struct timer *timer;
    struct http_request *request;
    char *agent_id;      /* of what is known; NULL: nobody is watched */
    struct cJSON *known; /* as it was seen last; NULL: not yet */
    char digest[DIGEST_TEXT];
    unsigned failures; /* in a row */
};

/* ---- what is kept ---- */

static void forget(struct instructions_watch *w)
{
    cJSON_Delete(w->known);
    w->known = NULL;
    w->digest[0] = '\0';
    w->failures = 0;
}

static const char *member(const struct cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static void load(struct instructions_watch *w)
{
    char *text = NULL;
    size_t len = 0;
    struct err e = {0};
    if (doc_dir_read(w->dir, DOCUMENT, STATE_MAX, &text, &len, &e) < 0)
        return;
    struct cJSON *saved = cJSON_ParseWithLength(text, len);
    free(text);
    struct cJSON *config = cJSON_DetachItemFromObjectCaseSensitive(saved, "config");
    if (cJSON_IsObject(config) && strcmp(member(saved, "agent_id"), w->agent_id) == 0) {
        w->known = config;
        snprintf(w->digest, sizeof w->digest, "%s", member(saved, "sum"));
    } else {
        cJSON_Delete(config);
    }
    cJSON_Delete(saved);
}

static void save(const struct instructions_watch *w)
{
    struct cJSON *saved = cJSON_CreateObject();
    cJSON_AddStringToObject(saved, "agent_id", w->agent_id);
    cJSON_AddStringToObject(saved, "sum", w->digest);
    cJSON_AddItemReferenceToObject(saved, "config", w->known);
    doc_dir_put(w->dir, DOCUMENT, cJSON_PrintUnformatted(saved));
    cJSON_Delete(saved);
}

/* ---- what is told ---- */

static void tell_changed(
    const struct instructions_watch *w, const struct cJSON *now, const char *digest)
{
    struct event ev;
    struct strbuf lines = STRBUF_INIT;
    unsigned n = instructions_diff(w->known, now, &lines);
    if (n == 0)
        strbuf_adds(&lines, "a value that is not shown, because it may be a secret\n");
    event_init(&ev, EVENT_INSTRUCTIONS_CHANGED);
    event_message(
        &ev, "the configuration of agent %s at ElevenLabs was changed there", w->agent_id);
    event_field(&ev, "VOXKEEPER_AGENT_ID", "%s", w->agent_id);
    event_field(&ev, "VOXKEEPER_CHANGES", "%s", strbuf_text(&lines));
    event_field(&ev, "VOXKEEPER_DIGEST", "%s", digest);
    event_field(&ev, "VOXKEEPER_DIGEST_FROM", "%s", w->digest);
    event_emit(&ev);
    event_fini(&ev);
    strbuf_fini(&lines);
}

static void tell_unseen(const struct instructions_watch *w, const char *why)
{
    struct event ev;
    event_init(&ev, EVENT_INSTRUCTIONS_UNSEEN);
    event_message(
        &ev, "the configuration of agent %s at ElevenLabs cannot be seen: %s", w->agent_id, why);
    event_field(&ev, "VOXKEEPER_AGENT_ID", "%s", w->agent_id);
    event_field(&ev, "VOXKEEPER_REASON", "%s", why);
    event_emit(&ev);
    event_fini(&ev);
}

/* ---- looking ---- */

static void failed(struct instructions_watch *w, const char *why, usec_t retry_after)
{
    unsigned doubled = w->failures < DOUBLED_AT_MOST ? w->failures : DOUBLED_AT_MOST;
    usec_t most = w->conf->interval > PAUSE_MAX ? w->conf->interval : PAUSE_MAX;
    usec_t pause = w->conf->interval << doubled;
    if (pause < retry_after)
        pause = retry_after;
    if (++w->failures == TELL_AFTER)
        tell_unseen(w, why);
    else
        log_printf(LOG_LEVEL_DEBUG, "looking at agent %s: %s", w->agent_id, why);
    timer_arm(w->timer, usec_add(loop_now(), pause < most ? pause : most));
}

static void seen(struct instructions_watch *w, struct cJSON *now, const char *digest)
{
    if (w->failures >= TELL_AFTER)
        log_printf(LOG_LEVEL_NOTICE, "the configuration of agent %s at ElevenLabs is seen again",
            w->agent_id);
    w->failures = 0;
    bool same = strcmp(digest, w->digest) == 0;
    if (w->known && !same)
        tell_changed(w, now, digest);
    cJSON_Delete(w->known);
    w->known = now;
    snprintf(w->digest, sizeof w->digest, "%s", digest);
    if (!same)
        save(w);
    timer_arm(w->timer, usec_add(loop_now(), w->conf->interval));
}

static const char *status_words(int status, char out[WHY_MAX])
{
    const char *what = status == 401 || status == 403 ? "the key is refused"
                       : status == 404                ? "there is no such agent"
                       : status == 429                ? "too many requests"
                       : status >= 500                ? "the provider has trouble"
                                                      : "that was not expected";
    snprintf(out, WHY_MAX, "HTTP %d: %s", status, what);
    return out;
}

static void on_answer(const struct http_answer *answer, void *arg)
{
    struct instructions_watch *w = arg;
    char why[WHY_MAX];
    char digest[DIGEST_TEXT];
    w->request = NULL;
    if (answer->result != HTTP_ANSWERED) {
        snprintf(why, sizeof why, "%s", answer->what);
        failed(w, why, 0);
        return;
    }
    if (answer->status != 200) {
        failed(w, status_words(answer->status, why), answer->retry_after);
        return;
    }
    if (answer->truncated) {
        failed(w, "the answer is longer than 512 KiB", 0);
        return;
    }
    struct cJSON *now = instructions_read(answer->body, answer->body_len, digest);
    if (cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(now, "conversation_config"))) {
        seen(w, now, digest);
        return;
    }
    cJSON_Delete(now);
    failed(w, "the answer is no configuration of an agent", 0);
}

/* Returns 0, or a negative errno with *e saying why nobody can be asked. */
static int ask_with(struct instructions_watch *w, char *key, struct err *e)
{
    struct strbuf url = STRBUF_INIT;
    struct strbuf header = STRBUF_INIT;
    const struct config_credential file = {.name = w->agent_id, .file = w->conf->key_credential};
    int r = w->conf->key_credential ? credential_read(&file, key, e) : 0;
    if (r == 0) {
        strbuf_addf(&url, "%s/v1/convai/agents/%s", w->conf->base_url, w->agent_id);
        strbuf_addf(&header, "xi-api-key: %s", key);
        const char *const headers[] = {key[0] ? strbuf_text(&header) : NULL, NULL};
        w->request = http_request_start(w->daemon->http,
            &(struct http_spec){.url = strbuf_text(&url),
                .headers = headers,
                .ca_file = w->conf->ca_file,
                .timeout = TIMEOUT,
                .body_max = INSTRUCTIONS_MAX},
            on_answer, w, e);
        r = w->request ? 0 : e->code;
    }
    if (header.data)
        explicit_bzero(header.data, header.len);
    strbuf_fini(&header);
    strbuf_fini(&url);
    return r;
}

static void on_timer(void *arg)
{
    struct instructions_watch *w = arg;
    struct err e = {0};
    char *key = secret_memory_new(LIMIT_SECRET + 1);
    int r = key ? ask_with(w, key, &e) : err_sys(&e, -ENOMEM, "looking at the agent");
    secret_memory_free(key, LIMIT_SECRET + 1);
    if (r < 0)
        failed(w, e.msg, 0);
}

struct instructions_watch *instructions_watch_new(struct daemon *d)
{
    struct instructions_watch *w = calloc(1, sizeof *w);
    struct strbuf path = STRBUF_INIT;
    if (!w)
        return NULL;
    w->daemon = d;
    w->timer = timer_new(d->loop, on_timer, w);
    strbuf_addf(&path, "%s/instructions", d->config->admin.state_directory);
    w->dir = path.failed ? NULL : doc_dir_open(d->loop, strbuf_text(&path));
    strbuf_fini(&path);
    if (!w->dir) {
        instructions_watch_free(w);
        return NULL;
    }
    instructions_watch_configure(w, d->config);
    return w;
}

void instructions_watch_configure(struct instructions_watch *w, const struct config *config)
{
    const char *id = config->instructions.agent_id;
    bool same = w->agent_id && id && strcmp(w->agent_id, id) == 0;
    w->conf = &config->instructions;
    if (w->request)
        http_request_cancel(w->request);
    w->request = NULL;
    if (!same) {
        forget(w);
        free(w->agent_id);
        w->agent_id = id ? strdup(id) : NULL;
        if (w->agent_id)
            load(w);
    }
    if (w->agent_id)
        timer_arm(w->timer, usec_add(loop_now(), FIRST_LOOK));
    else
        timer_disarm(w->timer);
}

void instructions_watch_free(struct instructions_watch *w)
{
    if (!w)
        return;
    if (w->request)
        http_request_cancel(w->request);
    timer_free(w->timer);
    doc_dir_free(w->dir);
    forget(w);
    free(w->agent_id);
    free(w);
}
