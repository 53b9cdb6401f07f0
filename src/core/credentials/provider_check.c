/* Requests to providers, and their answers. */
#include "core/credentials/provider_check.h"

#include "base/text.h"

#include <cjson/cJSON.h>
#include <nettle/base64.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is asked, and how the value is sent. */
static const struct provider_row {
    const char *path;
    const char *header;
    const char *extra;
} rows[] = {
    [PROVIDER_NONE] = {"", "", NULL},
    [PROVIDER_ELEVENLABS] = {"/v1/user/subscription", "xi-api-key:", NULL},
    [PROVIDER_DEEPGRAM] = {"/v1/projects", "Authorization: Token", NULL},
    [PROVIDER_OPENAI] = {"/v1/models", "Authorization: Bearer", NULL},
    [PROVIDER_ANTHROPIC] = {"/v1/models", "x-api-key:", "anthropic-version: 2023-06-01"},
    [PROVIDER_GOOGLE] = {"/v1beta/models?pageSize=1", "x-goog-api-key:", NULL},
    [PROVIDER_TWILIO] = {"/2010-04-01/Accounts/", "Authorization: Basic", NULL},
    [PROVIDER_HTTP] = {"", "", NULL},
};

const char *provider_verdict_name(enum provider_verdict verdict)
{
#define X(symbol, name) name,
    static const char *const names[] = {PROVIDER_VERDICTS(X)};
#undef X
    return names[verdict];
}

void provider_write_url(const struct provider_ask *ask, enum provider_step step,
    const struct provider_reading *so_far, struct strbuf *out)
{
    const char *base = ask->base_url ? ask->base_url : provider_base_url(ask->provider);
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len--;
    strbuf_add(out, base, len);
    if (ask->provider == PROVIDER_HTTP)
        strbuf_adds(out, ask->url);
    else if (ask->provider == PROVIDER_TWILIO)
        strbuf_addf(out, "%s%s%s.json", rows[ask->provider].path, ask->account,
            step == PROVIDER_STEP_QUOTA ? "/Balance" : "");
    else if (step == PROVIDER_STEP_SCOPED)
        strbuf_adds(out, "/v1/convai/agents?page_size=1");
    else if (step == PROVIDER_STEP_QUOTA)
        strbuf_addf(out, "%s/%s/balances", rows[ask->provider].path, so_far->project);
    else
        strbuf_adds(out, rows[ask->provider].path);
}

/* Basic authentication of the account. */
static bool write_basic(const char *account, const char *value, char *out, size_t size)
{
    char pair[PROVIDER_HEADER_MAX / 2];
    int len = snprintf(pair, sizeof pair, "%s:%s", account, value);
    bool fits =
        len > 0 && (size_t)len < sizeof pair && BASE64_ENCODE_RAW_LENGTH((size_t)len) < size;
    if (fits) {
        base64_encode_raw(out, (size_t)len, (const uint8_t *)pair);
        out[BASE64_ENCODE_RAW_LENGTH((size_t)len)] = '\0';
    }
    explicit_bzero(pair, sizeof pair);
    return fits;
}

bool provider_write_header(
    const struct provider_ask *ask, const char *value, char out[PROVIDER_HEADER_MAX])
{
    const char *before = ask->provider == PROVIDER_HTTP ? ask->header : rows[ask->provider].header;
    int len = snprintf(out, PROVIDER_HEADER_MAX, "%s ", before);
    if (len < 0 || len >= PROVIDER_HEADER_MAX)
        return false;
    size_t left = PROVIDER_HEADER_MAX - (size_t)len;
    if (ask->provider == PROVIDER_TWILIO)
        return write_basic(ask->account, value, out + len, left);
    if (strlen(value) >= left)
        return false;
    memcpy(out + len, value, strlen(value) + 1);
    return true;
}

const char *provider_extra_header(enum provider provider)
{
    return rows[provider].extra;
}

static const struct cJSON *member(const struct cJSON *json, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(json, name);
}

/* Whether a text member has this value. */
static bool says(const struct cJSON *json, const char *name, const char *value)
{
    const char *text = cJSON_GetStringValue(member(json, name));
    return text && strcmp(text, value) == 0;
}

