/* The verbs that only look. */
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/view.h"
#include "cli/watch.h"
#include "voxkeeper/control.h"

#include <errno.h>
#include <string.h>

int cli_show(const struct cli *cli, const char *path, const char *part,
    void (*view)(const struct cli *cli, const cJSON *answer, struct strbuf *out))
{
    struct api_answer a;
    api_call(cli, "GET", path, NULL, &a);
    int rc = VK_EXIT_DONE;
    if (!api_answer_ok(&a) || json_get(a.json, "error")) {
        rc = api_explain(cli, &a);
    } else if (cli->json) {
        const cJSON *inner = part ? json_get(a.json, part) : NULL;
        rc = api_print_json(inner ? inner : a.json);
    } else {
        struct strbuf out = STRBUF_INIT;
        view(cli, a.json, &out);
        say_print(&out);
    }
    api_answer_fini(&a);
    return rc;
}

int cli_status(const struct cli *cli, const struct cli_args *args)
{
    return args->watch ? watch_status(cli) : cli_show(cli, VK_API_STATUS, NULL, view_status);
}

int cli_workers(const struct cli *cli, const struct cli_args *args)
{
    (void)args;
    return cli_show(cli, VK_API_WORKERS, NULL, view_workers);
}

static void view_config(const struct cli *cli, const cJSON *answer, struct strbuf *out)
{
    (void)cli;
    const char *text = json_text(answer, "text");
    say_safe(out, text ? text : "", "");
    if (text && text[strlen(text) - 1] != '\n')
        strbuf_addc(out, '\n');
}

int cli_show_config(const struct cli *cli, const struct cli_args *args)
{
    (void)args;
    return cli_show(cli, VK_API_CONFIG, "values", view_config);
}
