/* What a judge found, for tables of facts. */
#pragma once

#include "core/doctor/doctor.h"

#include "cmocka_all.h"

#include <string.h>

/* Asserts that `names` ("" or "a b", in this order) is what was found. */
static inline void assert_found(const struct doctor_report *r, const char *names, const char *row)
{
    char found[1024] = "";
    for (unsigned i = 0; i < r->n; i++) {
        if (r->items[i].explained)
            continue;
        if (found[0])
            strcat(found, " ");
        strcat(found, doctor_name(r->items[i].check));
    }
    if (strcmp(found, names) != 0)
        fail_msg("%s: found \"%s\", not \"%s\"", row, found, names);
}
