/* By how much a counter rose lately. */
#include "core/doctor/doctor_rise.h"

uint64_t doctor_rise_origin(const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return hash | 1;
}

void doctor_rise_note(struct doctor_rise *r, const struct doctor_count_now *count, usec_t now)
{
    if (r->origin != count->origin)
        *r = (struct doctor_rise){.origin = count->origin};
    r->values[r->taken % DOCTOR_RISE_KEPT] = count->value;
    r->at[r->taken % DOCTOR_RISE_KEPT] = now;
    r->taken++;
}

struct doctor_risen doctor_rise_lately(
    const struct doctor_rise *r, const struct doctor_count_now *count, usec_t now, usec_t window)
{
    usec_t since = usec_sub(now, window);
    if (count->age <= window)
        return (struct doctor_risen){true, count->value, count->age};
    if (!r || r->origin != count->origin)
        return (struct doctor_risen){0};
    uint64_t first = r->taken > DOCTOR_RISE_KEPT ? r->taken - DOCTOR_RISE_KEPT : 0;
    for (uint64_t i = first; i < r->taken; i++) {
        uint64_t before = r->values[i % DOCTOR_RISE_KEPT];
        usec_t at = r->at[i % DOCTOR_RISE_KEPT];
        if (at >= since)
            return (struct doctor_risen){
                true, count->value > before ? count->value - before : 0, usec_sub(now, at)};
    }
    return (struct doctor_risen){0};
}
