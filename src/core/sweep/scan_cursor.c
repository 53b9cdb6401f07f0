/* How far a SCAN is. */
#include "core/sweep/scan_cursor.h"

double scan_cursor_fraction(uint64_t cursor)
{
    double fraction = 0;
    for (double weight = 0.5; cursor != 0; cursor >>= 1, weight /= 2)
        fraction += (double)(cursor & 1) * weight;
    return fraction;
}
