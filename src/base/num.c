/* Strict reading of numbers and booleans. */
#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int num_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out_value)
{
    if (!isdigit((unsigned char)text[0]))
        return -EINVAL;
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end)
        return -EINVAL;
    if (errno == ERANGE || value < min || value > max)
        return -ERANGE;
    *out_value = value;
    return 0;
}

int num_parse_i64(const char *text, int64_t min, int64_t max, int64_t *out_value)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    if (!isdigit((unsigned char)digits[0]))
        return -EINVAL;
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*end)
        return -EINVAL;
    if (errno == ERANGE || value < min || value > max)
        return -ERANGE;
    *out_value = value;
    return 0;
}

int num_parse_double(const char *text, double min, double max, double *out_value)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    if (!isdigit((unsigned char)digits[0]) || strpbrk(digits, "xX")) /* strtod reads hex, too */
        return -EINVAL;
    char *end = NULL;
    double value = strtod(text, &end);
    if (*end)
        return -EINVAL;
    if (!isfinite(value) || value < min || value > max)
        return -ERANGE;
    *out_value = value;
    return 0;
}

int num_parse_bool(const char *text, bool *out_value)
{
    static const char *const yes[] = {"yes", "true", "on", "1", "y", "t"};
    static const char *const no[] = {"no", "false", "off", "0", "n", "f"};
    for (unsigned i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (strcasecmp(text, yes[i]) == 0) {
            *out_value = true;
            return 0;
        }
        if (strcasecmp(text, no[i]) == 0) {
            *out_value = false;
            return 0;
        }
    }
    return -EINVAL;
}
