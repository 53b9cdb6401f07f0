/*
 * A deployment as the team hears of it: that it begins, with what, which version, who is
 * responsible and until when; and how it ended. It ends with the operation that it is of: a
 * rollout, or the checklist alone, before somebody else rolls out. Pure.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"
#include "core/preflight/preflight.h"

#include <stdint.h>

enum {
    DEPLOYMENT_ID_MAX = 64,
    DEPLOYMENT_KIND_MAX = 32,
    DEPLOYMENT_TEXT_MAX = 257, /* with its NUL, as is the next */
    DEPLOYMENT_WHAT_MAX = 1025,
};

/* Texts are "" where nothing is known. */
struct deployment {
    char id[DEPLOYMENT_ID_MAX]; /* "20261122-193000-deployment-12" */
    uint64_t operation;
    char kind[DEPLOYMENT_KIND_MAX]; /* of the operation */
    char what[DEPLOYMENT_WHAT_MAX];
    char version[DEPLOYMENT_TEXT_MAX];
    char responsible[DEPLOYMENT_TEXT_MAX];
    char author[DEPLOYMENT_TEXT_MAX]; /* who asked for it */
    usec_t began_wall;
    usec_t due_wall; /* estimated completion; 0: not known */
};

/* The id, by its time and its operation. */
void deployment_name(struct deployment *d);

/* Reads when it is to be done: a time span from `now`, or a point in time that is not past. Returns
 * 0, or -EINVAL with *e. */
int deployment_read_due(const char *text, usec_t now_wall, usec_t *out_wall, struct err *e);

/* What the team reads when it begins: one line, and further ones. Appends. */
void deployment_write_begun(
    const struct deployment *d, struct strbuf *summary, struct strbuf *details);

/* The same when it has ended; `state` ("rolled_back") and `message` are the
 * operation's. */
void deployment_write_ended(const struct deployment *d, const char *state, const char *message,
    usec_t now_wall, struct strbuf *summary, struct strbuf *details);

/* Notes whether all of it is known that the team is to be told. */
void deployment_judge(const struct deployment *d, struct preflight *p, unsigned row);

/* As JSON, for who has to tell its end when we cannot. Returns 0, or -EINVAL with *e. */
void deployment_write_json(const struct deployment *d, struct strbuf *out);
int deployment_read_json(const char *text, size_t len, struct deployment *out, struct err *e);
