/* Writing and checking the lines of the change log. */
#include "core/changes/changelog.h"

#include "base/num.h"
#include "base/text.h"
#include "base/timestamp.h"

#include <string.h>

enum { SUM_DIGITS = DIGEST_TEXT - 1 };

/* Who writes a number further ahead has made it up: after the last one there would be none. */
#define LEAP_MAX ((uint64_t)1 << 32)

#define BEGIN "{\"seq\":"
#define PREV ",\"prev\":\""
#define SUM ",\"sum\":\""

/* The line's end: ,"prev":"..","sum":".."} */
enum {
    PREV_LEN = sizeof PREV - 1,
    SUM_LEN = sizeof SUM - 1,
    TAIL_SUM = SUM_LEN + SUM_DIGITS + 2,
    TAIL = PREV_LEN + SUM_DIGITS + 1 + TAIL_SUM,
};

void changelog_head_init(struct changelog_head *head)
{
    *head = (struct changelog_head){.seq = 0};
    memset(head->sum, '0', SUM_DIGITS);
}

static void add_text(struct strbuf *out, const char *name, const char *text)
{
    strbuf_addf(out, ",\"%s\":", name);
    text_json(out, text, strlen(text));
}

bool changelog_line(const struct change *change, struct changelog_head *head, struct strbuf *out)
{
    char time[TIMESTAMP_TEXT_MAX];
    struct changelog_head next = {.seq = head->seq + 1};
    struct strbuf line = STRBUF_INIT;
    strbuf_addf(&line, BEGIN "%llu", (unsigned long long)next.seq);
    add_text(&line, "time", timestamp_format(change->wall, time));
    add_text(&line, "kind", change->kind);
    add_text(&line, "author", change->author);
    add_text(&line, "text", change->text);
    add_text(&line, "reason", change->reason);
    if (change->details)
        strbuf_addf(&line, ",\"details\":%s", change->details);
    strbuf_addf(&line, PREV "%s\"", head->sum);
    digest_text(strbuf_text(&line), line.len, next.sum);
    strbuf_addf(&line, SUM "%s\"}\n", next.sum);
    size_t before = out->len;
    if (!line.failed)
        strbuf_add(out, line.data, line.len);
    bool written = !line.failed && !out->failed && out->len > before;
    if (written)
        *head = next;
    strbuf_fini(&line);
    return written;
}

static bool has(const char *at, const char *literal, size_t len)
{
    return memcmp(at, literal, len) == 0;
}

/* Whether `at` is as a sum is written: what else is there could not be named by the next line. */
static bool is_sum(const char *at)
{
    size_t n = 0;
    while (n < SUM_DIGITS && at[n] && strchr("0123456789abcdef", at[n]))
        n++;
    return n == SUM_DIGITS && at[n] == '"';
}

/* The ends of a line are where they belong. */
static bool has_form(const char *line, size_t len)
{
    if (len < sizeof BEGIN + TAIL || !has(line, BEGIN, sizeof BEGIN - 1))
        return false;
    const char *tail = line + len - TAIL;
    const char *sum = line + len - TAIL_SUM;
    return has(tail, PREV, PREV_LEN) && is_sum(tail + PREV_LEN) && has(sum, SUM, SUM_LEN) &&
           is_sum(sum + SUM_LEN) && has(line + len - 2, "\"}", 2);
}

static bool sum_is_right(const char *line, size_t len)
{
    char sum[DIGEST_TEXT];
    digest_text(line, len - TAIL_SUM, sum);
    return has(line + len - 2 - SUM_DIGITS, sum, SUM_DIGITS);
}

bool changelog_line_is_good(const char *line, size_t len)
{
    return has_form(line, len) && sum_is_right(line, len);
}

/* Of a line that has the form; 0: it has none. */
static uint64_t seq_of(const char *line)
{
    char digits[24];
    uint64_t seq = 0;
    size_t n = 0;
    for (const char *at = line + sizeof BEGIN - 1; *at >= '0' && *at <= '9'; at++) {
        if (n == sizeof digits - 1)
            return 0;
        digits[n++] = *at;
    }
    digits[n] = '\0';
    return num_parse_u64(digits, 1, UINT64_MAX - 1, &seq) == 0 ? seq : 0;
}