/* The members in which providers put a sentence, the best first. */
static const char *sentence(const struct cJSON *json)
{
    const struct cJSON *const places[] = {
        member(member(json, "error"), "message"),
        member(member(json, "detail"), "message"),
        member(json, "err_msg"),
        member(json, "message"),
        member(json, "detail"),
        member(json, "error"),
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *text = cJSON_GetStringValue(places[i]);
        if (text && text[0])
            return text;
    }
    return NULL;
}

static void take_words(struct provider_reading *r, int status, const struct cJSON *json)
{
    struct strbuf words = STRBUF_INIT;
    const char *text = sentence(json);
    strbuf_addf(&words, "HTTP %d%s", status, text ? ": " : "");
    if (text)
        text_escape(&words, text, strlen(text), 160);
    snprintf(r->words, sizeof r->words, "%s", strbuf_text(&words));
    strbuf_fini(&words);
}

/* What a status means wherever nobody says more. */
static enum provider_verdict by_status(int status)
{
    if (status >= 200 && status < 300)
        return PROVIDER_SAYS_OK;
    switch (status) {
    case 401:
        return PROVIDER_SAYS_INVALID;
    case 402:
        return PROVIDER_SAYS_NO_CREDIT;
    case 403:
        return PROVIDER_SAYS_NO_PERMISSION;
    case 429:
        return PROVIDER_SAYS_RATE_LIMITED;
    default:
        return PROVIDER_SAYS_UNREACHABLE;
    }
}

static enum provider_verdict read_elevenlabs(int status, const struct cJSON *json)
{
    const struct cJSON *detail = member(json, "detail");
    if (status == 401 && says(detail, "status", "quota_exceeded"))
        return PROVIDER_SAYS_NO_CREDIT;
    if (status == 401 && says(detail, "status", "missing_permissions"))
        return PROVIDER_SAYS_NO_PERMISSION;
    return by_status(status);
}

static enum provider_verdict read_deepgram(int status, const struct cJSON *json)
{
    const char *text = sentence(json);
    if (status == 401 && !says(json, "err_code", "INVALID_AUTH") && text &&
        strstr(text, "permission"))
        return PROVIDER_SAYS_NO_PERMISSION;
    return by_status(status);
}

static enum provider_verdict read_openai(int status, const struct cJSON *json)
{
    const struct cJSON *error = member(json, "error");
    bool empty =
        says(error, "code", "insufficient_quota") || says(error, "type", "insufficient_quota");
    return status == 429 && empty ? PROVIDER_SAYS_NO_CREDIT : by_status(status);
}

/* A key that does not exist is a bad argument to them. */
static enum provider_verdict read_google(int status, const struct cJSON *json)
{
    const struct cJSON *one;
    cJSON_ArrayForEach(one, member(member(json, "error"), "details"))
    {
        if (status == 400 && says(one, "reason", "API_KEY_INVALID"))
            return PROVIDER_SAYS_INVALID;
    }
    return by_status(status);
}

static enum provider_verdict read_twilio(int status, const struct cJSON *json)
{
    const struct cJSON *code = member(json, "code");
    bool suspended = cJSON_IsNumber(code) && (int)code->valuedouble == 20403;
    if ((status == 403 && suspended) || (status == 200 && says(json, "status", "suspended")))
        return PROVIDER_SAYS_NO_CREDIT;
    if (status == 200 && says(json, "status", "closed"))
        return PROVIDER_SAYS_INVALID;
    return by_status(status);
}

static enum provider_verdict judge(enum provider provider, int status, const struct cJSON *json)
{
    switch (provider) {
    case PROVIDER_ELEVENLABS:
        return read_elevenlabs(status, json);
    case PROVIDER_DEEPGRAM:
        return read_deepgram(status, json);
    case PROVIDER_OPENAI:
        return read_openai(status, json);
    case PROVIDER_GOOGLE:
        return read_google(status, json);
    case PROVIDER_TWILIO:
        return read_twilio(status, json);
    case PROVIDER_HTTP:
        return status == 403 ? PROVIDER_SAYS_INVALID : by_status(status);
    case PROVIDER_NONE:
    case PROVIDER_ANTHROPIC:
        break;
    }
    return by_status(status);
}

