/* The verbs about backups: which there are, what is in one, and putting it back. */
#include "base/strbuf.h"
#include "base/text.h"
#include "cli/cli.h"
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

static void add_true(struct strbuf *json, const char *name, bool is)
{
    if (is)
        strbuf_addf(json, "%s\"%s\":true", json->len > 1 ? "," : "", name);
}

static int run(
    const struct cli *cli, const struct cli_args *args, const char *name, const char *path)
{
    struct strbuf body = STRBUF_INIT;
    strbuf_adds(&body, "{");
    add_text(&body, "file", args->operand);
    add_text(&body, "key", args->key);
    add_text(&body, "reason", args->reason);
    add_true(&body, "replace", args->replace);
    add_true(&body, "dry_run", args->dry_run);
    strbuf_adds(&body, "}");
    char *text = strbuf_take(&body);
    if (!text) {
        say_error("%s: %s", name, strerrordesc_np(ENOMEM));
        return VK_EXIT_FAILED;
    }
    int rc = operation_run(cli, name, path, text, args->timeout, view_backup_print);
    free(text);
    return rc;
}

int cli_backups(const struct cli *cli, const struct cli_args *args)
{
    if (args->operand)
        return run(cli, args, "backups", VK_API_BACKUPS);
    if (!args->key)
        return cli_show(cli, VK_API_BACKUPS, "backups", view_backups);
    say_error("--key belongs to a FILE; see: voxkeeper help backups");
    return VK_EXIT_USAGE;
}

int cli_restore(const struct cli *cli, const struct cli_args *args)
{
    if (args->operand)
        return run(cli, args, "restore", VK_API_RESTORE);
    say_error("restore needs a FILE; which there are: voxkeeper backups");
    return VK_EXIT_USAGE;
}
