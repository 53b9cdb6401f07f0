/* DUMP payloads beyond their decoding: what type a value has, and one that every Redis accepts. */
#pragma once

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

/* "string", "list", "set", "zset", "hash", "stream", "module" or "unknown". */
const char *rdb_type_name(const void *payload, size_t len);

/* Whether its own checksum holds: a server that refuses it then does not know its version. */
bool rdb_is_whole(const void *payload, size_t len);

/*
 * Appends a payload of RDB version 6 (Redis 2.8) that holds the string: what RESTORE of every later
 * server takes. Returns 0 or -ENOMEM.
 */
int rdb_string_encode(const void *value, size_t len, struct strbuf *out);
