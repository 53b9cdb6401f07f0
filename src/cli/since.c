/* Points in the past. */
#include "cli/since.h"

#include "base/timestamp.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

static bool read_local(const char *text, const char *format, struct tm *tm)
{
    const char *end = strptime(text, format, tm);
    return end && *end == '\0';
}

int since_parse(const char *text, usec_t now, usec_t *out_wall)
{
    static const char *const times[] = {"%H:%M", "%H:%M:%S"};
    static const char *const days[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"};
    usec_t span;
    time_t seconds = (time_t)(now / USEC_PER_SEC);
    struct tm today = {0};
    if (span_parse(text, &span) == 0) {
        *out_wall = usec_sub(now, span);
        return 0;
    }
    if (timestamp_parse(text, strlen(text), out_wall) == 0)
        return 0;
    localtime_r(&seconds, &today);
    today.tm_sec = 0;
    today.tm_isdst = -1;
    struct tm tm = today;
    bool found = false;
    for (size_t i = 0; !found && i < sizeof times / sizeof *times; i++)
        found = read_local(text, times[i], &tm);
    for (size_t i = 0; !found && i < sizeof days / sizeof *days; i++) {
        tm = (struct tm){.tm_isdst = -1};
        found = read_local(text, days[i], &tm);
    }
    seconds = found ? mktime(&tm) : -1;
    if (seconds < 0)
        return -EINVAL;
    *out_wall = (usec_t)seconds * USEC_PER_SEC;
    return 0;
}
