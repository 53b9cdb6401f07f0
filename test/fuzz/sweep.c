/*
 * Any bytes as the value of a key, in any circumstances (the first eight bytes): whatever is judged
 * removable is old, not alive, and not about to expire by itself; whatever is repaired gets a TTL
 * that can be used.
 */
#include "fuzz.h"

#include "core/config/config.h"
#include "core/sweep/sweep.h"

#include <stdlib.h>
#include <string.h>

enum { CIRCUMSTANCES = 8 };

static void check(bool holds)
{
    if (!holds)
        abort();
}

static usec_t span_of(uint8_t byte)
{
    return byte ? USEC_PER_SEC << (byte % 32) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char field_a[] = "lastAccessedAt";
    static char field_b[] = "createdAt";
    static char *fields[] = {field_a, field_b, NULL};
    if (size < CIRCUMSTANCES)
        return 0;
    const struct config_keyspace space = {
        .kind = (enum config_keyspace_kind)(data[0] % 3),
        .expect_ttl = span_of(data[1]),
        .max_age = span_of(data[2]),
        .age_fields = {fields, 2},
        .max_value = 256 * 1024,
        .repair = data[6] & 1,
    };
    usec_t active_window = span_of(data[3]);
    const struct sweep_facts facts = {
        .name = "k",
        .name_len = 1,
        .is_string = true,
        .ttl_known = true,
        .has_ttl = data[4] != 0,
        .ttl = span_of(data[4]),
        .idle_known = data[5] != 0,
        .idle = span_of(data[5]),
        .too_big = data[6] & 2,
        .least_age = span_of(data[6] >> 2),
        .value = (const char *)data + CIRCUMSTANCES,
        .value_len = size - CIRCUMSTANCES,
        .now_wall = UINT64_C(1748779200) * USEC_PER_SEC,
    };
    struct sweep_judgement j = sweep_judge(&space, active_window, &facts);
    check(memchr(j.reason, '\0', sizeof j.reason) != NULL);
    check(j.reason[0] != '\0');
    check(j.repair_ttl == 0 || (space.repair && !j.removable && j.repair_ttl >= USEC_PER_SEC &&
                                   j.repair_ttl <= space.expect_ttl));
    if (!j.removable)
        return 0;
    bool by_idle = j.finding == SWEEP_MALFORMED_IDLE;
    usec_t age = by_idle ? facts.idle : j.age;
    usec_t limit = space.max_age;
    if (j.finding == SWEEP_EXPIRED && space.expect_ttl > 0 && space.expect_ttl < limit)
        limit = space.expect_ttl;
    check(!j.live && age > limit && age > active_window && age >= facts.least_age);
    check(by_idle ? facts.idle_known : j.age_known);
    check(!facts.has_ttl || j.finding == SWEEP_STUCK_TASK || j.finding == SWEEP_EXPIRED);
    return 0;
}
