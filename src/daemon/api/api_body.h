/* Reading what a changing request brings: its JSON body and who sent it. */
#pragma once

#include "base/err.h"
#include "daemon/sweep/key_list.h"
#include "daemon/sweep/restore.h"
#include "daemon/sweep/sweeps.h"
#include "daemon/verbs/verb_alert.h"
#include "daemon/verbs/verb_preflight.h"
#include "daemon/verbs/verb_scale.h"
#include "io/http/http_server.h"

#include <stddef.h>

struct cJSON;

enum { API_AUTHOR_MAX = 96 };

/* The members that a body may have. Which of them a path takes is in the table of routes. */
#define API_MEMBERS(X)                                                                             \
    X(REASON, "reason")                                                                            \
    X(DRY_RUN, "dry_run")                                                                          \
    X(KEYSPACE, "keyspace")                                                                        \
    X(OLDER_THAN, "older_than")                                                                    \
    X(LIMIT, "limit")                                                                              \
    X(CONFIRM, "confirm")                                                                          \
    X(NO_BACKUP, "no_backup")                                                                      \
    X(STUCK, "stuck")                                                                              \
    X(SORT, "sort")                                                                                \
    X(OPERATION, "operation")                                                                      \
    X(FILE, "file")                                                                                \
    X(KEY, "key")                                                                                  \
    X(SPAN, "span")                                                                                \
    X(END, "end")                                                                                  \
    X(NOTIFIER, "notifier")                                                                        \
    X(REPLACE, "replace")                                                                          \
    X(TEXT, "text")                                                                                \
    X(SUPPRESSED, "suppressed")                                                                    \
    X(JUNIT, "junit")                                                                              \
    X(PREFLIGHT, "preflight")                                                                      \
    X(OVERRIDE, "override")                                                                        \
    X(RELEASE, "release")                                                                          \
    X(RESPONSIBLE, "responsible")                                                                  \
    X(ETA, "eta")                                                                                  \
    X(WORKERS, "workers")                                                                          \
    X(DEFAULT, "default")

#define X(symbol, name) API_MEMBER_##symbol,
enum api_member { API_MEMBERS(X) API_MEMBER_COUNT };
#undef X

#define API_MEMBER_BIT(symbol) (1U << API_MEMBER_##symbol)

struct api_body {
    const char *text;   /* NULL if absent */
    const char *reason; /* "" if absent; borrowed from `json`, as are the others */
    const char *below;  /* what the path has below the route's, without the slash */
    struct sweep_wish sweep;
    struct key_wish keys; /* but for what it has in common with `sweep`: keyspace and limit */
    struct restore_wish restore; /* but for `dry_run`, which is in `sweep` */
    struct alert_wish alert;
    struct preflight_wish preflight;
    struct scale_wish scale;
    uint64_t operation;  /* 0: none */
    uint64_t suppressed; /* lines that the journal dropped; 0: not known */
    unsigned members;    /* API_MEMBER_BIT()s of those that were there */
    struct cJSON *json;  /* owned; NULL for an empty body */
};

/*
 * Reads a body: nothing, or a JSON object with known members of the right kind. Returns 0, or
 * -EINVAL with *e naming the member. Call api_body_fini() either way.
 */
int api_body_read(const char *text, size_t len, struct api_body *out, struct err *e);
void api_body_fini(struct api_body *body);

/* The name of the first member that is not among `allowed`; NULL: every one is. */
const char *api_body_surplus(const struct api_body *body, unsigned allowed);

/* The peer's user name, or its number; of root "root (alice)" if it says that alice called sudo.
 * `sudo_user` is not to be trusted; NULL: none. */
/* `manager`: what of the service manager's it says to be part of; believed of root and of our own
 * user only, since for whom is not known. NULL: nothing. */
void api_author(const struct http_peer *peer, const char *sudo_user, const char *manager,
    char out[API_AUTHOR_MAX]);
