/*
 * Asking a provider whether a credential is good: the requests to make, and what the answers mean.
 * No request changes or costs anything. Pure; daemon/credentials/provider_check.h makes them.
 *
 * Only what a provider says of the credential itself counts against it. A network that fails, an
 * overloaded server, an answer that is none of theirs, a clock of ours that is wrong: UNREACHABLE,
 * which says nothing of it.
 */
#pragma once

#include "base/span.h"
#include "base/strbuf.h"
#include "core/fleet/provider.h"

#include <stdbool.h>
#include <stddef.h>

#define PROVIDER_VERDICTS(X)                                                                       \
    X(UNREACHABLE, "unreachable")                                                                  \
    X(OK, "ok")                                                                                    \
    X(INVALID, "invalid")                                                                          \
    X(NO_PERMISSION, "no-permission") /* it is one of theirs, and may not do what was asked */     \
    X(NO_CREDIT, "no-credit")                                                                      \
    X(RATE_LIMITED, "rate-limited")

#define X(symbol, name) PROVIDER_SAYS_##symbol,
enum provider_verdict { PROVIDER_VERDICTS(X) };
#undef X

const char *provider_verdict_name(enum provider_verdict verdict);

/* How a value is to be sent; its first bytes tell. */
enum provider_form {
    PROVIDER_FORM_PLAIN,
    PROVIDER_FORM_PAIR,    /* PROVIDER_TWILIO: an API key, SK...:SECRET */
    PROVIDER_FORM_ACCOUNT, /* PROVIDER_GOOGLE: core/service_account.h has the request */
};
enum provider_form provider_form(enum provider provider, const char *value);

/* Why a value cannot be one of theirs, so that nobody need be asked; NULL: it may be. */
const char *provider_flaw(enum provider provider, const char *value);

struct provider_ask {
    enum provider provider;
    enum provider_form form;
    const char *base_url;    /* NULL: its own */
    const char *url;         /* PROVIDER_HTTP; of an account, where tokens are given out */
    const char *header;      /* PROVIDER_HTTP: what stands before the value */
    const char *account;     /* PROVIDER_TWILIO */
    const char *quota_json;  /* PROVIDER_HTTP: where its answer tells how much is left; NULL */
    const char *expiry_json; /* PROVIDER_HTTP: and until when the value is good; NULL */
    bool quota;              /* it shall tell how much is left, if it can */
};

/* Each is one request. */
enum provider_step {
    PROVIDER_STEP_KEY,    /* is it good */
    PROVIDER_STEP_SCOPED, /* it may not tell; may it do what the agent needs */
    PROVIDER_STEP_QUOTA,  /* how much is left */
    PROVIDER_STEP_DONE,
};

enum { PROVIDER_WORDS_MAX = 256, PROVIDER_PROJECT_MAX = 80, PROVIDER_HEADER_MAX = 8192 };

struct provider_reading {
    enum provider_verdict verdict;
    bool counted; /* `quota` is known */
    double quota;
    usec_t expires;                 /* wall time; 0: it does not tell */
    char words[PROVIDER_WORDS_MAX]; /* its own, one line; may quote the credential */
    char project[PROVIDER_PROJECT_MAX];
};

/* Appends the address of a step. Each is a GET, but for accounts: theirs is a POST. */
void provider_write_url(const struct provider_ask *ask, enum provider_step step,
    const struct provider_reading *so_far, struct strbuf *out);

/* The header with the value, of accounts with the form's type; false if it does not fit. */
bool provider_write_header(
    const struct provider_ask *ask, const char *value, char out[PROVIDER_HEADER_MAX]);

/* Another header that it wants, or NULL. */
const char *provider_extra_header(enum provider provider);

/* Takes the answer to a step and returns the next one. Begin with a reading that is all zero. */
enum provider_step provider_read(const struct provider_ask *ask, enum provider_step step,
    int status, const char *body, size_t len, struct provider_reading *reading);

/* Whether `words` hold a part of the value that somebody could use or recognise. */
bool provider_quotes(const char *words, const char *value);