static enum changelog_fault fault_of(
    const struct changelog_head *head, const char *line, size_t len)
{
    if (!has_form(line, len) || seq_of(line) == 0)
        return CHANGELOG_UNREADABLE;
    if (!sum_is_right(line, len))
        return CHANGELOG_CHANGED;
    const char *prev = line + len - TAIL + PREV_LEN;
    bool follows = has(prev, head->sum, SUM_DIGITS) && seq_of(line) == head->seq + 1;
    return follows ? CHANGELOG_NONE : CHANGELOG_GAP;
}

/* A line that can be read is where the chain goes on, whatever is wrong with it: it says by which
 * sum the next one knows it. */
static void take(struct changelog_head *head, const char *line, size_t len)
{
    uint64_t seq = seq_of(line);
    if (seq > head->seq && seq - head->seq <= LEAP_MAX)
        head->seq = seq;
    memcpy(head->sum, line + len - 2 - SUM_DIGITS, SUM_DIGITS);
}

static void check_line(struct changelog_finding *f, const char *line, size_t len)
{
    enum changelog_fault fault = fault_of(&f->head, line, len);
    f->lines++;
    if (fault != CHANGELOG_UNREADABLE)
        take(&f->head, line, len);
    if (fault == CHANGELOG_NONE)
        return;
    if (f->faults++ > 0)
        return;
    f->fault = fault;
    f->fault_line = f->lines;
}

void changelog_check(const char *text, size_t len, struct changelog_finding *out)
{
    *out = (struct changelog_finding){.lines = 0};
    changelog_head_init(&out->head);
    while (out->whole < len) {
        const char *line = text + out->whole;
        const char *end = memchr(line, '\n', len - out->whole);
        if (!end)
            break;
        check_line(out, line, (size_t)(end - line));
        out->whole += (size_t)(end - line) + 1;
    }
    out->unended = changelog_line_is_good(text + out->whole, len - out->whole);
    if (out->unended)
        check_line(out, text + out->whole, len - out->whole);
}

void changelog_walk(const char *text, size_t len, bool whole, changelog_each *each, void *arg,
    struct changelog_head *out_head)
{
    bool placed = whole;
    changelog_head_init(out_head);
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end ? (size_t)(end - (text + at)) : len - at;
        enum changelog_fault fault = fault_of(out_head, text + at, n);
        if (fault == CHANGELOG_GAP && !placed)
            fault = CHANGELOG_NONE;
        if (fault != CHANGELOG_UNREADABLE) {
            take(out_head, text + at, n);
            placed = true;
        }
        each(text + at, n, fault, arg);
        at += n + 1;
    }
}

/* Whether it is of that kind; false as well if it cannot be read. */
static bool is_of(const char *line, size_t len, const char *kind)
{
    struct strbuf wanted = STRBUF_INIT;
    strbuf_adds(&wanted, ",\"kind\":");
    text_json(&wanted, kind, strlen(kind));
    /* The time, which stands before it, has nothing to escape. */
    const char *at = has_form(line, len) ? memmem(line, len, ",\"kind\":", 8) : NULL;
    bool is = at && (size_t)(line + len - at) > wanted.len &&
              memcmp(at, strbuf_text(&wanted), wanted.len) == 0;
    strbuf_fini(&wanted);
    return is;
}

const char *changelog_latest(const char *text, size_t len, const char *kind, size_t *out_len)
{
    const char *latest = NULL;
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end ? (size_t)(end - (text + at)) : len - at;
        if (is_of(text + at, n, kind)) {
            latest = text + at;
            *out_len = n;
        }
        at += n + 1;
    }
    return latest;
}

const char *changelog_fault_words(enum changelog_fault fault)
{
    switch (fault) {
#define X(symbol, words)                                                                           \
    case CHANGELOG_##symbol:                                                                       \
        return words;
        CHANGELOG_FAULTS(X)
#undef X
    }
    return "";
}
