/* The credentials, as the configuration has them. */
#include "daemon/credentials/credentials_parts.h"

#include "core/event.h"
#include "daemon/daemon.h"
#include "io/files/doc_dir.h"
#include "io/secret_memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_INTERVAL USEC_PER_SEC

struct credential *credentials_find(struct credentials *c, const char *name)
{
    for (unsigned i = 0; i < c->n; i++) {
        if (strcmp(c->all[i]->record.name, name) == 0)
            return c->all[i];
    }
    return NULL;
}

static void forget(struct credentials *c, unsigned i)
{
    struct credential *one = c->all[i];
    credential_check_forget(one);
    secret_memory_free(one->secrets, sizeof *one->secrets);
    free(one);
    memmove(&c->all[i], &c->all[i + 1], (--c->n - i) * sizeof(struct credential *));
}

/* What an instance before knew of it. */
static void take_former(struct credentials *c, struct credential *one)
{
    for (unsigned i = 0; i < c->n_former; i++) {
        if (strcmp(c->former[i].name, one->record.name) == 0)
            one->record = c->former[i];
    }
}

static struct credential *add(struct credentials *c, const struct config_credential *conf)
{
    struct credential *one = calloc(1, sizeof *one);
    if (!one)
        return NULL;
    *one = (struct credential){.all = c, .conf = conf, .aged_at = loop_now()};
    one->secrets = secret_memory_new(sizeof *one->secrets);
    if (!one->secrets) {
        free(one);
        return NULL;
    }
    snprintf(one->record.name, sizeof one->record.name, "%s", conf->name);
    c->all[c->n++] = one;
    take_former(c, one);
    credential_begin(one);
    return one;
}

/* Room is made by those that only workers of long ago could want. */
static void make_room(struct credentials *c)
{
    for (unsigned i = 0; c->n == sizeof c->all / sizeof *c->all && i < c->n; i++) {
        if (!c->all[i]->conf)
            forget(c, i--);
    }
}

/* Nobody is to replace what is not configured any more. */
static void forget_incidents(struct credentials *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        if (c->all[i]->conf)
            continue;
        credential_clear(c->all[i], "it is no credential of ours any more");
        c->all[i]->told_age = CREDENTIAL_FRESH;
        c->all[i]->record.used.told = c->all[i]->record.next.told = CREDENTIAL_FRESH;
    }
}

/* Its file is read anew, its provider asked anew. */
static void look_anew(struct credential *one)
{
    if (!one->checks_new)
        credential_check_forget(one);
    one->stamp = (struct file_stamp){0};
    one->check_at = 0;
}

void credentials_retry(struct credentials *c)
{
    for (unsigned i = 0; i < c->n; i++)
        look_anew(c->all[i]);
}

int credentials_configure(struct credentials *c, const struct config *config, struct err *e)
{
    if (config->n_credentials > 0)
        credentials_open(c);
    credentials_retry(c);
    for (unsigned i = 0; i < c->n; i++)
        c->all[i]->conf = NULL;
    for (unsigned i = 0; i < config->n_credentials; i++) {
        const struct config_credential *conf = &config->credentials[i];
        struct credential *one = credentials_find(c, conf->name);
        make_room(c);
        if (one)
            one->conf = conf;
        else if (!add(c, conf))
            return err_sys(e, -ENOMEM, "reading credential %s", conf->name);
    }
    credentials_save(c);
    if (c->begun) {
        forget_incidents(c);
        credentials_begin(c);
    }
    return 0;
}

static void look(struct credential *one)
{
    if (one->news)
        credential_tell(
            one, EVENT_CREDENTIAL_IN_USE, "", "", "its value was not known before and is in use");
    one->news = false;
    credential_rotate_look(one);
    credential_check_look(one);
    credential_age_look(one);
}

static void on_look(void *arg)
{
    struct credentials *c = arg;
    for (unsigned i = 0; i < c->n; i++) {
        if (c->all[i]->conf)
            look(c->all[i]);
    }
    if (c->n > 0)
        timer_arm(c->look, usec_add(loop_now(), LOOK_INTERVAL));
}

struct credentials *credentials_new(struct daemon *d)
{
    struct err e = {0};
    struct credentials *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->daemon = d;
    c->look = timer_new(d->loop, on_look, c);
    if (credentials_configure(c, d->config, &e) < 0) {
        credentials_free(c);
        return NULL;
    }
    return c;
}

void credentials_free(struct credentials *c)
{
    if (!c)
        return;
    credentials_save(c);
    while (c->n > 0)
        forget(c, c->n - 1);
    doc_dir_free(c->dir);
    timer_free(c->look);
    explicit_bzero(c->key, sizeof c->key);
    free(c);
}

void credentials_begin(struct credentials *c)
{
    c->begun = true;
    on_look(c);
}

bool credentials_at(const struct credentials *c, unsigned i, struct credential_view *out)
{
    for (unsigned n = 0; n < c->n; n++) {
        const struct credential *one = c->all[n];
        if (!one->conf || i-- > 0)
            continue;
        *out = (struct credential_view){.name = one->conf->name,
            .provider = provider_name(one->conf->provider),
            .known = one->record.used.fingerprint[0] != '\0',
            .age = credential_age_now(one),
            .rotate_after = one->conf->rotate_after,
            .judged = one->judged,
            .valid = one->valid,
            .counted = one->counted,
            .quota = one->quota,
            .expires = one->expires};
        return true;
    }
    return false;
}
