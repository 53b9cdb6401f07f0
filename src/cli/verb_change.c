/* The verbs that change things. */
#include "base/num.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/operation.h"
#include "cli/say.h"
#include "cli/team.h"
#include "cli/view.h"
#include "voxkeeper/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add_member(struct strbuf *json, const char *name, const char *text)
{
    if (!text)
        return;
    strbuf_addf(json, "%s\"%s\":", json->len > 1 ? "," : "", name);
    text_json(json, text, strlen(text));
}

/* Ends `body`, which begins with "{", and asks. */
static int run(const struct cli *cli, const struct cli_args *args, const char *name,
    const char *path, struct strbuf *body,
    void (*on_result)(const struct cli *cli, const cJSON *result))
{
    strbuf_adds(body, "}");
    char *text = strbuf_take(body);
    if (!text) {
        say_error("%s: %s", name, strerrordesc_np(ENOMEM));
        return VK_EXIT_FAILED;
    }
    int rc = operation_run(cli, name, path, text, args->timeout, on_result);
    free(text);
    return rc;
}

int cli_ask_text(const struct cli *cli, const struct cli_args *args, const char *name,
    const char *path, const char *written)
{
    struct strbuf body = STRBUF_INIT;
    strbuf_adds(&body, "{");
    add_member(&body, "text", written);
    add_member(&body, "reason", args->reason);
    return run(cli, args, name, path, &body, NULL);
}

int cli_ask(const struct cli *cli, const struct cli_args *args, const char *name, const char *path)
{
    struct strbuf body = STRBUF_INIT;
    strbuf_adds(&body, "{");
    add_member(&body, "reason", args->reason);
    add_member(&body, "override", args->override_reason);
    if (args->preflight)
        strbuf_addf(&body, "%s\"preflight\":true", body.len > 1 ? "," : "");
    team_add(args, &body);
    return run(cli, args, name, path, &body, view_preflight_before);
}

int cli_restart(const struct cli *cli, const struct cli_args *args)
{
    return cli_ask(cli, args, "restart", VK_API_RESTART);
}

int cli_scale(const struct cli *cli, const struct cli_args *args)
{
    uint64_t n = 0;
    struct strbuf body = STRBUF_INIT;
    if (args->as_configured == (args->operand != NULL)) {
        say_error("scale takes either a number of workers or --default; see: voxkeeper help scale");
        return VK_EXIT_USAGE;
    }
    if (args->operand && num_parse_u64(args->operand, 1, UINT32_MAX, &n) < 0) {
        say_error(
            "\"%s\" is no number of workers, from 1; to have none: voxkeeper drain", args->operand);
        return VK_EXIT_USAGE;
    }
    strbuf_adds(&body, "{");
    if (n > 0)
        strbuf_addf(&body, "\"workers\":%llu", (unsigned long long)n);
    else
        strbuf_adds(&body, "\"default\":true");
    add_member(&body, "reason", args->reason);
    return run(cli, args, "scale", VK_API_SCALE, &body, NULL);
}

int cli_reload(const struct cli *cli, const struct cli_args *args)
{
    return cli_ask(cli, args, "reload", VK_API_RELOAD);
}

int cli_drain(const struct cli *cli, const struct cli_args *args)
{
    return cli_ask(cli, args, "drain", VK_API_DRAIN);
}

int cli_resume(const struct cli *cli, const struct cli_args *args)
{
    return cli_ask(cli, args, "resume", VK_API_RESUME);
}

int cli_upgrade(const struct cli *cli, const struct cli_args *args)
{
    return cli_ask(cli, args, "upgrade", VK_API_UPGRADE);
}
