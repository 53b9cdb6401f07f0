/* Points in time. */
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

/* `off` days from the day that is named, or from today, which *of_today says. Local time has days
 * of 23 and of 25 hours. */
static int read_point(const char *text, usec_t now, int off, bool *of_today, usec_t *out_wall)
{
    static const char *const times[] = {"%H:%M", "%H:%M:%S"};
    static const char *const days[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"};
    time_t seconds = (time_t)(now / USEC_PER_SEC);
    struct tm tm = {0};
    bool found = false;
    localtime_r(&seconds, &tm);
    tm.tm_sec = 0;
    tm.tm_isdst = -1;
    tm.tm_mday += off;
    for (size_t i = 0; !found && i < sizeof times / sizeof *times; i++)
        found = read_local(text, times[i], &tm);
    *of_today = found;
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

int since_parse(const char *text, usec_t now, usec_t *out_wall)
{
    usec_t span;
    bool of_today;
    if (span_parse(text, &span) == 0) {
        *out_wall = usec_sub(now, span);
        return 0;
    }
    if (timestamp_parse(text, strlen(text), out_wall) == 0)
        return 0;
    int r = read_point(text, now, 0, &of_today, out_wall);
    if (r == 0 && of_today && *out_wall > now)
        r = read_point(text, now, -1, &of_today, out_wall);
    return r;
}

int ahead_parse(const char *text, usec_t now, usec_t *out_wall)
{
    bool of_today;
    if (timestamp_parse(text, strlen(text), out_wall) == 0)
        return 0;
    int r = read_point(text, now, 0, &of_today, out_wall);
    if (r == 0 && of_today && *out_wall <= now)
        r = read_point(text, now, 1, &of_today, out_wall);
    return r;
}
