/* Events that are changes. */
#include "core/changes/change_kind.h"

#include <stddef.h>

const char *change_kind_of(enum event_id id)
{
    static const char *const kinds[EVENT_COUNT] = {
#define X(symbol, kind) [EVENT_##symbol] = kind,
        CHANGE_EVENTS(X)
#undef X
    };
    return kinds[id];
}
