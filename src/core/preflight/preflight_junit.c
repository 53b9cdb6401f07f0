/* A checklist as JUnit's XML. */
#include "core/preflight/preflight_junit.h"

#include "base/text.h"
#include "base/timestamp.h"

#include <string.h>

/* Control bytes but these three are in no XML 1.0 document, not even as `&#1;`; nor are U+FFFE and
 * U+FFFF. */
static bool is_char(const char *bytes, size_t len)
{
    unsigned char c = (unsigned char)bytes[0];
    if (len == 1)
        return c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
    return !(len == 3 && c == 0xEF && (unsigned char)bytes[1] == 0xBF &&
             (unsigned char)bytes[2] >= 0xBE);
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\n': /* an attribute's would become a space */
        return "&#10;";
    case '\t':
        return "&#9;";
    case '\r':
        return "&#13;";
    }
    return NULL;
}

void preflight_write_xml(struct strbuf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = text_utf8_len(text + i, len - i);
        const char *as = n == 1 ? entity(text[i]) : NULL;
        if (n == 0 || !is_char(text + i, n))
            strbuf_adds(out, "\xEF\xBF\xBD");
        else if (as)
            strbuf_adds(out, as);
        else
            strbuf_add(out, text + i, n);
        i += n > 0 ? n : 1;
    }
}

struct tally {
    unsigned tests, failures, skipped;
};

static void count(const struct preflight *p, int item, struct tally *t)
{
    for (unsigned row = 0; row < preflight_rows(p); row++) {
        enum preflight_verdict v = p->results[row].verdict;
        bool in = item == PREFLIGHT_ITEM_COUNT || (int)preflight_row_item(p, row) == item;
        if (!in || !preflight_has(p, row))
            continue;
        t->tests++;
        t->failures += v == PREFLIGHT_FAILED || v == PREFLIGHT_PENDING;
        t->skipped += v == PREFLIGHT_SKIPPED;
    }
}

static void write_counts(const struct preflight *p, int item, usec_t took, struct strbuf *out)
{
    struct tally t = {0};
    count(p, item, &t);
    strbuf_addf(out,
        " tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"%llu.%06llu\"", t.tests,
        t.failures, t.skipped, (unsigned long long)(took / USEC_PER_SEC),
        (unsigned long long)(took % USEC_PER_SEC));
}

static void write_case(const struct preflight *p, unsigned row, struct strbuf *out)
{
    const struct preflight_result *r = &p->results[row];
    const char *text = strbuf_text(&r->evidence);
    size_t len = r->evidence.len;
    struct strbuf name = STRBUF_INIT;
    preflight_write_name(p, row, &name);
    strbuf_addf(out, "    <testcase classname=\"voxkeeper.preflight.%s\" name=\"",
        preflight_item_name(preflight_row_item(p, row)));
    preflight_write_xml(out, strbuf_text(&name), name.len);
    strbuf_addf(out, "\" time=\"%llu.%06llu\"", (unsigned long long)(r->took / USEC_PER_SEC),
        (unsigned long long)(r->took % USEC_PER_SEC));
    strbuf_fini(&name);
    switch (r->verdict) {
    case PREFLIGHT_PASSED:
        strbuf_adds(out, ">\n      <system-out>");
        preflight_write_xml(out, text, len);
        strbuf_adds(out, "</system-out>\n    </testcase>\n");
        return;
    case PREFLIGHT_SKIPPED:
        strbuf_adds(out, ">\n      <skipped message=\"");
        preflight_write_xml(out, text, len);
        strbuf_adds(out, "\"/>\n    </testcase>\n");
        return;
    case PREFLIGHT_PENDING:
    case PREFLIGHT_FAILED:
        strbuf_adds(out, ">\n      <failure message=\"");
        preflight_write_xml(out, text, strcspn(text, "\n"));
        strbuf_adds(out, "\">");
        preflight_write_xml(out, text, len);
        strbuf_adds(out, "</failure>\n    </testcase>\n");
        return;
    }
}

void preflight_write_junit(const struct preflight *p, usec_t began_wall, struct strbuf *out)
{
    char at[TIMESTAMP_TEXT_MAX];
    usec_t took = 0;
    for (int i = 0; i < PREFLIGHT_ITEM_COUNT; i++) {
        usec_t t = preflight_item_took(p, (enum preflight_item)i);
        took = t > took ? t : took;
    }
    strbuf_adds(out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"voxkeeper preflight\"");
    write_counts(p, PREFLIGHT_ITEM_COUNT, took, out);
    strbuf_adds(out, ">\n");
    for (int i = 0; i < PREFLIGHT_ITEM_COUNT; i++) {
        enum preflight_item item = (enum preflight_item)i;
        strbuf_addf(out, "  <testsuite name=\"%s\" timestamp=\"%s\"", preflight_item_title(item),
            timestamp_format(began_wall, at));
        write_counts(p, i, preflight_item_took(p, item), out);
        strbuf_adds(out, ">\n");
        for (unsigned row = 0; row < preflight_rows(p); row++) {
            if (preflight_row_item(p, row) == item && preflight_has(p, row))
                write_case(p, row, out);
        }
        strbuf_adds(out, "  </testsuite>\n");
    }
    strbuf_adds(out, "</testsuites>\n");
}
