/* A deployment as the team hears of it. */
#include "core/preflight/deployment.h"

#include "base/text.h"
#include "base/timestamp.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void deployment_name(struct deployment *d)
{
    time_t seconds = (time_t)(d->began_wall / USEC_PER_SEC);
    struct tm tm = {0};
    char when[32] = "";
    gmtime_r(&seconds, &tm);
    strftime(when, sizeof when, "%Y%m%d-%H%M%S", &tm);
    snprintf(d->id, sizeof d->id, "%s-deployment-%" PRIu64, when, d->operation);
}

int deployment_read_due(const char *text, usec_t now_wall, usec_t *out_wall, struct err *e)
{
    usec_t span;
    usec_t due;
    if (span_parse(text, &span) == 0 && span != USEC_INFINITY)
        due = usec_add(now_wall, span);
    else if (timestamp_parse(text, strlen(text), &due) < 0)
        return err_set(e, -EINVAL,
            "\"%.60s\" is neither a time span such as 20min nor a time such as "
            "2026-11-22T18:30:00Z",
            text);
    if (due <= now_wall)
        return err_set(e, -EINVAL, "\"%.60s\" is past", text);
    *out_wall = due;
    return 0;
}

/* The checklist alone prepares one; what rolls out is one. */
static bool is_alone(const struct deployment *d)
{
    return strcmp(d->kind, "preflight") == 0;
}

static const char *or_else(const char *text, const char *none)
{
    return text[0] ? text : none;
}

static void write_title(const struct deployment *d, struct strbuf *out)
{
    strbuf_addf(out, "deployment of %s", or_else(d->version, "a version that is not known"));
}

static void write_due(const struct deployment *d, struct strbuf *out)
{
    char at[TIMESTAMP_TEXT_MAX];
    char span[SPAN_TEXT_MAX];
    usec_t seconds = (usec_sub(d->due_wall, d->began_wall) + USEC_PER_SEC / 2) / USEC_PER_SEC;
    if (d->due_wall == 0)
        strbuf_adds(out, "not known");
    else
        strbuf_addf(out, "%s, %s after it began", timestamp_format(d->due_wall, at),
            span_format(seconds * USEC_PER_SEC, span));
}

static void write_facts(const struct deployment *d, struct strbuf *out)
{
    strbuf_addf(out, "What: %s\n", or_else(d->what, "not said"));
    strbuf_addf(out, "Version: %s\n", or_else(d->version, "not known"));
    strbuf_addf(out, "Responsible: %s\n", or_else(d->responsible, "nobody was named"));
    strbuf_adds(out, "Estimated completion: ");
    write_due(d, out);
    strbuf_addf(
        out, "\nAsked for by: %s (%s, operation %" PRIu64 ")", d->author, d->kind, d->operation);
}

void deployment_write_begun(
    const struct deployment *d, struct strbuf *summary, struct strbuf *details)
{
    write_title(d, summary);
    strbuf_adds(summary,
        is_alone(d) ? ": the checklist before it runs" : ": the checklist runs, then the rollout");
    strbuf_addf(summary, "; responsible: %s", or_else(d->responsible, "nobody was named"));
    write_facts(d, details);
}

void deployment_write_ended(const struct deployment *d, const char *state, const char *message,
    usec_t now_wall, struct strbuf *summary, struct strbuf *details)
{
    char took[SPAN_TEXT_MAX];
    const char *space = strchr(state, '_');
    int head = space ? (int)(space - state) : (int)strlen(state);
    write_title(d, summary);
    if (!is_alone(d))
        strbuf_addf(summary, " %.*s%s%s", head, state, space ? " " : "", space ? space + 1 : "");
    strbuf_addf(summary, ": %.*s", (int)strcspn(message, "\n"), message);
    write_facts(d, details);
    strbuf_addf(details, "\nOutcome after %s: %s",
        span_show(usec_sub(now_wall, d->began_wall), took), message);
}

/* One line of what is to be known. */
static void judge(
    struct preflight *p, unsigned row, const char *what, const char *value, const char *missing)
{
    if (value[0])
        preflight_note(p, row, true, "%s: %s", what, value);
    else
        preflight_note(p, row, false, "%s: not known; %s", what, missing);
}

void deployment_judge(const struct deployment *d, struct preflight *p, unsigned row)
{
    struct strbuf due = STRBUF_INIT;
    if (d->due_wall > 0)
        write_due(d, &due);
    judge(p, row, "responsible", d->responsible,
        "neither --responsible nor [Preflight] Responsible= names anybody");
    judge(p, row, "version", d->version,
        "neither --release nor the file of [Agent] Release= names it");
    judge(p, row, "estimated completion", strbuf_text(&due),
        "neither --eta nor [Preflight] Duration= says it");
    preflight_note(p, row, true, "what: %s", or_else(d->what, d->kind));
    strbuf_fini(&due);
}

/* ---- JSON ---- */

void deployment_write_json(const struct deployment *d, struct strbuf *out)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", d->id);
    cJSON_AddNumberToObject(o, "operation", (double)d->operation);
    cJSON_AddStringToObject(o, "kind", d->kind);
    cJSON_AddStringToObject(o, "what", d->what);
    cJSON_AddStringToObject(o, "version", d->version);
    cJSON_AddStringToObject(o, "responsible", d->responsible);
    cJSON_AddStringToObject(o, "author", d->author);
    cJSON_AddNumberToObject(o, "began_usec", (double)d->began_wall);
    cJSON_AddNumberToObject(o, "due_usec", (double)d->due_wall);
    char *text = cJSON_PrintUnformatted(o);
    if (text)
        strbuf_adds(out, text);
    out->failed = out->failed || !text;
    free(text);
    cJSON_Delete(o);
}

static bool read_number(const struct cJSON *json, const char *name, uint64_t *out)
{
    const struct cJSON *number = cJSON_GetObjectItemCaseSensitive(json, name);
    if (!cJSON_IsNumber(number) || !(number->valuedouble >= 0 && number->valuedouble <= 0x1p53))
        return false;
    *out = (uint64_t)number->valuedouble;
    return true;
}

static bool read_text(const struct cJSON *json, const char *name, char *out, size_t size)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    return text && text_is_utf8(text, strlen(text)) &&
           (size_t)snprintf(out, size, "%s", text) < size;
}

int deployment_read_json(const char *text, size_t len, struct deployment *out, struct err *e)
{
    struct deployment d = {0};
    struct cJSON *json = cJSON_ParseWithLength(text, len);
    bool good = read_text(json, "id", d.id, sizeof d.id) && d.id[0] &&
                read_number(json, "operation", &d.operation) &&
                read_text(json, "kind", d.kind, sizeof d.kind) &&
                read_text(json, "what", d.what, sizeof d.what) &&
                read_text(json, "version", d.version, sizeof d.version) &&
                read_text(json, "responsible", d.responsible, sizeof d.responsible) &&
                read_text(json, "author", d.author, sizeof d.author) &&
                read_number(json, "began_usec", &d.began_wall) &&
                read_number(json, "due_usec", &d.due_wall);
    cJSON_Delete(json);
    if (!good)
        return err_set(e, -EINVAL, "reading a deployment: this is none");
    *out = d;
    return 0;
}
