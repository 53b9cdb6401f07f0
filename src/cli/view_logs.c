/* One log line as a person reads it: when, how bad, who, what. */
#include "base/text.h"
#include "base/timestamp.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/view.h"

#include <string.h>
#include <time.h>

enum { WHO_WIDTH = 10, LEVEL_WIDTH = 7, WORD_MAX = 64 };

static const char INDENT[] = "    ";

static enum say_color color_of(const char *level)
{
    if (strcmp(level, "err") == 0)
        return SAY_RED;
    if (strcmp(level, "warning") == 0)
        return SAY_YELLOW;
    return strcmp(level, "notice") == 0 ? SAY_BOLD : SAY_PLAIN;
}

static void write_time(const cJSON *line, bool use_color, struct strbuf *out)
{
    const char *ts = json_text(line, "ts");
    usec_t wall;
    struct tm tm;
    char text[64];
    if (!ts || timestamp_parse(ts, strlen(ts), &wall) < 0)
        return;
    time_t seconds = (time_t)(wall / USEC_PER_SEC);
    localtime_r(&seconds, &tm);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S%z", &tm);
    say_colored(out, use_color, SAY_DIM, text);
    strbuf_addc(out, ' ');
}

static void pad(struct strbuf *out, size_t width, size_t written)
{
    while (written++ <= width)
        strbuf_addc(out, ' ');
}

/* The worker whose line or whose event it is; else the program, without its name's ending. */
static void write_who(const cJSON *line, struct strbuf *out)
{
    size_t before = out->len;
    const char *worker = json_text(line, "worker");
    const char *identifier = json_text(line, "syslog_identifier");
    if (worker) {
        strbuf_adds(out, "worker ");
        say_word(out, worker, WORD_MAX);
    } else {
        say_word(out, identifier ? identifier : "voxkeeperd", WORD_MAX);
    }
    pad(out, WHO_WIDTH, out->len - before);
}

void view_log_line(const cJSON *line, bool use_color, struct strbuf *out)
{
    const char *level = json_text(line, "level");
    const char *message = json_text(line, "message");
    const char *event = json_text(line, "event");
    level = level ? level : "info";
    enum say_color color = color_of(level);
    write_time(line, use_color, out);
    say_colored(out, use_color, color, level);
    pad(out, LEVEL_WIDTH, strlen(level));
    write_who(line, out);
    struct strbuf text = STRBUF_INIT;
    say_safe(&text, message ? message : "", INDENT);
    while (text.len > 0 && text.data[text.len - 1] == '\n')
        text.data[--text.len] = '\0';
    say_colored(out, use_color, color == SAY_BOLD ? SAY_PLAIN : color, strbuf_text(&text));
    strbuf_fini(&text);
    if (event) {
        struct strbuf name = STRBUF_INIT;
        strbuf_adds(&name, " [");
        say_word(&name, event, WORD_MAX);
        strbuf_adds(&name, "]");
        say_colored(out, use_color, SAY_DIM, strbuf_text(&name));
        strbuf_fini(&name);
    }
    strbuf_addc(out, '\n');
}
