/* Verifies one value with its provider, by what core/credentials/provider_check.h asks. */
#pragma once

#include "core/config/config_credential.h"
#include "core/credentials/provider_check.h"

struct http_client;
struct loop;
struct provider_check;

typedef void provider_check_fn(const struct provider_reading *reading, void *arg);

/*
 * Everything is borrowed for the call. `on_read` comes once, from the loop; its words hold no part
 * of the value. The object is to be freed then or before. `conf` has a provider; with `quota` it is
 * asked how much is left, if it can tell. Returns owned; NULL when memory is out.
 */
struct provider_check *provider_check_new(struct loop *l, struct http_client *http,
    const struct config_credential *conf, const char *value, bool quota, provider_check_fn *on_read,
    void *arg);

/* No callback comes after this. NULL is fine. */
void provider_check_free(struct provider_check *c);
