/* Judging the ways in and back. */
#include "core/doctor/doctor_webhook.h"

#include "core/doctor/doctor.h"
#include "core/doctor/doctor_agent.h"

#include <inttypes.h>
#include <string.h>

/* A certificate that is younger than that is not renewed by anybody yet. */
enum { EXPIRES_SOON_DAYS = 14 };

/* An agent that is there answers an empty body with 400, or 503 when it is switched off. */
static void judge_probe(const struct doctor_http *h, struct doctor_report *r)
{
    char text[DOCTOR_HTTP_TEXT_MAX];
    if (!h->asked)
        return;
    doctor_http_text(h, text);
    if (h->reply == DOCTOR_TIMED_OUT)
        doctor_add(r, DOCTOR_WEBHOOK_TIMEOUT, "", "POST %s", text);
    else if (h->reply != DOCTOR_ANSWERED)
        doctor_add(r, DOCTOR_WEBHOOK_REFUSED, "", "POST %s", text);
    else if (h->status == 503)
        doctor_add(r, DOCTOR_WEBHOOK_DISABLED, "", "POST %s", text);
    else if (h->status == 401)
        doctor_add(r, DOCTOR_WEBHOOK_SECRET, "", "POST %s", text);
    else if (h->status != 400)
        doctor_add(r, DOCTOR_WEBHOOK_ANSWER, "", "POST %s; an empty body should get 400", text);
}

static void judge_public(const struct doctor_webhook *f, struct doctor_report *r)
{
    char text[DOCTOR_HTTP_TEXT_MAX];
    const struct doctor_http *h = &f->public_tools;
    if (!h->asked)
        return;
    doctor_http_text(h, text);
    if (h->reply != DOCTOR_ANSWERED) {
        doctor_add(r, h->certificate ? DOCTOR_PUBLIC_CERTIFICATE : DOCTOR_PUBLIC_UNREACHABLE, "",
            "POST %s", text);
        if (h->certificate)
            doctor_fix_secure(
                r, h, "  # then renew it, and reload the proxy in front of the agent");
        else
            doctor_fix(r, "curl -v -X POST -d {} '%s'", h->url);
        return;
    }
    if (h->status == 401)
        doctor_add(r, DOCTOR_WEBHOOK_SECRET, "", "POST %s", text);
    else if (h->status != 400 && !(h->status == 503 && f->agent_disabled)) {
        doctor_add(r, DOCTOR_PUBLIC_ELSEWHERE, "", "POST %s; an empty body should get 400", text);
        doctor_fix(r,
            "curl -v -X POST -d {} '%s'  # what answers is named by the proxy's "
            "configuration",
            h->url);
    }
    int64_t left = h->expires - (int64_t)(h->wall / USEC_PER_SEC);
    if (h->expires > 0 && left < EXPIRES_SOON_DAYS * INT64_C(86400)) {
        doctor_add(r, DOCTOR_PUBLIC_EXPIRES, "", "%s: in %" PRId64 " days", h->url, left / 86400);
        doctor_fix_secure(r, h, "  # then renew it, and reload the proxy in front of the agent");
    }
}

/* Whether both answers come from the same agent: what it tells of itself is the same. */
static bool is_same_agent(const struct doctor_http *a, const struct doctor_http *b)
{
    static const char *const members[] = {
        "config.agentId", "config.agentUrl", "config.cursorRunnerUrl", "config.redisUrl"};
    char x[256];
    char y[256];
    if (a->status != b->status)
        return false;
    for (size_t i = 0; a->status == 200 && i < sizeof members / sizeof *members; i++) {
        bool has_x = doctor_member(a->body, members[i], x, sizeof x);
        bool has_y = doctor_member(b->body, members[i], y, sizeof y);
        if (has_x != has_y || (has_x && strcmp(x, y) != 0))
            return false;
    }
    return true;
}

static void judge_back(const struct doctor_webhook *f, struct doctor_report *r)
{
    char text[DOCTOR_HTTP_TEXT_MAX];
    const struct doctor_http *h = &f->back;
    if (!h->asked)
        return;
    doctor_http_text(h, text);
    if (h->reply != DOCTOR_ANSWERED) {
        doctor_add(r, DOCTOR_CALLBACK_URL, "", "ELEVENLABS_AGENT_URL: POST %s", text);
    } else if (h->status != 400 && !(h->status == 503 && f->agent_disabled)) {
        doctor_add(r, DOCTOR_CALLBACK_URL, "",
            "ELEVENLABS_AGENT_URL: POST %s; an empty body should get 400", text);
    } else if (f->own_config.reply == DOCTOR_ANSWERED && f->own_config.asked &&
               f->back_config.asked &&
               (f->back_config.reply != DOCTOR_ANSWERED ||
                   !is_same_agent(&f->own_config, &f->back_config))) {
        doctor_add(r, DOCTOR_CALLBACK_URL, "",
            "ELEVENLABS_AGENT_URL: %s is another agent than ours: its /config differs", h->url);
    }
}

void doctor_judge_webhook(const struct doctor_webhook *f, struct doctor_report *r)
{
    char text[DOCTOR_HTTP_TEXT_MAX];
    judge_probe(&f->tools, r);
    /* Two ways of saying the same are one finding. */
    if (!(f->tools.asked && f->callback.asked && f->tools.reply == f->callback.reply &&
            f->tools.status == f->callback.status))
        judge_probe(&f->callback, r);
    if (f->secrets_refused > 0 && !doctor_has(r, DOCTOR_WEBHOOK_SECRET))
        doctor_add(r, DOCTOR_WEBHOOK_SECRET, "", "%u were, lately; the agent said: %s",
            f->secrets_refused, f->secret_line);
    judge_public(f, r);
    judge_back(f, r);
    if (f->runner.asked && (f->runner.reply != DOCTOR_ANSWERED || f->runner.status != 200)) {
        doctor_add(r, DOCTOR_CALLBACK_RUNNER, "", "CURSOR_RUNNER_URL: GET %s",
            doctor_http_text(&f->runner, text));
        doctor_fix(r,
            "curl -v '%s'  # start cursor-runner; or correct CURSOR_RUNNER_URL in "
            "Environment= of [Agent], and: voxkeeper reload",
            f->runner.url);
    }
}
