/* What the operator reads. */
#include "cli/say.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool say_wants_color(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    if (no_color && no_color[0])
        return false;
    return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

void say_colored(struct strbuf *out, bool use, enum say_color color, const char *text)
{
    static const char *const codes[] = {
        [SAY_PLAIN] = "",
        [SAY_BOLD] = "\033[1m",
        [SAY_DIM] = "\033[2m",
        [SAY_RED] = "\033[1;31m",
        [SAY_GREEN] = "\033[32m",
        [SAY_YELLOW] = "\033[33m",
    };
    use = use && color != SAY_PLAIN;
    strbuf_adds(out, use ? codes[color] : "");
    strbuf_adds(out, text);
    strbuf_adds(out, use ? "\033[0m" : "");
}

void say_safe(struct strbuf *out, const char *text, const char *indent)
{
    while (*text) {
        size_t run = strcspn(text, "\n\t\\");
        text_escape(out, text, run, run);
        text += run;
        if (!*text)
            return;
        strbuf_addc(out, *text);
        if (*text == '\n' && text[1])
            strbuf_adds(out, indent);
        text++;
    }
}

void say_word(struct strbuf *out, const char *text, size_t max)
{
    text_escape(out, text, strlen(text), max);
}

void say_number(struct strbuf *out, uint64_t n, const char *one, const char *many)
{
    strbuf_addf(out, "%llu %s", (unsigned long long)n, n == 1 ? one : many);
}

void say_size(struct strbuf *out, uint64_t bytes)
{
    static const char units[] = "KMGTPE";
    if (bytes < 1024) {
        strbuf_addf(out, "%llu", (unsigned long long)bytes);
        return;
    }
    double value = (double)bytes / 1024;
    size_t unit = 0;
    while (value >= 1024 && units[unit + 1]) {
        value /= 1024;
        unit++;
    }
    strbuf_addf(out, value < 100 ? "%.1f%c" : "%.0f%c", value, units[unit]);
}

static void add_local(struct strbuf *out, usec_t wall, const char *format)
{
    char text[32] = "";
    time_t seconds = (time_t)(wall / USEC_PER_SEC);
    struct tm tm;
    if (localtime_r(&seconds, &tm))
        strftime(text, sizeof text, format, &tm);
    strbuf_adds(out, text);
}

void say_clock(struct strbuf *out, usec_t wall)
{
    add_local(out, wall, "%H:%M:%S");
}

void say_clock_zone(struct strbuf *out, usec_t wall)
{
    add_local(out, wall, "%H:%M:%S %Z");
}

void say_error(const char *fmt, ...)
{
    struct strbuf text = STRBUF_INIT, line = STRBUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    strbuf_vaddf(&text, fmt, ap);
    va_end(ap);
    strbuf_adds(&line, "voxkeeper: ");
    say_safe(&line, strbuf_text(&text), "  ");
    bool ended = line.len > 0 && line.data[line.len - 1] == '\n';
    fprintf(stderr, "%s%s", strbuf_text(&line), ended ? "" : "\n");
    strbuf_fini(&line);
    strbuf_fini(&text);
}

void say_print(struct strbuf *out)
{
    fwrite(strbuf_text(out), 1, out->len, stdout);
    strbuf_fini(out);
}
