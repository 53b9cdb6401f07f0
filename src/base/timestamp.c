/* Points in time. The calendar is computed here: libc's knows of zones, locales and 32 bits. */
#include "base/timestamp.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static const int64_t day_seconds = 86400;

/* Days since 1970-01-01 of a proleptic Gregorian date (years counted from March). */
static int64_t days_from_date(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

struct cursor {
    const char *at;
    const char *end;
};

/* Exactly `n` digits within min..max; -1 if not. */
static int digits(struct cursor *c, int n, int min, int max)
{
    int value = 0;
    if (c->end - c->at < n)
        return -1;
    for (int i = 0; i < n; i++) {
        char d = c->at[i];
        if (d < '0' || d > '9')
            return -1;
        value = value * 10 + (d - '0');
    }
    c->at += n;
    return value >= min && value <= max ? value : -1;
}

static bool one_of(struct cursor *c, const char *choices)
{
    if (c->at == c->end)
        return false;
    for (; *choices; choices++) {
        if (*c->at == *choices) {
            c->at++;
            return true;
        }
    }
    return false;
}

/* What follows `.` or `,`; digits beyond microseconds are cut. -1: there is none. */
static int64_t fraction(struct cursor *c)
{
    int64_t usec = 0;
    int64_t unit = 100000;
    const char *start = c->at;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        usec += (*c->at - '0') * unit;
        unit /= 10;
    }
    return c->at > start ? usec : -1;
}

/* Seconds east of Greenwich into *out. */
static bool offset(struct cursor *c, int64_t *out)
{
    if (one_of(c, "Zz")) {
        *out = 0;
        return true;
    }
    int sign = one_of(c, "+") ? 1 : one_of(c, "-") ? -1 : 0;
    int hours = sign ? digits(c, 2, 0, 23) : -1;
    if (hours < 0)
        return false;
    int minutes = 0;
    if (one_of(c, ":") || c->at < c->end)
        minutes = digits(c, 2, 0, 59);
    *out = sign * (hours * 3600 + minutes * 60);
    return minutes >= 0;
}

int timestamp_parse(const char *text, size_t len, usec_t *out_wall)
{
    struct cursor c = {text, text + len};
    int64_t east = 0;
    int64_t usec = 0;
    int year = digits(&c, 4, 0, 9999);
    int month = one_of(&c, "-") ? digits(&c, 2, 1, 12) : -1;
    int day = one_of(&c, "-") ? digits(&c, 2, 1, 31) : -1;
    int hour = one_of(&c, "Tt ") ? digits(&c, 2, 0, 24) : -1;
    int minute = one_of(&c, ":") ? digits(&c, 2, 0, 59) : -1;
    /* 60: a leap second, counted as the next one as everywhere else */
    int second = one_of(&c, ":") ? digits(&c, 2, 0, 60) : -1;
    if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0)
        return -EINVAL;
    if (one_of(&c, ".,"))
        usec = fraction(&c);
    if (usec < 0 || day > days_in_month(year, month) || !offset(&c, &east) || c.at != c.end ||
        (hour == 24 && (minute || second || usec)))
        return -EINVAL;
    int64_t seconds =
        days_from_date(year, month, day) * day_seconds + hour * 3600 + minute * 60 + second - east;
    if (seconds < 0)
        return -ERANGE;
    *out_wall = (usec_t)seconds * USEC_PER_SEC + (usec_t)usec;
    return 0;
}

int timestamp_from_number(double number, usec_t *out_wall)
{
    static const double seconds_min = 1e8;
    static const double seconds_max = 1e11;
    if (!isfinite(number) || number < seconds_min || number >= seconds_max * 1000)
        return -ERANGE;
    *out_wall = (usec_t)(number < seconds_max ? number * 1e6 : number * 1e3);
    return 0;
}

const char *timestamp_format(usec_t wall, char buf[TIMESTAMP_TEXT_MAX])
{
    /* The reverse of days_from_date(). */
    int64_t seconds = (int64_t)(wall / USEC_PER_SEC);
    int64_t z = seconds / day_seconds + 719468;
    int64_t era = z / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t mp = (5 * day_of_year + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    int64_t of_day = seconds % day_seconds;
    if (year > 9999) {
        snprintf(buf, TIMESTAMP_TEXT_MAX, "infinity");
        return buf;
    }
    snprintf(buf, TIMESTAMP_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year % 10000,
        (int)month % 100, (int)(day_of_year - (153 * mp + 2) / 5 + 1) % 100,
        (int)(of_day / 3600) % 100, (int)(of_day / 60 % 60), (int)(of_day % 60),
        (int)(wall / USEC_PER_MSEC % 1000));
    return buf;
}
