/* Names of providers. */
#include "core/fleet/provider.h"

const char *provider_name(enum provider provider)
{
#define X(symbol, name, ...) name,
    static const char *const names[] = {PROVIDERS(X)};
#undef X
    return names[provider];
}

const char *provider_base_url(enum provider provider)
{
#define X(symbol, name, url) url,
    static const char *const urls[] = {PROVIDERS(X)};
#undef X
    return urls[provider];
}
