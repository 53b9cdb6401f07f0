/*
 * What each kind of receiver wants to be sent. All of it is JSON; limits of theirs are kept by
 * cutting, never by leaving a notice out.
 */
#pragma once

#include "base/span.h"
#include "base/strbuf.h"
#include "core/incidents/notice.h"

#include <stddef.h>

/* What every alert has in common. */
struct notice_sender {
    const char *host;
    const char *routing_key; /* PagerDuty's; a secret */
};

/*
 * POST /api/v2/alerts: one alert for each notice. Those that are not resolved end at `ends_wall`,
 * unless they are told again before; a resolved one ends when it was resolved, and a deployment's
 * when it ended.
 */
void notice_body_alertmanager(const struct notice *const *notices, size_t n,
    const struct notice_sender *sender, usec_t ends_wall, struct strbuf *out);

/*
 * PagerDuty Events v2: opened and updated trigger, the others acknowledge and resolve. A deployment
 * is a change event, which pages nobody and has an address of its own.
 */
void notice_body_pagerduty(
    const struct notice *n, const struct notice_sender *sender, struct strbuf *out);

/* Appends where that goes, of the address for events: `/change/enqueue` for `/enqueue`. */
void notice_url_pagerduty(const struct notice *n, const char *url, struct strbuf *out);

/* A Slack incoming webhook: a line for where blocks are not shown, and the blocks. */
void notice_body_slack(
    const struct notice *n, const struct notice_sender *sender, struct strbuf *out);
