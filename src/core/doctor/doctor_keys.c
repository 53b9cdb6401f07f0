/* Judging sessions and tasks. */
#include "core/doctor/doctor_keys.h"

#include "base/strbuf.h"
#include "base/text.h"
#include "core/doctor/doctor.h"

#include <inttypes.h>
#include <stdio.h>

void doctor_count_add(
    struct doctor_count *c, const char *name, unsigned name_len, const char *reason)
{
    struct strbuf text = STRBUF_INIT;
    if (c->n++ > 0)
        return;
    text_escape(&text, name, name_len, DOCTOR_EXAMPLE_MAX - sizeof "…");
    snprintf(c->example, sizeof c->example, "%s", strbuf_text(&text));
    snprintf(c->reason, sizeof c->reason, "%s", reason);
    strbuf_fini(&text);
}

static void judge(const struct doctor_count *c, enum doctor_check check, struct doctor_report *r)
{
    if (c->n > 0)
        doctor_add(r, check, "", "%" PRIu64 ", such as %s: %s", c->n, c->example, c->reason);
}

void doctor_judge_keys(const struct doctor_keys *f, struct doctor_report *r)
{
    char oldest[SPAN_TEXT_MAX];
    if (!f->walked) {
        if (f->why[0]) {
            doctor_gap(r, DOCTOR_SESSIONS, "%s", f->why);
            doctor_gap(r, DOCTOR_CALLBACK, "pending tasks: %s", f->why);
        }
        return;
    }
    judge(&f->no_ttl, DOCTOR_SESSIONS_NO_TTL, r);
    judge(&f->odd_ttl, DOCTOR_SESSIONS_ODD_TTL, r);
    judge(&f->outlived, DOCTOR_SESSIONS_OUTLIVED, r);
    if (f->old.n > 0)
        doctor_add(r, DOCTOR_CALLBACK_OLD, "",
            "%" PRIu64 " for too long, such as %s: %s; all that wait: %" PRIu64
            " for up to 1h, %" PRIu64 " up to 1d, %" PRIu64 " longer, the oldest for %s",
            f->old.n, f->old.example, f->old.reason, f->pending_hour, f->pending_day,
            f->pending_more, span_format(f->oldest, oldest));
    judge(&f->orphans, DOCTOR_CALLBACK_ORPHANS, r);
    if (!f->complete)
        doctor_gap(r, DOCTOR_SESSIONS, "only %" PRIu64 " keys were looked at: %s", f->keys, f->why);
}
