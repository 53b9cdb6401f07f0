/* Reading what a changing request brings. */
#include "daemon/api/api_body.h"

#include "base/names.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "core/preflight/deployment.h"
#include "io/loop/loop.h"
#include "voxkeeper/control.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bytes of the input; each may become four. */
enum { SHOWN_MAX = 40, SUDO_USER_MAX = 32 };

/* What a client sent, fit for a message. */
struct shown {
    char text[256];
};

static struct shown show(const char *bytes)
{
    struct shown shown;
    struct strbuf out = STRBUF_INIT;
    text_escape(&out, bytes, strlen(bytes), SHOWN_MAX);
    snprintf(shown.text, sizeof shown.text, "%s", strbuf_text(&out));
    strbuf_fini(&out);
    return shown;
}

static int read_text(const struct cJSON *member, size_t max, const char **out, struct err *e)
{
    if (!cJSON_IsString(member))
        return err_set(
            e, -EINVAL, "reading the request: \"%s\" must be a string", show(member->string).text);
    if (strlen(member->valuestring) > max)
        return err_set(e, -EINVAL, "reading the request: \"%s\" is longer than %zu bytes",
            show(member->string).text, max);
    *out = member->valuestring;
    return 0;
}

static bool is_blank(const char *from, const char *to)
{
    while (from < to && strchr(" \t\r\n", *from) && *from)
        from++;
    return from == to;
}

/* One that has to be given. */
static int read_reason(const struct cJSON *member, const char **out, struct err *e)
{
    int r = read_text(member, VK_REASON_MAX, out, e);
    if (r == 0 && is_blank(*out, *out + strlen(*out)))
        return err_set(
            e, -EINVAL, "reading the request: \"%s\" needs a reason", show(member->string).text);
    return r;
}

static int read_bool(const struct cJSON *member, bool *out, struct err *e)
{
    if (!cJSON_IsBool(member))
        return err_set(e, -EINVAL, "reading the request: \"%s\" must be true or false",
            show(member->string).text);
    *out = cJSON_IsTrue(member);
    return 0;
}

static int read_span(const struct cJSON *member, usec_t *out, struct err *e)
{
    const char *text = NULL;
    int r = read_text(member, SPAN_TEXT_MAX, &text, e);
    if (r < 0)
        return r;
    if (span_parse(text, out) < 0 || *out == 0)
        return err_set(e, -EINVAL,
            "reading the request: \"%s\" must be a time span such as 24h, not \"%s\"",
            show(member->string).text, show(text).text);
    return 0;
}

/* Some words for people, in one line. */
static int read_words(const struct cJSON *member, const char **out, struct err *e)
{
    const char *text = NULL;
    int r = read_text(member, VK_TEAM_TEXT_MAX, &text, e);
    if (r == 0 && (is_blank(text, text + strlen(text)) || strpbrk(text, "\r\n")))
        r = err_set(
            e, -EINVAL, "reading the request: \"%s\" must be one line", show(member->string).text);
    if (r == 0)
        *out = text;
    return r;
}

static int read_due(const struct cJSON *member, usec_t *out_wall, struct err *e)
{
    struct err why = {0};
    const char *text = NULL;
    int r = read_text(member, SPAN_TEXT_MAX, &text, e);
    if (r < 0)
        return r;
    if (deployment_read_due(text, loop_wall_now(), out_wall, &why) < 0)
        return err_set(
            e, -EINVAL, "reading the request: \"%s\": %s", show(member->string).text, why.msg);
    return 0;
}

/* A whole number of at least 1 that a double carries exactly. */
static int read_number(const struct cJSON *member, uint64_t *out, struct err *e)
{
    double n = member->valuedouble;
    if (!cJSON_IsNumber(member) || !(n >= 1 && n <= 0x1p53) || n != (double)(uint64_t)n)
        return err_set(e, -EINVAL, "reading the request: \"%s\" must be a whole number above 0",
            show(member->string).text);
    *out = (uint64_t)n;
    return 0;
}

static int read_sort(const struct cJSON *member, enum key_sort *out, struct err *e)
{
#define X(symbol, name) name,
    static const char *const names[] = {KEY_SORTS(X)};
#undef X
    const char *text = NULL;
    int r = read_text(member, LIMIT_NAME, &text, e);
    if (r < 0)
        return r;
    int i = NAMES_FIND(names, text);
    if (i < 0)
        return err_set(e, -EINVAL, "reading the request: \"%s\" must be age or ttl, not \"%s\"",
            show(member->string).text, show(text).text);
    *out = (enum key_sort)i;
    return 0;
}

#define X(symbol, name) name,
static const char *const member_names[] = {API_MEMBERS(X)};
#undef X

