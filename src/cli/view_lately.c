/* What it was like lately: curves in a line of text, and the latest events. */
#include "base/timestamp.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/view.h"

#include <stdlib.h>
#include <string.h>

enum { LABEL_WIDTH = 9, POINTS_MAX = 60, AROUND = 30, MESSAGE_MAX = 200 };

static bool terminal_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0])
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

/* From nothing to the highest; what is not known is a gap. */
static void add_point(struct strbuf *out, const cJSON *value, double top)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const letters[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
    if (!cJSON_IsNumber(value) || value->valuedouble < 0) {
        strbuf_addc(out, ' ');
        return;
    }
    double part = top > 0 ? value->valuedouble / top : 0;
    size_t level = (size_t)(part * 7 + 0.5);
    strbuf_adds(out, (terminal_is_utf8() ? blocks : letters)[level > 7 ? 7 : level]);
}

struct curve {
    const char *label, *member, *unit;
    int decimals;
};

static void write_curve(const cJSON *list, int from, const struct curve *c, struct strbuf *out)
{
    double top = 0;
    const cJSON *last = NULL;
    int n = cJSON_GetArraySize(list);
    for (int i = from; i < n; i++) {
        const cJSON *value = json_get(cJSON_GetArrayItem(list, i), c->member);
        if (!cJSON_IsNumber(value))
            continue;
        last = value;
        if (value->valuedouble > top)
            top = value->valuedouble;
    }
    if (!last)
        return;
    strbuf_addf(out, "%-*s  ", (int)LABEL_WIDTH, c->label);
    for (int i = from; i < n; i++)
        add_point(out, json_get(cJSON_GetArrayItem(list, i), c->member), top);
    strbuf_addf(out, " %.*f%s, max %.*f%s\n", c->decimals, last->valuedouble, c->unit, c->decimals,
        top, c->unit);
}

static const struct curve CURVES[] = {
    {"Callers", "callers", "", 0},
    {"Probe", "probe_ms", " ms", 1},
};

void view_samples(const struct cli *cli, const cJSON *samples, struct strbuf *out)
{
    const cJSON *list = json_get(samples, "samples");
    int n = cJSON_GetArraySize(list);
    int points = cli->columns > AROUND ? (int)cli->columns - AROUND : 1;
    int shown = points < POINTS_MAX ? points : POINTS_MAX;
    uint64_t interval;
    if (n < 2 || !json_count(samples, "interval_ms", &interval))
        return;
    int from = n > shown ? n - shown : 0;
    char span[SPAN_TEXT_MAX];
    span_format((uint64_t)(n - from) * interval * USEC_PER_MSEC, span);
    strbuf_addf(out, "\nThe last %s\n", span);
    for (size_t i = 0; i < sizeof CURVES / sizeof *CURVES; i++)
        write_curve(list, from, &CURVES[i], out);
}

static void add_event(const struct cli *cli, const cJSON *event, struct strbuf *out)
{
    const char *time = json_text(event, "time");
    const char *level = json_text(event, "level");
    const char *message = json_text(event, "message");
    usec_t wall;
    if (time && timestamp_parse(time, strlen(time), &wall) == 0)
        say_clock(out, wall);
    struct strbuf text = STRBUF_INIT;
    say_word(&text, message ? message : "", MESSAGE_MAX);
    bool bad = level && strcmp(level, "err") == 0;
    bool odd = level && strcmp(level, "warning") == 0;
    strbuf_addf(out, "   %s", bad ? "! " : odd ? "~ " : "");
    say_colored(out, cli->color, bad ? SAY_RED : odd ? SAY_YELLOW : SAY_PLAIN, strbuf_text(&text));
    strbuf_addc(out, '\n');
    strbuf_fini(&text);
}

void view_events(const struct cli *cli, const cJSON *events, unsigned max, struct strbuf *out)
{
    const cJSON *list = json_get(events, "events");
    int n = cJSON_GetArraySize(list);
    if (n == 0)
        return;
    strbuf_adds(out, "\nEvents\n");
    for (int i = n - 1; i >= 0 && i >= n - (int)max; i--)
        add_event(cli, cJSON_GetArrayItem(list, i), out);
}
