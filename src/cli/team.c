/* What the team is told of a deployment. */
#include "cli/team.h"

#include "base/text.h"
#include "base/timestamp.h"
#include "cli/since.h"

#include <string.h>
#include <time.h>

bool team_write_eta(const char *text, struct strbuf *out)
{
    char at[TIMESTAMP_TEXT_MAX];
    usec_t now = (usec_t)time(NULL) * USEC_PER_SEC;
    usec_t span;
    usec_t due;
    if (span_parse(text, &span) == 0) {
        strbuf_adds(out, text);
        return span > 0 && span != USEC_INFINITY;
    }
    if (ahead_parse(text, now, &due) < 0 || due <= now)
        return false;
    strbuf_adds(out, timestamp_format(due, at));
    return true;
}

static void add(struct strbuf *json, const char *name, const char *text)
{
    if (!text)
        return;
    strbuf_addf(json, "%s\"%s\":", json->len > 1 ? "," : "", name);
    text_json(json, text, strlen(text));
}

void team_add(const struct cli_args *args, struct strbuf *json)
{
    struct strbuf eta = STRBUF_INIT;
    add(json, "release", args->release);
    add(json, "responsible", args->responsible);
    if (args->eta && team_write_eta(args->eta, &eta))
        add(json, "eta", strbuf_text(&eta));
    strbuf_fini(&eta);
}
