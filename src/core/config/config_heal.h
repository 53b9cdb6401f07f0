/* What [Heal] says: how much is done without a person. */
#pragma once

#include "core/config/config_sections.h"

struct config_heal {
    bool zombie, hung;         /* workers that lost Redis, or hang, are replaced */
    bool memory;               /* MemoryHigh= is looked after */
    bool stuck;                /* many stuck keys are swept before Interval= has passed */
    uint64_t stuck_keys;       /* so many */
    struct config_rate budget; /* of each remedy */
    usec_t proof;              /* so long without the symptom, and it has helped */
};
