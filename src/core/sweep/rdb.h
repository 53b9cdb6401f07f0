/*
 * What Redis' DUMP answers, decoded: the value is judged from the very bytes that are compared
 * before it is deleted, so that a value written between a GET and a DUMP cannot be lost.
 */
#pragma once

#include "base/strbuf.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Appends the string that a DUMP payload holds. Returns 0, -EPROTOTYPE (a value of another type),
 * -EFBIG (longer than `max`), -EBADMSG (damaged, or an encoding that is not known) or -ENOMEM;
 * then nothing is appended. Every RDB version is read: strings never changed.
 */
int rdb_string_decode(const void *payload, size_t len, size_t max, struct strbuf *out);

/* CRC-64 as Redis computes it (Jones). */
uint64_t rdb_crc64(const void *bytes, size_t len);
