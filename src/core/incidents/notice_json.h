/*
 * A notice in our own form: the body of a webhook, the stdin of a command, and what the queue on
 * disk keeps. Members are only ever added.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"
#include "core/incidents/notice.h"

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

/*
 * Appends {"kind", "incident", "condition", "severity", "agent", "host", "subject", "summary",
 * "details", "runbook_url", "dedup_key", "opened_at", "at"} in one line; times are ISO 8601.
 */
void notice_write_json(const struct notice *n, const char *host, struct strbuf *out);

/* One that was read; its texts live as long as `json`. */
struct notice_read {
    struct notice notice;
    struct cJSON *json; /* owned */
};

/*
 * Reads what notice_write_json() wrote. Returns 0, or -EINVAL with *e naming the member (nothing to
 * end then).
 */
int notice_read_json(const char *text, size_t len, struct notice_read *out, struct err *e);
void notice_read_fini(struct notice_read *read);

/* "opened" and so on. */
const char *notice_kind_name(enum notice_kind kind);

/* Whether it is about an incident, and not about a deployment or nothing at all. */
bool notice_of_incident(enum notice_kind kind);

/* The condition's name, "deployment" or "test". */
const char *notice_condition(const struct notice *n);

/* Appends what receivers know the incident by: `voxkeeper/HOST/INCIDENT`. */
void notice_dedup_key(const struct notice *n, const char *host, struct strbuf *out);
