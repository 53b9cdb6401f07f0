/* How patient the link to Redis is, and what it makes of an error reply to its own commands. */
#pragma once

#include "io/redis/redis_link.h"

/* Between two PINGs to a server that answers but cannot serve. */
#define REDIS_POLICY_PING_LOADING USEC_PER_SEC

enum redis_link_state redis_policy_state(enum redis_error error);

/* How long to wait after an attempt or a connection ended so, after `failures` in a row before. */
usec_t redis_policy_retry(enum redis_link_state ended, unsigned failures);
