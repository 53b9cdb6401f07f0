/* What [Heal] says: how much is done without a person. */
#pragma once

#include "core/config/config_sections.h"

struct config_heal {
    bool memory;               /* MemoryHigh= is looked after */
    struct config_rate budget; /* of each remedy */
    usec_t proof;              /* so long without the symptom, and it has helped */
};
