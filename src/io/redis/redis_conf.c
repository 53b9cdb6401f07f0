/* A link's settings. */
#include "io/redis/redis_conf.h"

#include <stdlib.h>
#include <string.h>

static const char *copy(const char *text)
{
    char *copied = text ? strdup(text) : NULL;
    if (text && !copied)
        abort();
    return copied;
}

struct redis_link_conf *redis_conf_copy(const struct redis_link_conf *conf)
{
    struct redis_link_conf *c = malloc(sizeof *c);
    if (!c)
        abort();
    *c = *conf;
    c->url = copy(conf->url);
    c->username = copy(conf->username);
    c->password_file = copy(conf->password_file);
    return c;
}

void redis_conf_free(struct redis_link_conf *conf)
{
    if (!conf)
        return;
    /* A URL may hold a password. */
    explicit_bzero((char *)conf->url, strlen(conf->url));
    free((char *)conf->url);
    free((char *)conf->username);
    free((char *)conf->password_file);
    free(conf);
}
