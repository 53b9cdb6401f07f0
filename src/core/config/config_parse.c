/*
 * From text to configuration. inih splits `Key=value`; the lines come from config_lines, because
 * inih itself counts no lines for its handler, joins none, tells only the first error of a file and
 * cuts section names at 49 bytes and, by default, lines at 200.
 */
#include "core/config/config_build.h"
#include "core/config/config_lines.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <string.h>

struct reader {
    struct config_build *build;
    struct config_lines lines;
};

/* True if the line is one that inih shall see. */
static bool is_assignment(struct config_build *b, struct strbuf *line)
{
    char *text = line->data;
    if (text[0] == '[') {
        size_t len = line->len;
        if (text[len - 1] != ']') {
            config_report(
                b, "read section header \"%.80s\": want [SECTION] and nothing behind it", text);
            b->section = NULL;
            b->skip = true;
            return false;
        }
        text[len - 1] = '\0';
        config_build_section(b, text + 1);
        return false;
    }
    /* inih takes a colon for an equals sign; systemd, and we, do not. */
    char separator = text[strcspn(text, "=:")];
    if (separator != '=') {
        config_report(b, "read line \"%.80s\": want Key=value", text);
        return false;
    }
    return true;
}

/* Gives inih the next assignment, as fgets() would. */
static char *read_line(char *str, int num, void *stream)
{
    struct reader *reader = stream;
    struct config_build *b = reader->build;
    struct strbuf *line = &reader->lines.text_of;
    const char *cause = NULL;
    for (;;) {
        switch (config_lines_next(&reader->lines, &b->line, &cause)) {
        case CONFIG_LINE_END:
            return NULL;
        case CONFIG_LINE_BAD:
            config_report(b, "%s", cause);
            break;
        case CONFIG_LINE_TEXT:
            if (!is_assignment(b, line))
                break;
            assert(line->len + 2 <= (size_t)num);
            memcpy(str, line->data, line->len);
            memcpy(str + line->len, "\n", 2);
            return str;
        }
    }
}

static int on_assignment(void *user, const char *section, const char *name, const char *value)
{
    struct reader *reader = user;
    (void)section; /* it never sees a header */
    config_build_assign(reader->build, name, value);
    return 1;
}

static void parse_source(struct config_build *b, const struct config_source *source)
{
    struct reader reader = {.build = b};
    b->path = source->path;
    b->line = 0;
    b->section = NULL;
    b->skip = false;
    if (source->len > LIMIT_CONFIG_FILE) {
        config_report(b, "file is larger than %d bytes", LIMIT_CONFIG_FILE);
        return;
    }
    ini_use_stack = false;
    ini_allow_realloc = false;
    ini_initial_alloc = ini_max_line = LIMIT_CONFIG_LINE + 3;
    ini_allow_multiline = false;
    ini_allow_inline_comments = false;
    config_lines_init(&reader.lines, source->text, source->len);
    int r = ini_parse_stream(read_line, &reader, on_assignment, &reader);
    if (r == -2 || reader.lines.out_of_memory)
        b->out_of_memory = true;
    config_lines_fini(&reader.lines);
}

int config_parse(const struct config_source *sources, size_t n_sources, struct config **out,
    struct config_diagnostics *out_diagnostics)
{
    struct config_build b;
    *out_diagnostics = (struct config_diagnostics){0};
    int r = config_build_init(&b, out_diagnostics);
    if (r < 0) {
        out_diagnostics->out_of_memory = true;
        return r;
    }
    for (size_t i = 0; i < n_sources; i++)
        parse_source(&b, &sources[i]);
    config_build_finish(&b);
    if (b.out_of_memory)
        r = -ENOMEM;
    else if (out_diagnostics->n > 0)
        r = -EINVAL;
    if (r == 0) {
        *out = b.config;
        b.config = NULL;
    }
    config_build_fini(&b);
    return r;
}
