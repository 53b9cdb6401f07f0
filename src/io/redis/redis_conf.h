/* A link's settings, kept for another link. */
#pragma once

#include "io/redis/redis_link.h"

/* Returns owned; aborts when memory is out. */
struct redis_link_conf *redis_conf_copy(const struct redis_link_conf *conf);

/* NULL is fine. */
void redis_conf_free(struct redis_link_conf *conf);
