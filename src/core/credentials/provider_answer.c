/* What providers answer. */
#include "core/credentials/provider_check.h"

#include "base/num.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "core/fleet/expect_json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define QUOTA_MAX 1e15

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

/* What only an answer of theirs has when all is well: a portal of some network says 200 as well. */
static const char *proof(const struct provider_ask *ask, enum provider_step step)
{
    static const char *const members[] = {
        [PROVIDER_NONE] = NULL,
        [PROVIDER_ELEVENLABS] = "character_limit",
        [PROVIDER_DEEPGRAM] = "projects",
        [PROVIDER_OPENAI] = "data",
        [PROVIDER_ANTHROPIC] = "data",
        [PROVIDER_GOOGLE] = "models",
        [PROVIDER_TWILIO] = "sid",
        [PROVIDER_HTTP] = NULL,
    };
    if (ask->form == PROVIDER_FORM_ACCOUNT)
        return "access_token";
    if (ask->form == PROVIDER_FORM_PAIR)
        return "calls";
    return step == PROVIDER_STEP_SCOPED ? "agents" : members[ask->provider];
}

static bool is_theirs(
    const struct provider_ask *ask, enum provider_step step, int status, const struct cJSON *json)
{
    const char *wanted = proof(ask, step);
    if (ask->provider == PROVIDER_HTTP || status == 429)
        return true;
    return cJSON_IsObject(json) && (status != 200 || !wanted || member(json, wanted));
}

/* The members in which providers put a sentence, the best first. */
static const char *sentence(const struct cJSON *json)
{
    const struct cJSON *const places[] = {
        member(member(json, "error"), "message"),
        member(member(json, "detail"), "message"),
        member(json, "err_msg"),
        member(json, "error_description"),
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

/* An assertion that our clock made too early or too late says nothing of the key. */
static enum provider_verdict read_token(int status, const struct cJSON *json)
{
    const char *text = cJSON_GetStringValue(member(json, "error_description"));
    bool of_the_clock = text && strstr(text, "reasonable timeframe");
    if (status == 400 && says(json, "error", "invalid_grant"))
        return of_the_clock ? PROVIDER_SAYS_UNREACHABLE : PROVIDER_SAYS_INVALID;
    return by_status(status);
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
    const struct cJSON *number = member(json, "code");
    int code = cJSON_IsNumber(number) ? number->valueint : 0;
    bool suspended = code == 20403;
    if ((status == 401 || status == 403) && code == 70051) /* a restricted key */
        return PROVIDER_SAYS_NO_PERMISSION;
    if ((status == 403 && suspended) || (status == 200 && says(json, "status", "suspended")))
        return PROVIDER_SAYS_NO_CREDIT;
    if (status == 200 && says(json, "status", "closed"))
        return PROVIDER_SAYS_INVALID;
    return by_status(status);
}

static enum provider_verdict judge(
    const struct provider_ask *ask, int status, const struct cJSON *json)
{
    if (ask->form == PROVIDER_FORM_ACCOUNT)
        return read_token(status, json);
    switch (ask->provider) {
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

/* What nobody can have is no number to go on with. */
static void count(struct provider_reading *r, double quota)
{
    r->counted = quota > -QUOTA_MAX && quota < QUOTA_MAX;
    r->quota = r->counted ? quota : 0;
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
    double balance = 0;
    if (text && num_parse_double(text, -QUOTA_MAX, QUOTA_MAX, &balance) == 0)
        count(r, balance);
}

/* What a company's own interface tells, where its section says. */
static void take_told(
    const struct provider_ask *ask, struct provider_reading *r, const struct cJSON *json)
{
    char buf[40];
    const struct cJSON *quota = ask->quota_json ? expect_json_at(json, ask->quota_json) : NULL;
    const struct cJSON *expiry = ask->expiry_json ? expect_json_at(json, ask->expiry_json) : NULL;
    const char *left = quota ? expect_json_scalar(quota, buf) : NULL;
    double number = 0;
    if (left && num_parse_double(left, -QUOTA_MAX, QUOTA_MAX, &number) == 0)
        count(r, number);
    if (cJSON_IsNumber(expiry))
        (void)timestamp_from_number(expiry->valuedouble, &r->expires);
    else if (cJSON_IsString(expiry))
        (void)timestamp_parse(expiry->valuestring, strlen(expiry->valuestring), &r->expires);
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
    if (ask->provider == PROVIDER_HTTP)
        take_told(ask, r, json);
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
    bool theirs = is_theirs(ask, step, status, json);
    r->verdict = theirs ? judge(ask, status, json) : PROVIDER_SAYS_UNREACHABLE;
    take_words(r, status, json);
    if (!theirs)
        snprintf(r->words, sizeof r->words, "HTTP %d, and not as %s answers", status,
            provider_name(ask->provider));
    return step == PROVIDER_STEP_KEY ? after_key(ask, r, json) : PROVIDER_STEP_DONE;
}

enum provider_step provider_read(const struct provider_ask *ask, enum provider_step step,
    int status, const char *body, size_t len, struct provider_reading *reading)
{
    const char *fault = NULL;
    struct cJSON *json = expect_json_parse(body, len, &fault);
    enum provider_step next = take(ask, step, status, json, reading);
    cJSON_Delete(json);
    return next;
}
