/* Any bytes as a post-mortem to be checked, and as the incident that one is written from. */
#include "fuzz.h"

#include "core/incidents/postmortem.h"
#include "core/json_scan.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

static unsigned lines_of(const char *text, size_t len)
{
    unsigned n = len > 0 && text[len - 1] != '\n';
    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n';
    return n > 0 ? n : 1;
}

static void judge(const char *text, size_t len)
{
    struct postmortem_report r;
    postmortem_check(text, len, &r);
    check(r.n <= POSTMORTEM_FAULTS_MAX && (r.more == 0 || r.n == POSTMORTEM_FAULTS_MAX));
    for (unsigned i = 0; i < r.n; i++) {
        check(r.faults[i].line >= 1 && r.faults[i].line <= lines_of(text, len));
        check(r.faults[i].what[0] && strlen(r.faults[i].what) < sizeof r.faults[i].what);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    judge(text, size);
    size_t used = json_scan_value(text, size);
    struct cJSON *json = used > 0 ? cJSON_ParseWithLength(text, used) : NULL;
    if (json) {
        struct strbuf out = STRBUF_INIT;
        struct postmortem_report r;
        postmortem_write(json, &out);
        postmortem_check(strbuf_text(&out), out.len, &r);
        check(r.n == 2); /* nobody has answered yet, whatever the incident says */
        strbuf_fini(&out);
        cJSON_Delete(json);
    }
    return 0;
}
