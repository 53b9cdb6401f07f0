/*
 * Any bytes as a worker's output: the same lines whatever pieces they come in, every text readable,
 * every field one that journald takes and that is not ours.
 */
#include "fuzz.h"

#include "base/text.h"
#include "core/json_scan.h"
#include "core/logs/lines.h"
#include "core/logs/log_format.h"
#include "core/logs/logline.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_readable(const struct strbuf *text)
{
    const char *s = strbuf_text(text);
    check(text_is_utf8(s, text->len));
    for (size_t i = 0; i < text->len; i++) {
        unsigned char c = (unsigned char)s[i];
        check(c >= 0x20 || c == '\t');
        check(c != 0x7F && !(c == 0xC2 && (unsigned char)s[i + 1] < 0xA0));
    }
}

static void check_field(const struct logline *l, const struct logline_field *f)
{
    size_t len = strlen(f->name);
    check(strncmp(f->name, "AGENT_", 6) == 0 && len > 6 && len <= LOGLINE_NAME_MAX);
    check(strspn(f->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == len);
    check(f->at + f->len <= l->values.len);
    for (const struct logline_field *other = l->fields; other < f; other++)
        check(strcmp(other->name, f->name) != 0);
}

/* The line as JSON is one valid object. */
static void check_json(const struct logline *l)
{
    struct log_field fields[LIMIT_OUTPUT_FIELDS];
    struct strbuf out = STRBUF_INIT;
    for (unsigned i = 0; i < l->n_fields; i++)
        fields[i] = (struct log_field){
            l->fields[i].name, strbuf_text(&l->values) + l->fields[i].at, l->fields[i].len};
    const struct log_record record = {
        l->level, strbuf_text(&l->message), l->message.len, fields, l->n_fields};
    log_format_json(&out, &record, 0);
    check(json_scan_value(strbuf_text(&out), out.len) == out.len - 1);
    check(memchr(strbuf_text(&out), '\n', out.len) == strbuf_text(&out) + out.len - 1);
    check(text_is_utf8(strbuf_text(&out), out.len));
    strbuf_fini(&out);
}

struct heard {
    struct logline line;
    struct strbuf all;
};

static void on_line(const char *bytes, size_t len, unsigned part, void *arg)
{
    struct heard *h = arg;
    struct logline *l = &h->line;
    check(len <= LIMIT_OUTPUT_LINE);
    strbuf_addf(&h->all, "%u ", part);
    strbuf_add(&h->all, bytes, len);
    logline_begin(l, bytes, len);
    logline_parse(l, LOG_LEVEL_INFO);
    check(l->level >= LOG_LEVEL_ERR && l->level <= LOG_LEVEL_DEBUG);
    check((l->text.len == 0) == (l->message.len == 0));
    check(l->n_fields <= LIMIT_OUTPUT_FIELDS);
    check_readable(&l->text);
    check_readable(&l->message);
    for (unsigned i = 0; i < l->n_fields; i++)
        check_field(l, &l->fields[i]);
    check_json(l);
}

static void hear(struct heard *h, const char *bytes, size_t len, size_t piece)
{
    struct lines lines = LINES_INIT;
    logline_init(&h->line);
    for (size_t i = 0; i < len; i += piece)
        lines_feed(&lines, bytes + i, len - i < piece ? len - i : piece, on_line, h);
    lines_flush(&lines, on_line, h);
    lines_fini(&lines);
    logline_fini(&h->line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heard whole = {0};
    struct heard pieces = {0};
    hear(&whole, (const char *)data, size, size + 1);
    hear(&pieces, (const char *)data, size, size > 0 ? 1 + data[0] : 1);
    check(whole.all.len == pieces.all.len);
    check(memcmp(strbuf_text(&whole.all), strbuf_text(&pieces.all), whole.all.len) == 0);
    strbuf_fini(&whole.all);
    strbuf_fini(&pieces.all);
    return 0;
}
