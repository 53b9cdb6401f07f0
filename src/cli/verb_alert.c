/* The verbs about alerts: a time of silence, and a test of who is told. */
#include "base/strbuf.h"
#include "base/text.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/operation.h"
#include "cli/say.h"
#include "cli/view.h"
#include "voxkeeper/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add_text(struct strbuf *json, const char *name, const char *text)
{
    if (!text)
        return;
    strbuf_addf(json, "%s\"%s\":", json->len > 1 ? "," : "", name);
    text_json(json, text, strlen(text));
}

/* Ends `body`, which begins with "{", and asks. */
static int run(const struct cli *cli, const struct cli_args *args, const char *name,
    const char *path, struct strbuf *body)
{
    strbuf_adds(body, "}");
    char *text = strbuf_take(body);
    if (!text) {
        say_error("%s: %s", name, strerrordesc_np(ENOMEM));
        return VK_EXIT_FAILED;
    }
    int rc = operation_run(cli, name, path, text, args->timeout, NULL);
    free(text);
    return rc;
}

static void view_silence(const struct cli *cli, const cJSON *answer, struct strbuf *out)
{
    char left[SPAN_TEXT_MAX];
    uint64_t left_usec = 0;
    uint64_t withheld = 0;
    const char *author = json_text(answer, "silence.author");
    const char *reason = json_text(answer, "silence.reason");
    json_count(answer, "withheld", &withheld);
    if (!json_count(answer, "silence.left_usec", &left_usec)) {
        strbuf_adds(out, "alerts are not silent\n");
        return;
    }
    say_colored(out, cli->color, SAY_YELLOW, "alerts are silent");
    strbuf_addf(out, " for another %s, until ", span_show(left_usec, left));
    say_word(out, json_text(answer, "silence.until"), SPAN_TEXT_MAX);
    if (author) {
        strbuf_adds(out, ", by ");
        say_word(out, author, VK_REASON_MAX);
    }
    if (reason) {
        strbuf_adds(out, ": ");
        say_word(out, reason, VK_REASON_MAX);
    }
    strbuf_adds(out, "\nwithheld: ");
    say_number(out, withheld, "notice", "notices");
    strbuf_adds(out, "; end it with: voxkeeper silence end\n");
}

int cli_silence(const struct cli *cli, const struct cli_args *args)
{
    struct strbuf body = STRBUF_INIT;
    usec_t span = 0;
    if (!args->operand) {
        if (!args->reason)
            return cli_show(cli, VK_API_SILENCE, NULL, view_silence);
        say_error("--reason belongs to a SPAN; see: voxkeeper help silence");
        return VK_EXIT_USAGE;
    }
    strbuf_adds(&body, "{");
    if (strcmp(args->operand, "end") == 0) {
        strbuf_adds(&body, "\"end\":true");
    } else if (span_parse(args->operand, &span) < 0 || span == 0) {
        say_error("\"%s\" is neither a time span such as 30m nor \"end\"", args->operand);
        strbuf_fini(&body);
        return VK_EXIT_USAGE;
    } else {
        add_text(&body, "span", args->operand);
    }
    add_text(&body, "reason", args->reason);
    return run(cli, args, "silence", VK_API_SILENCE, &body);
}

int cli_alert_test(const struct cli *cli, const struct cli_args *args)
{
    struct strbuf body = STRBUF_INIT;
    strbuf_adds(&body, "{");
    add_text(&body, "notifier", args->operand);
    add_text(&body, "reason", args->reason);
    return run(cli, args, "alert-test", VK_API_ALERT_TEST, &body);
}
