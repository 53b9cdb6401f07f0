/* How far a sweep is: a bar on a terminal, in place. */
#include "base/strbuf.h"
#include "cli/json.h"
#include "cli/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR = 20, COLUMNS_DEFAULT = 80 };

static int columns(void)
{
    struct winsize size = {0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    return size.ws_col;
}

static void add_bar(struct strbuf *out, double fraction)
{
    strbuf_addc(out, '[');
    for (unsigned i = 0; i < BAR; i++)
        strbuf_addc(out, i < (unsigned)(fraction * BAR + 0.5) ? '#' : '.');
    strbuf_addf(out, "] %3u%%", (unsigned)(fraction * 100));
}

/* A number that is cut off would be another one: what does not fit stays away. */
__attribute__((format(printf, 2, 3))) static void add(struct strbuf *out, const char *fmt, ...)
{
    char part[64];
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(part, sizeof part, fmt, ap);
    va_end(ap);
    if (len > 0 && out->len + (size_t)len < (size_t)columns())
        strbuf_adds(out, part);
}

/* What matters most comes first. */
static void add_numbers(struct strbuf *out, const cJSON *so_far)
{
    char span[SPAN_TEXT_MAX];
    uint64_t n;
    if (json_count(so_far, "keys_seen", &n))
        add(out, " %llu seen", (unsigned long long)n);
    if (json_count(so_far, "findings", &n))
        add(out, ", %llu found", (unsigned long long)n);
    if (json_count(so_far, "left_usec", &n))
        add(out, ", %s left", span_format(n - n % USEC_PER_SEC + USEC_PER_SEC, span));
    if (json_count(so_far, "keys_per_second", &n))
        add(out, ", %llu/s", (unsigned long long)n);
    if (json_count(so_far, "latency_usec", &n) && n > 0)
        add(out, ", Redis %s", span_show(n, span));
}

bool view_progress(const cJSON *so_far)
{
    static bool shown;
    const cJSON *fraction = json_get(so_far, "fraction");
    if (!isatty(STDERR_FILENO))
        return false;
    if (!so_far && shown)
        fprintf(stderr, "\r\x1b[K");
    shown = so_far;
    if (!cJSON_IsNumber(fraction) || !(fraction->valuedouble >= 0 && fraction->valuedouble <= 1))
        return true;
    struct strbuf line = STRBUF_INIT;
    add_bar(&line, fraction->valuedouble);
    add_numbers(&line, so_far);
    /* Of a bar that does not fit as much as would not scroll. */
    fprintf(stderr, "\r%.*s\x1b[K", columns() - 1, strbuf_text(&line));
    strbuf_fini(&line);
    return true;
}
