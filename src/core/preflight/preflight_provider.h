/* What a provider's answer about a credential means before a deployment. Pure. */
#pragma once

#include "core/config/config_credential.h"
#include "core/credentials/provider_check.h"
#include "core/preflight/preflight.h"

/* Notes the evidence. What could not be found out counts against it. */
void preflight_provider(const struct config_credential *conf, const struct provider_reading *r,
    usec_t now_wall, struct preflight *p, unsigned row);
