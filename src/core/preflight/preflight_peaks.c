/* Callers that are expected, by weekday and hour. */
#include "core/preflight/preflight_scale.h"

#include "base/num.h"
#include "core/config/config_words.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static const char *const day_names[PEAK_DAYS] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* The day at *text, by its first three letters; moves on. -1: none. */
static int read_day(const char **text)
{
    for (int d = 0; d < PEAK_DAYS; d++) {
        if (strncasecmp(*text, day_names[d], 3) == 0 && !isalpha((unsigned char)(*text)[3])) {
            *text += 3;
            return d;
        }
    }
    return -1;
}

/* `Mon`, `Mon..Fri`, `Sat,Sun`, `Fri..Mon` as bits. Returns 0 or -EINVAL. */
static int read_days(const char *text, unsigned *out)
{
    unsigned days = 0;
    for (;;) {
        int first = read_day(&text);
        int last = first;
        if (first >= 0 && strncmp(text, "..", 2) == 0) {
            text += 2;
            last = read_day(&text);
        }
        if (first < 0 || last < 0)
            return -EINVAL;
        for (int d = first;; d = (d + 1) % PEAK_DAYS) {
            days |= 1U << d;
            if (d == last)
                break;
        }
        if (*text == '\0')
            break;
        if (*text++ != ',')
            return -EINVAL;
    }
    *out = days;
    return 0;
}

/* `9..17` or `9`. Returns 0 or -EINVAL. */
static int read_hours(const char *text, unsigned *out_first, unsigned *out_last)
{
    uint64_t hours[2];
    char part[3];
    for (int i = 0; i < 2; i++) {
        size_t len = strspn(text, "0123456789");
        if (len == 0 || len >= sizeof part)
            return -EINVAL;
        memcpy(part, text, len);
        part[len] = '\0';
        if (num_parse_u64(part, 0, PEAK_HOURS - 1, &hours[i]) < 0)
            return -EINVAL;
        text += len;
        if (i == 0 && *text == '\0') {
            hours[1] = hours[0];
            break;
        }
        if (i == 0 && strncmp(text, "..", 2) != 0)
            return -EINVAL;
        text += i == 0 ? 2 : 0;
    }
    if (*text)
        return -EINVAL;
    *out_first = (unsigned)hours[0];
    *out_last = (unsigned)hours[1];
    return 0;
}

static void put(struct peaks *p, unsigned days, unsigned first, unsigned last, uint64_t callers)
{
    unsigned n = (last + PEAK_HOURS - first) % PEAK_HOURS + 1;
    p->any = true;
    for (unsigned d = 0; d < PEAK_DAYS; d++) {
        for (unsigned i = 0; days & 1U << d && i < n; i++) {
            uint64_t *at =
                &p->callers[(d + (first + i) / PEAK_HOURS) % PEAK_DAYS][(first + i) % PEAK_HOURS];
            *at = callers > *at ? callers : *at;
        }
    }
}

int peaks_read(const char *entry, struct peaks *p, struct err *e)
{
    unsigned days = (1U << PEAK_DAYS) - 1;
    unsigned first = 0;
    unsigned last = PEAK_HOURS - 1;
    uint64_t callers = 0;
    struct strlist words = {0};
    int r = config_words_split(entry, &words, e);
    if (r < 0)
        return r;
    size_t at = 0;
    bool good = words.n > 0 && words.n <= 3;
    if (good && isalpha((unsigned char)words.items[0][0]))
        good = read_days(words.items[at++], &days) == 0;
    if (good && words.n - at == 2)
        good = read_hours(words.items[at++], &first, &last) == 0;
    good =
        good && words.n - at == 1 && num_parse_u64(words.items[at], 0, 1000000000, &callers) == 0;
    strlist_fini(&words);
    if (!good)
        return err_set(e, -EINVAL,
            "\"%.80s\" is no expected peak, want [DAYS] [HOURS] CALLERS as in Mon..Fri 9..17 120",
            entry);
    if (p)
        put(p, days, first, last, callers);
    return 0;
}
