/* What monitoring's APIs answer. */
#include "core/preflight/preflight_monitor.h"

#include "base/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 200 };

static const cJSON *get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* An object has a first member, too. */
static const cJSON *first_of(const cJSON *array)
{
    return cJSON_IsArray(array) ? cJSON_GetArrayItem(array, 0) : NULL;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(get(object, name));
    return text ? text : "";
}

static void add_shown(struct strbuf *out, const char *text)
{
    text_escape(out, text, strlen(text), SHOWN_MAX);
}

bool monitor_read_series(
    const char *json, size_t len, struct strbuf *out_instance, struct strbuf *out_job)
{
    cJSON *answer = cJSON_ParseWithLength(json, len);
    const cJSON *first = first_of(get(get(answer, "data"), "result"));
    const cJSON *metric = get(first, "metric");
    if (first) {
        add_shown(out_instance, text_of(metric, "instance"));
        add_shown(out_job, text_of(metric, "job"));
    }
    bool found = first != NULL;
    cJSON_Delete(answer);
    return found;
}

bool monitor_read_target(
    const char *json, size_t len, const char *instance, const char *job, struct strbuf *out_words)
{
    cJSON *answer = cJSON_ParseWithLength(json, len);
    const cJSON *target;
    bool up = false;
    unsigned n = 0;
    cJSON_ArrayForEach(target, get(get(answer, "data"), "activeTargets"))
    {
        const cJSON *labels = get(target, "labels");
        if ((instance && strcmp(text_of(labels, "instance"), instance) != 0) ||
            strcmp(text_of(labels, "job"), job) != 0)
            continue;
        up = strcmp(text_of(target, "health"), "up") == 0;
        strbuf_adds(out_words, n++ > 0 ? "; " : "");
        add_shown(out_words, text_of(target, "scrapeUrl"));
        strbuf_adds(out_words, " is ");
        add_shown(out_words, text_of(target, "health"));
        if (text_of(target, "lastError")[0]) {
            strbuf_adds(out_words, ": ");
            add_shown(out_words, text_of(target, "lastError"));
        }
    }
    cJSON_Delete(answer);
    return up && n > 0;
}

static const cJSON *find_rule(const cJSON *answer, const char *name)
{
    const cJSON *group;
    const cJSON *rule;
    cJSON_ArrayForEach(group, get(get(answer, "data"), "groups"))
    {
        cJSON_ArrayForEach(rule, get(group, "rules"))
        {
            if (strcmp(text_of(rule, "name"), name) == 0)
                return rule;
        }
    }
    return NULL;
}

bool monitor_read_rules(
    const char *json, size_t len, const struct strlist *wanted, struct strbuf *out_words)
{
    cJSON *answer = cJSON_ParseWithLength(json, len);
    bool good = true;
    for (size_t i = 0; i < wanted->n; i++) {
        const cJSON *rule = find_rule(answer, wanted->items[i]);
        bool fails = rule && strcmp(text_of(rule, "health"), "err") == 0;
        if (rule && !fails)
            continue;
        strbuf_addf(out_words, "%s%s %s", good ? "" : "; ", wanted->items[i],
            fails ? "fails: " : "is not loaded");
        if (fails)
            add_shown(out_words, text_of(rule, "lastError"));
        good = false;
    }
    cJSON_Delete(answer);
    return good;
}

unsigned monitor_read_alertmanagers(const char *json, size_t len)
{
    cJSON *answer = cJSON_ParseWithLength(json, len);
    const cJSON *all = get(get(answer, "data"), "activeAlertmanagers");
    int n = cJSON_IsArray(all) ? cJSON_GetArraySize(all) : 0;
    cJSON_Delete(answer);
    return n > 0 ? (unsigned)n : 0;
}

void monitor_read_status(const char *json, size_t len, struct strbuf *out_version)
{
    cJSON *answer = cJSON_ParseWithLength(json, len);
    add_shown(out_version, text_of(get(answer, "versionInfo"), "version"));
    cJSON_Delete(answer);
}

bool monitor_read_alert(const char *json, size_t len, struct strbuf *out_words)
{
    cJSON *answer = cJSON_ParseWithLength(json, len);
    const cJSON *first = first_of(answer);
    const cJSON *receiver;
    const char *separator = "for receiver ";
    bool found = first != NULL;
    cJSON_ArrayForEach(receiver, get(first, "receivers"))
    {
        strbuf_adds(out_words, separator);
        add_shown(out_words, text_of(receiver, "name"));
        separator = ", ";
    }
    if (found) {
        strbuf_adds(out_words, ", ");
        add_shown(out_words, text_of(get(first, "status"), "state"));
    }
    cJSON_Delete(answer);
    return found;
}

int monitor_read_echo(const char *json, size_t len, uint64_t token)
{
    char wanted[24];
    int seen = 0;
    const cJSON *alert;
    cJSON *body = cJSON_ParseWithLength(json, len);
    const cJSON *alerts = get(body, "alerts");
    snprintf(wanted, sizeof wanted, "%" PRIu64, token);
    if (!cJSON_IsArray(alerts))
        seen = -EINVAL;
    cJSON_ArrayForEach(alert, alerts)
    {
        if (token != 0 && strcmp(text_of(alert, "status"), "firing") == 0 &&
            strcmp(text_of(get(alert, "labels"), "token"), wanted) == 0)
            seen = 1;
    }
    cJSON_Delete(body);
    return seen;
}

void monitor_dashboard_url(const char *url, struct strbuf *out)
{
    const char *host = strstr(url, "://");
    const char *path = host ? strchr(host + 3, '/') : NULL;
    const char *uid = path ? strstr(path, "/d/") : NULL;
    size_t len = uid ? strcspn(uid + 3, "/?#") : 0;
    if (len == 0) {
        strbuf_adds(out, url);
        return;
    }
    strbuf_add(out, url, (size_t)(uid - url));
    strbuf_adds(out, "/api/dashboards/uid/");
    strbuf_add(out, uid + 3, len);
}