static void count(struct provider_reading *r, double quota)
{
    r->counted = true;
    r->quota = quota;
}

static void count_characters(struct provider_reading *r, const struct cJSON *json)
{
    const struct cJSON *limit = member(json, "character_limit");
    const struct cJSON *used = member(json, "character_count");
    if (cJSON_IsNumber(limit) && cJSON_IsNumber(used))
        count(
            r, limit->valuedouble > used->valuedouble ? limit->valuedouble - used->valuedouble : 0);
}

static void count_balances(struct provider_reading *r, const struct cJSON *json)
{
    double sum = 0;
    bool any = false;
    const struct cJSON *one;
    cJSON_ArrayForEach(one, member(json, "balances"))
    {
        const struct cJSON *amount = member(one, "amount");
        any = any || cJSON_IsNumber(amount);
        sum += cJSON_IsNumber(amount) ? amount->valuedouble : 0;
    }
    if (any)
        count(r, sum);
}

static void count_balance(struct provider_reading *r, const struct cJSON *json)
{
    const char *text = cJSON_GetStringValue(member(json, "balance"));
    char *end = NULL;
    double balance = text ? strtod(text, &end) : 0;
    if (text && end != text && !*end && balance == balance)
        count(r, balance);
}

/* Their names of projects go into an address. */
static bool take_project(struct provider_reading *r, const struct cJSON *json)
{
    const struct cJSON *first = cJSON_GetArrayItem(member(json, "projects"), 0);
    const char *id = cJSON_GetStringValue(member(first, "project_id"));
    if (!id || !id[0] || strlen(id) >= sizeof r->project ||
        id[strspn(id, "0123456789abcdefABCDEF-")])
        return false;
    snprintf(r->project, sizeof r->project, "%s", id);
    return true;
}

static enum provider_step after_key(
    const struct provider_ask *ask, struct provider_reading *r, const struct cJSON *json)
{
    if (ask->provider == PROVIDER_ELEVENLABS && r->verdict == PROVIDER_SAYS_NO_PERMISSION)
        return PROVIDER_STEP_SCOPED;
    if (r->verdict != PROVIDER_SAYS_OK)
        return PROVIDER_STEP_DONE;
    if (ask->provider == PROVIDER_ELEVENLABS)
        count_characters(r, json);
    bool more = ask->provider == PROVIDER_TWILIO ||
                (ask->provider == PROVIDER_DEEPGRAM && take_project(r, json));
    return ask->quota && more ? PROVIDER_STEP_QUOTA : PROVIDER_STEP_DONE;
}

static enum provider_step take(const struct provider_ask *ask, enum provider_step step, int status,
    const struct cJSON *json, struct provider_reading *r)
{
    /* A key that may not tell its balance is as good as it was. */
    if (step == PROVIDER_STEP_QUOTA) {
        if (status == 200 && ask->provider == PROVIDER_TWILIO)
            count_balance(r, json);
        else if (status == 200)
            count_balances(r, json);
        return PROVIDER_STEP_DONE;
    }
    r->verdict = judge(ask->provider, status, json);
    take_words(r, status, json);
    return step == PROVIDER_STEP_KEY ? after_key(ask, r, json) : PROVIDER_STEP_DONE;
}

enum provider_step provider_read(const struct provider_ask *ask, enum provider_step step,
    int status, const char *body, size_t len, struct provider_reading *reading)
{
    struct cJSON *json = cJSON_ParseWithLength(body, len);
    enum provider_step next = take(ask, step, status, json, reading);
    cJSON_Delete(json);
    return next;
}

bool provider_quotes(const char *words, const char *value)
{
    enum { TELLING = 6 };
    size_t len = strlen(value);
    char part[TELLING + 1] = "";
    if (len <= TELLING)
        return len > 0 && strstr(words, value);
    for (size_t i = 0; i + TELLING <= len; i++) {
        memcpy(part, value + i, TELLING);
        if (strstr(words, part))
            return true;
    }
    return false;
}
