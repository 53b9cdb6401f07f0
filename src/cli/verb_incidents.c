/* The verbs about incidents. */
#include "base/strbuf.h"
#include "base/text.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/operation.h"
#include "cli/say.h"
#include "cli/view.h"
#include "voxkeeper/control.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 20 };

bool cli_incident_path(struct strbuf *out, const char *id)
{
    if (!id[0] || id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-")]) {
        say_error("\"%s\" is no incident; which there are: voxkeeper incidents", id);
        return false;
    }
    strbuf_addf(out, "%s/%s", VK_API_INCIDENTS, id);
    return true;
}

static int show_list(const struct cli *cli, uint64_t max)
{
    struct api_answer a;
    int rc = VK_EXIT_DONE;
    api_call(cli, "GET", VK_API_INCIDENTS, NULL, &a);
    if (!api_answer_ok(&a) || json_get(a.json, "error")) {
        rc = api_explain(cli, &a);
    } else if (cli->json) {
        const cJSON *list = json_get(a.json, "incidents");
        rc = api_print_json(list ? list : a.json);
    } else {
        struct strbuf out = STRBUF_INIT;
        view_incidents(a.json, max, cli->color, &out);
        say_print(&out);
    }
    api_answer_fini(&a);
    return rc;
}

int cli_incidents(const struct cli *cli, const struct cli_args *args)
{
    struct strbuf path = STRBUF_INIT;
    int rc = VK_EXIT_USAGE;
    if (!args->operand)
        return show_list(cli, args->limit > 0 ? args->limit : SHOWN);
    if (args->limit > 0)
        say_error("--limit belongs to the list, not to an ID");
    else if (cli_incident_path(&path, args->operand))
        rc = cli_show(cli, strbuf_text(&path), NULL, view_incident);
    strbuf_fini(&path);
    return rc;
}

int cli_acknowledge(const struct cli *cli, const struct cli_args *args)
{
    struct strbuf path = STRBUF_INIT;
    int rc = VK_EXIT_USAGE;
    if (!args->operand) {
        say_error("acknowledge needs an ID; which there are: voxkeeper incidents");
    } else if (cli_incident_path(&path, args->operand)) {
        strbuf_adds(&path, VK_API_ACKNOWLEDGE);
        rc = cli_ask(cli, args, "acknowledge", strbuf_text(&path));
    }
    strbuf_fini(&path);
    return rc;
}
