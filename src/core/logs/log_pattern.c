/*
 * Patterns for lines. PCRE2's match limit is for one place where a match may begin, so a pattern
 * that is tried everywhere could take as many steps as the product of both. Hence two passes: one
 * with few steps for each place, and where those do not do, one of that place alone with many; the
 * number of such places is limited. The interpreter is used and not the JIT, whose limit counts
 * other things.
 */
#include "core/logs/log_pattern.h"

#include "core/limits.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    FEW_STEPS = 100,
    MANY_STEPS = 10000,
    MANY_PLACES = 16, /* where many are taken, in one line */
    HEAP_KIB = 1024,
    DEPTH = 1000,
    CAUSE_MAX = 160,
};

/* Called at each place where a match may begin; says where that is. */
#define PLACE "(?C1)"
#define OPTIONS                                                                                    \
    (PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT)

struct log_pattern {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *few;
    pcre2_match_context *many;
    size_t place; /* the latest where a match was looked for */
};

static int on_place(pcre2_callout_block *block, void *arg)
{
    struct log_pattern *p = arg;
    p->place = block->start_match;
    return 0;
}

static pcre2_match_context *context_new(struct log_pattern *p, uint32_t steps)
{
    pcre2_match_context *c = pcre2_match_context_create(NULL);
    if (!c)
        return NULL;
    pcre2_set_match_limit(c, steps);
    pcre2_set_depth_limit(c, DEPTH);
    pcre2_set_heap_limit(c, HEAP_KIB);
    pcre2_set_callout(c, on_place, p);
    return c;
}

static pcre2_code *compile(const char *text, size_t skip, struct err *e)
{
    PCRE2_UCHAR cause[CAUSE_MAX];
    PCRE2_SIZE offset = 0;
    int code = 0;
    pcre2_code *compiled =
        pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, OPTIONS, &code, &offset, NULL);
    if (compiled)
        return compiled;
    pcre2_get_error_message(code, cause, sizeof cause);
    (void)err_set(e, -EINVAL, "\"%.80s\" is no pattern: %s at offset %zu", text + skip,
        (const char *)cause, offset > skip ? offset - skip : 0);
    return NULL;
}

/* The pattern as it stands must be one: what only is with our mark before it would be told with a
 * cause that nobody understands. */
static pcre2_code *compile_marked(const char *text, struct err *e)
{
    const size_t mark = strlen(PLACE);
    size_t len = strlen(text);
    pcre2_code *plain = compile(text, 0, e);
    if (!plain)
        return NULL;
    pcre2_code_free(plain);
    char *marked = malloc(mark + len + 1);
    if (!marked) {
        (void)err_sys(e, -ENOMEM, "reading a pattern");
        return NULL;
    }
    memcpy(marked, PLACE, mark);
    memcpy(marked + mark, text, len + 1);
    pcre2_code *code = compile(marked, mark, e);
    free(marked);
    return code;
}

struct log_pattern *log_pattern_new(const char *text, struct err *e)
{
    pcre2_code *code = compile_marked(text, e);
    struct log_pattern *p = code ? calloc(1, sizeof *p) : NULL;
    if (!p) {
        if (code)
            (void)err_sys(e, -ENOMEM, "reading a pattern");
        pcre2_code_free(code);
        return NULL;
    }
    p->code = code;
    p->data = pcre2_match_data_create(1, NULL);
    p->few = context_new(p, FEW_STEPS);
    p->many = context_new(p, MANY_STEPS);
    if (!p->data || !p->few || !p->many) {
        log_pattern_free(p);
        (void)err_sys(e, -ENOMEM, "reading a pattern");
        return NULL;
    }
    return p;
}

void log_pattern_free(struct log_pattern *p)
{
    if (!p)
        return;
    pcre2_code_free(p->code);
    pcre2_match_data_free(p->data);
    pcre2_match_context_free(p->few);
    pcre2_match_context_free(p->many);
    free(p);
}

static bool is_limit(int r)
{
    return r == PCRE2_ERROR_MATCHLIMIT || r == PCRE2_ERROR_DEPTHLIMIT || r == PCRE2_ERROR_HEAPLIMIT;
}

/* Behind the character at `place`. */
static size_t behind(const char *line, size_t len, size_t place)
{
    for (place++; place < len && ((unsigned char)line[place] & 0xC0) == 0x80;)
        place++;
    return place;
}

enum log_pattern_result log_pattern_match(struct log_pattern *p, const char *line, size_t len)
{
    size_t from = 0;
    len = len < LIMIT_LOG_WATCH_LINE ? len : LIMIT_LOG_WATCH_LINE;
    for (unsigned n = 0; n <= MANY_PLACES && from <= len; n++) {
        int r = pcre2_match(p->code, (PCRE2_SPTR)line, len, from, 0, p->data, p->few);
        if (!is_limit(r))
            return r >= 0 ? LOG_PATTERN_YES : LOG_PATTERN_NO;
        pcre2_set_offset_limit(p->many, p->place);
        r = pcre2_match(p->code, (PCRE2_SPTR)line, len, p->place, 0, p->data, p->many);
        if (r >= 0)
            return LOG_PATTERN_YES;
        if (is_limit(r))
            return LOG_PATTERN_COSTLY;
        from = behind(line, len, p->place);
    }
    return from > len ? LOG_PATTERN_NO : LOG_PATTERN_COSTLY;
}
