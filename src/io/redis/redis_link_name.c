/* What people call the states of a link. */
#include "io/redis/redis_link.h"

const char *redis_link_state_name(enum redis_link_state state)
{
    static const char *const names[] = {
#define X(symbol, name) [REDIS_LINK_##symbol] = name,
        REDIS_LINK_STATES(X)
#undef X
    };
    return names[state];
}
