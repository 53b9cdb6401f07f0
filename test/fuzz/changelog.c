/*
 * Any bytes as a change log. What it says of itself is within it; a line appended at the head that
 * was found, after what is torn was cut off, is good; and every change to that line is found.
 */
#include "fuzz.h"

#include "core/changes/changelog.h"

#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void append(const char *text, size_t len, struct changelog_finding found)
{
    static const struct change change = {
        .kind = "note", .author = "root", .text = "a \"line\"", .reason = "", .wall = 1};
    struct strbuf log = STRBUF_INIT;
    struct changelog_finding after;
    strbuf_add(&log, text, found.unended ? len : found.whole);
    if (found.unended)
        strbuf_addc(&log, '\n');
    size_t begin = log.len;
    check(changelog_line(&change, &found.head, &log));
    check(changelog_line_is_good(strbuf_text(&log) + begin, log.len - begin - 1));
    changelog_check(strbuf_text(&log), log.len, &after);
    check(after.lines == found.lines + 1);
    check(after.whole == log.len && !after.unended);
    check(after.faults == found.faults && after.fault == found.fault);
    check(after.head.seq == found.head.seq && strcmp(after.head.sum, found.head.sum) == 0);
    log.data[begin + (len % (log.len - begin - 1))] ^= 1;
    changelog_check(log.data, log.len, &after);
    check(after.faults > found.faults || after.lines < found.lines + 1);
    strbuf_fini(&log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct changelog_finding found;
    const char *text = (const char *)data;
    size_t len = 0;
    changelog_check(text, size, &found);
    check(found.whole <= size && (found.whole == 0 || text[found.whole - 1] == '\n'));
    check((found.faults > 0) == (found.fault != CHANGELOG_NONE));
    check(found.faults <= found.lines && found.fault_line <= found.lines);
    check(!found.unended || found.whole < size);
    const char *latest = changelog_latest(text, size, "note", &len);
    check(!latest || (latest >= text && latest + len <= text + size));
    append(text, size, found);
    return 0;
}
