/* A notice as one JSON object. */
#include "core/incidents/notice_json.h"

#include "base/names.h"
#include "base/text.h"
#include "base/timestamp.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

/* PagerDuty takes 255 bytes; an incident's id has at most half of them. */
enum { DEDUP_HOST_MAX = 100, DEDUP_INCIDENT_MAX = 128 };

static const char *const kinds[] = {
#define X(symbol, name) [NOTICE_##symbol] = name,
    NOTICE_KINDS(X)
#undef X
};

const char *notice_kind_name(enum notice_kind kind)
{
    return kinds[kind];
}

bool notice_of_incident(enum notice_kind kind)
{
    switch (kind) {
    case NOTICE_OPENED:
    case NOTICE_UPDATED:
    case NOTICE_ACKNOWLEDGED:
    case NOTICE_RESOLVED:
        return true;
    case NOTICE_BEGUN:
    case NOTICE_ENDED:
    case NOTICE_TEST:
        break;
    }
    return false;
}

const char *notice_condition(const struct notice *n)
{
    if (n->kind == NOTICE_TEST)
        return "test";
    return notice_of_incident(n->kind) ? condition_name(n->condition) : "deployment";
}

void notice_dedup_key(const struct notice *n, const char *host, struct strbuf *out)
{
    strbuf_addf(out, "voxkeeper/%.*s/%.*s", (int)DEDUP_HOST_MAX, host, (int)DEDUP_INCIDENT_MAX,
        n->incident);
}

static void add(struct strbuf *out, const char *name, const char *text)
{
    strbuf_addf(out, "%s\"%s\":", out->data[out->len - 1] == '{' ? "" : ",", name);
    text_json(out, text, strlen(text));
}

void notice_write_json(const struct notice *n, const char *host, struct strbuf *out)
{
    char at[TIMESTAMP_TEXT_MAX];
    struct strbuf key = STRBUF_INIT;
    strbuf_addc(out, '{');
    if (out->failed)
        return;
    notice_dedup_key(n, host, &key);
    add(out, "kind", kinds[n->kind]);
    add(out, "incident", n->incident);
    add(out, "condition", notice_condition(n));
    add(out, "severity", severity_name(n->severity));
    add(out, "agent", n->agent);
    add(out, "host", host);
    add(out, "subject", n->subject);
    add(out, "summary", n->summary);
    add(out, "details", n->details);
    add(out, "runbook_url", n->runbook_url);
    add(out, "dedup_key", strbuf_text(&key));
    add(out, "opened_at", timestamp_format(n->opened_wall, at));
    add(out, "at", timestamp_format(n->wall, at));
    strbuf_addc(out, '}');
    out->failed = out->failed || key.failed;
    strbuf_fini(&key);
}

static const char *text_of(const struct cJSON *json, const char *name, struct err *e)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    if (!text)
        err_set(e, -EINVAL, "reading a notice: \"%s\" is no text", name);
    return text;
}

static int refuse(struct err *e, const char *name, const char *text)
{
    return err_set(e, -EINVAL, "reading a notice: \"%.40s\" is no %s", text, name);
}

static int read_time(const struct cJSON *json, const char *name, usec_t *out, struct err *e)
{
    const char *text = text_of(json, name, e);
    if (!text)
        return -EINVAL;
    return timestamp_parse(text, strlen(text), out) < 0 ? refuse(e, name, text) : 0;
}

static int read_words(const struct cJSON *json, struct notice *n, struct err *e)
{
    const char *kind = text_of(json, "kind", e);
    const char *condition = kind ? text_of(json, "condition", e) : NULL;
    const char *severity = condition ? text_of(json, "severity", e) : NULL;
    if (!severity)
        return -EINVAL;
    int k = NAMES_FIND(kinds, kind);
    if (k < 0)
        return refuse(e, "kind", kind);
    n->kind = (enum notice_kind)k;
    if (notice_of_incident(n->kind) && condition_find(condition, &n->condition) < 0)
        return refuse(e, "condition", condition);
    if (severity_find(severity, &n->severity) < 0)
        return refuse(e, "severity", severity);
    return 0;
}

static int read_all(const struct cJSON *json, struct notice *n, struct err *e)
{
    const struct {
        const char *name;
        const char **at;
    } texts[] = {
        {"incident", &n->incident},
        {"agent", &n->agent},
        {"subject", &n->subject},
        {"summary", &n->summary},
        {"details", &n->details},
        {"runbook_url", &n->runbook_url},
    };
    int r = read_words(json, n, e);
    if (r == 0)
        r = read_time(json, "opened_at", &n->opened_wall, e);
    if (r == 0)
        r = read_time(json, "at", &n->wall, e);
    for (size_t i = 0; r == 0 && i < sizeof texts / sizeof *texts; i++) {
        *texts[i].at = text_of(json, texts[i].name, e);
        if (!*texts[i].at)
            r = -EINVAL;
    }
    return r;
}

int notice_read_json(const char *text, size_t len, struct notice_read *out, struct err *e)
{
    /* cJSON takes what could not be written as it was read. */
    if (!text_is_utf8(text, len) || memchr(text, '\0', len))
        return err_set(e, -EINVAL, "reading a notice: it is no UTF-8 text");
    struct notice_read read = {.json = cJSON_ParseWithLength(text, len)};
    int r = cJSON_IsObject(read.json)
                ? read_all(read.json, &read.notice, e)
                : err_set(e, -EINVAL, "reading a notice: it is no JSON object");
    if (r < 0)
        cJSON_Delete(read.json);
    else
        *out = read;
    return r;
}

void notice_read_fini(struct notice_read *read)
{
    cJSON_Delete(read->json);
    *read = (struct notice_read){0};
}
