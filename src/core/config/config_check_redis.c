/* Checks across fields: Redis, and the keys that the sweep may touch. */
#include "core/config/config_check.h"

#include "base/text.h"
#include "core/redis_url.h"

#include <string.h>

void config_check_redis(struct config_build *b)
{
    const struct config_redis *r = &b->config->redis;
    const struct config_place *username = config_place_of(b, "Redis", "Username", 0);
    const struct config_place *credential = config_place_of(b, "Redis", "PasswordCredential", 0);
    struct redis_url url = {0};
    struct err e = {0};
    if (!r->url) {
        if ((r->username || r->password_credential) && !config_was_refused(b, "Redis", "Url", 0))
            config_report_at(b, r->username ? username : credential,
                "refuse %s= in [Redis]: there is no Url=",
                r->username ? "Username" : "PasswordCredential");
        return;
    }
    if (redis_url_parse(r->url, &url, &e) < 0)
        return; /* told when it was read */
    if (url.password[0] && r->password_credential)
        config_report_at(b, credential, "refuse PasswordCredential=: Url= holds a password too");
    if (url.username[0] && r->username)
        config_report_at(b, username, "refuse Username=%.80s: Url= names a user too", r->username);
    else if ((url.username[0] || r->username) && !url.password[0] && !r->password_credential)
        config_report_at(b, r->username ? username : config_place_of(b, "Redis", "Url", 0),
            "refuse a user of Redis without a password: set PasswordCredential=");
}

/* Length of what a glob begins with before anything can vary. */
static size_t literal(const char *glob)
{
    return strcspn(glob, "*?[\\");
}

static bool begins_alike(const char *a, const char *b)
{
    size_t la = literal(a);
    size_t lb = literal(b);
    return strncmp(a, b, la < lb ? la : lb) == 0;
}

/* Whether `glob` is a prefix and `*`, and takes every key of the keyspace. */
static bool covers(const char *glob, const char *pattern)
{
    size_t n = literal(glob);
    return strcmp(glob + n, "*") == 0 && strncmp(glob, pattern, n) == 0;
}

static void check_ages(struct config_build *b, unsigned index)
{
    const struct config_keyspace *k = &b->config->keyspaces[index];
    const struct config_place *max_age = config_place_of(b, "Keyspace", "MaxAge", index);
    const struct config_place *action = config_place_of(b, "Keyspace", "Action", index);
    if (!k->report_only && k->max_age == USEC_INFINITY)
        config_report_at(b, action ? action : max_age,
            "refuse Action=delete of keyspace %s: it needs a MaxAge=", k->name);
    if (k->repair && k->expect_ttl == USEC_INFINITY)
        config_report_at(b, config_place_of(b, "Keyspace", "Repair", index),
            "refuse Repair=yes of keyspace %s: it needs an ExpectTTL=", k->name);
    if (k->expect_ttl != USEC_INFINITY && k->expect_ttl > k->max_age) {
        char ttl[SPAN_TEXT_MAX];
        char age[SPAN_TEXT_MAX];
        config_report_at(b, max_age ? max_age : config_place_of(b, "Keyspace", "ExpectTTL", index),
            "refuse MaxAge=%s of keyspace %s: shorter than ExpectTTL=%s, a key would be stuck "
            "before it expires",
            span_format(k->max_age, age), k->name, span_format(k->expect_ttl, ttl));
    }
}

static void check_pattern(struct config_build *b, unsigned index)
{
    const struct config *c = b->config;
    const struct config_keyspace *k = &c->keyspaces[index];
    const struct config_place *place = config_place_of(b, "Keyspace", "Pattern", index);
    if (begins_alike(k->pattern, CONFIG_PROTECTED)) {
        config_report_at(b, place, "refuse Pattern=%.80s of keyspace %s: it could take keys of %s",
            k->pattern, k->name, CONFIG_PROTECTED);
        return;
    }
    for (size_t i = 0; i < c->sweep.protect.n; i++) {
        if (covers(c->sweep.protect.items[i], k->pattern))
            config_report_at(b, place ? place : config_place_of(b, "Sweep", "Protect", 0),
                "refuse Pattern=%.80s of keyspace %s: Protect=%.80s covers all of it", k->pattern,
                k->name, c->sweep.protect.items[i]);
    }
    for (unsigned i = 0; i < index; i++) {
        if (c->keyspaces[i].pattern && begins_alike(c->keyspaces[i].pattern, k->pattern))
            config_report_at(b, place,
                "refuse Pattern=%.80s of keyspace %s: keyspace %s takes keys of it too", k->pattern,
                k->name, c->keyspaces[i].name);
    }
}

void config_check_keyspaces(struct config_build *b)
{
    const struct config *c = b->config;
    for (unsigned i = 0; i < c->n_keyspaces; i++) {
        check_ages(b, i);
        if (c->keyspaces[i].pattern)
            check_pattern(b, i);
        else if (!config_was_refused(b, "Keyspace", "Pattern", i))
            config_report_at(b, NULL, "no Pattern= of keyspace %s", c->keyspaces[i].name);
    }
}
