/* Who is told of incidents, and whether that works. */
#include "base/strbuf.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/view.h"

enum { WORDS_MAX = 160 };

static void view_failing(const cJSON *notifier, bool use_color, struct strbuf *out)
{
    uint64_t failures = 0;
    uint64_t waiting = 0;
    const char *error = json_text(notifier, "last_error");
    if (!json_count(notifier, "failures", &failures) || failures == 0)
        return;
    json_count(notifier, "waiting", &waiting);
    strbuf_adds(out, "Alerts     ");
    say_colored(out, use_color, SAY_RED, "not delivered");
    strbuf_adds(out, " to ");
    say_word(out, json_text(notifier, "name"), WORDS_MAX);
    strbuf_adds(out, ", ");
    say_number(out, waiting, "notice waits", "notices wait");
    if (error) {
        strbuf_adds(out, ": ");
        say_word(out, error, WORDS_MAX);
    }
    strbuf_addc(out, '\n');
}

void view_alerts_brief(const cJSON *alerts, bool use_color, struct strbuf *out)
{
    const cJSON *notifier;
    const char *until = json_text(alerts, "silence.until");
    if (until) {
        strbuf_adds(out, "Alerts     ");
        say_colored(out, use_color, SAY_YELLOW, "silent");
        strbuf_adds(out, " until ");
        say_word(out, until, WORDS_MAX);
        strbuf_addc(out, '\n');
    }
    cJSON_ArrayForEach(notifier, json_get(alerts, "notifiers"))
        view_failing(notifier, use_color, out);
}