static int read_value(
    enum api_member which, const struct cJSON *member, struct api_body *out, struct err *e)
{
    switch (which) {
    case API_MEMBER_REASON:
        return read_text(member, VK_REASON_MAX, &out->reason, e);
    case API_MEMBER_DRY_RUN:
        return read_bool(member, &out->sweep.dry_run, e);
    case API_MEMBER_KEYSPACE:
        return read_text(member, LIMIT_NAME, &out->sweep.keyspace, e);
    case API_MEMBER_OLDER_THAN:
        return read_span(member, &out->sweep.older_than, e);
    case API_MEMBER_LIMIT:
        return read_number(member, &out->sweep.limit, e);
    case API_MEMBER_CONFIRM:
        return read_text(member, LIMIT_NAME, &out->sweep.confirm, e);
    case API_MEMBER_NO_BACKUP:
        return read_bool(member, &out->sweep.no_backup, e);
    case API_MEMBER_STUCK:
        return read_bool(member, &out->keys.stuck, e);
    case API_MEMBER_SORT:
        return read_sort(member, &out->keys.sort, e);
    case API_MEMBER_OPERATION:
        return read_number(member, &out->operation, e);
    case API_MEMBER_FILE:
        return read_text(member, VK_REASON_MAX, &out->restore.file, e);
    case API_MEMBER_KEY:
        return read_text(member, VK_REASON_MAX, &out->restore.key, e);
    case API_MEMBER_SPAN:
        return read_span(member, &out->alert.span, e);
    case API_MEMBER_END:
        return read_bool(member, &out->alert.end, e);
    case API_MEMBER_NOTIFIER:
        return read_text(member, LIMIT_NAME, &out->alert.notifier, e);
    case API_MEMBER_REPLACE:
        return read_bool(member, &out->restore.replace, e);
    case API_MEMBER_SUPPRESSED:
        return read_number(member, &out->suppressed, e);
    case API_MEMBER_TEXT:
        return read_text(member, VK_REASON_MAX, &out->text, e);
    case API_MEMBER_PREFLIGHT:
        return read_bool(member, &out->preflight.first, e);
    case API_MEMBER_OVERRIDE:
        return read_reason(member, &out->preflight.override_reason, e);
    case API_MEMBER_JUNIT:
        return read_bool(member, &out->preflight.junit, e);
    case API_MEMBER_RELEASE:
        return read_words(member, &out->preflight.team.release, e);
    case API_MEMBER_RESPONSIBLE:
        return read_words(member, &out->preflight.team.responsible, e);
    case API_MEMBER_ETA:
        return read_due(member, &out->preflight.team.due_wall, e);
    case API_MEMBER_WORKERS:
        return read_number(member, &out->scale.workers, e);
    case API_MEMBER_DEFAULT:
        return read_bool(member, &out->scale.as_configured, e);
    case API_MEMBER_COUNT:
        break;
    }
    return -EINVAL;
}

static int read_member(const struct cJSON *member, struct api_body *out, struct err *e)
{
    int i = NAMES_FIND(member_names, member->string);
    if (i < 0)
        return err_set(
            e, -EINVAL, "reading the request: unknown member \"%s\"", show(member->string).text);
    out->members |= 1U << i;
    return read_value((enum api_member)i, member, out, e);
}

const char *api_body_surplus(const struct api_body *body, unsigned allowed)
{
    for (unsigned i = 0; i < API_MEMBER_COUNT; i++) {
        if (body->members & ~allowed & 1U << i)
            return member_names[i];
    }
    return NULL;
}

int api_body_read(const char *text, size_t len, struct api_body *out, struct err *e)
{
    *out = (struct api_body){.reason = ""};
    if (len == 0)
        return 0;
    /* What is in it comes back in answers and goes into events, which are UTF-8. */
    if (!text_is_utf8(text, len))
        return err_set(e, -EINVAL, "reading the request: its body is not UTF-8");
    const char *end = NULL;
    out->json = cJSON_ParseWithLengthOpts(text, len, &end, false);
    if (!cJSON_IsObject(out->json) || !is_blank(end, text + len))
        return err_set(e, -EINVAL, "reading the request: its body is not a JSON object");
    for (const struct cJSON *m = out->json->child; m; m = m->next) {
        int r = read_member(m, out, e);
        if (r < 0)
            return r;
    }
    return 0;
}

void api_body_fini(struct api_body *body)
{
    cJSON_Delete(body->json);
    *body = (struct api_body){0};
}

/* A name that needs no quoting anywhere. */
static bool is_user_name(const char *text)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strlen(text);
    return len > 0 && len <= SUDO_USER_MAX && strspn(text, chars) == len;
}

void api_author(const struct http_peer *peer, const char *sudo_user, const char *manager,
    char out[API_AUTHOR_MAX])
{
    bool ours = peer->local && (peer->uid == 0 || peer->uid == geteuid());
    if (ours && manager && strcmp(manager, VK_MANAGER_RELOAD) == 0) {
        snprintf(out, API_AUTHOR_MAX, "systemd (" VK_MANAGER_RELOAD ")");
        return;
    }
    char buf[4096];
    struct passwd pw;
    struct passwd *found = NULL;
    if (getpwuid_r(peer->uid, &pw, buf, sizeof buf, &found) == 0 && found)
        snprintf(out, API_AUTHOR_MAX, "%s", pw.pw_name);
    else
        snprintf(out, API_AUTHOR_MAX, "uid %u", peer->uid);
    /* Only root may say so: nobody else can claim to be somebody. */
    size_t len = strlen(out);
    if (peer->local && peer->uid == 0 && sudo_user && is_user_name(sudo_user))
        snprintf(out + len, API_AUTHOR_MAX - len, " (%s)", sudo_user);
}
