/* Any bytes as a notice in our own form: refused with a reason, or what is written of it reads the
 * same. */
#include "fuzz.h"

#include "base/span.h"
#include "core/incidents/notice_json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    struct notice_read first;
    struct notice_read second;
    int r = notice_read_json((const char *)data, size, &first, &e);
    check((r < 0) == (e.msg[0] != '\0'));
    if (r < 0)
        return 0;
    struct strbuf written = STRBUF_INIT;
    struct strbuf again = STRBUF_INIT;
    check(first.notice.incident && notice_condition(&first.notice)[0]);
    notice_write_json(&first.notice, "host", &written);
    check(!strchr(strbuf_text(&written), '\n'));
    check(notice_read_json(strbuf_text(&written), written.len, &second, &e) == 0);
    check(second.notice.kind == first.notice.kind);
    check(second.notice.wall / USEC_PER_MSEC == first.notice.wall / USEC_PER_MSEC);
    check(strcmp(second.notice.incident, first.notice.incident) == 0);
    notice_write_json(&second.notice, "host", &again);
    check(strcmp(strbuf_text(&written), strbuf_text(&again)) == 0);
    strbuf_fini(&written);
    strbuf_fini(&again);
    notice_read_fini(&first);
    notice_read_fini(&second);
    return 0;
}
