/* [Instructions]: the agent's configuration at ElevenLabs, which somebody may change there. */
#pragma once

#include "base/span.h"

struct config_instructions {
    char *agent_id;       /* NULL: nobody looks */
    char *key_credential; /* file whose first line is the key; NULL: none is sent */
    char *base_url;
    char *ca_file; /* NULL: the system's authorities */
    usec_t interval;
};
