/* The verbs about Redis' keys: sweeping them, listing them. */
#include "base/strbuf.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/operation.h"
#include "cli/say.h"
#include "cli/view.h"
#include "voxkeeper/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_name(struct strbuf *json, const char *name)
{
    strbuf_addf(json, "%s\"%s\":", json->len > 1 ? "," : "", name);
}

static void add_text(struct strbuf *json, const char *name, const char *text)
{
    if (!text)
        return;
    add_name(json, name);
    text_json(json, text, strlen(text));
}

static void add_true(struct strbuf *json, const char *name, bool is)
{
    if (!is)
        return;
    add_name(json, name);
    strbuf_adds(json, "true");
}

static void add_limit(struct strbuf *json, uint64_t limit)
{
    if (limit == 0)
        return;
    add_name(json, "limit");
    strbuf_addf(json, "%llu", (unsigned long long)limit);
}

static int follow(const struct cli *cli, struct operation_ask *ask, struct strbuf *body)
{
    strbuf_adds(body, "}");
    char *text = strbuf_take(body);
    if (!text) {
        say_error("%s: %s", ask->name, strerrordesc_np(ENOMEM));
        return VK_EXIT_FAILED;
    }
    ask->body = text;
    int rc = operation_follow(cli, ask);
    free(text);
    return rc;
}

/* {"KIND":...} on a line of its own. */
static void print_line(const char *kind, const cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    if (text)
        printf("{\"%s\":%s}\n", kind, text);
    cJSON_free(text);
    fflush(stdout);
}

static bool show_so_far(const struct cli *cli, const cJSON *so_far)
{
    if (cli->json && so_far)
        print_line("progress", so_far);
    return cli->json || view_progress(so_far);
}

/* The findings are lines already; without them the rest is one of a bearable length. */
static void print_sweep_json(const cJSON *operation)
{
    const cJSON *finding;
    cJSON_ArrayForEach(finding, json_get(operation, "result.findings"))
        print_line("finding", finding);
    cJSON *rest = cJSON_Duplicate(operation, true);
    cJSON_DeleteItemFromObject(cJSON_GetObjectItem(rest, "result"), "findings");
    cJSON_DeleteItemFromObject(rest, "progress");
    print_line("operation", rest);
    cJSON_Delete(rest);
}

int cli_sweep(const struct cli *cli, const struct cli_args *args)
{
    struct strbuf body = STRBUF_INIT;
    struct operation_ask ask = {.name = "sweep",
        .path = VK_API_SWEEP,
        .timeout = args->timeout,
        .on_result = view_sweep_print,
        .on_so_far = show_so_far,
        .print_json = print_sweep_json,
        .cancel_path = VK_API_SWEEP_CANCEL,
        .wait_busy = args->wait};
    strbuf_addf(&body, "{\"dry_run\":%s", args->dry_run ? "true" : "false");
    add_text(&body, "reason", args->reason);
    add_text(&body, "keyspace", args->keyspace);
    add_text(&body, "older_than", args->older_than);
    add_text(&body, "confirm", args->confirm);
    add_limit(&body, args->limit);
    add_true(&body, "no_backup", args->no_backup);
    return follow(cli, &ask, &body);
}

int cli_keys(const struct cli *cli, const struct cli_args *args)
{
    struct strbuf body = STRBUF_INIT;
    struct operation_ask ask = {.name = "keys",
        .path = VK_API_KEYS,
        .timeout = args->timeout,
        .on_result = view_keys_print,
        .cancel_path = VK_API_SWEEP_CANCEL};
    strbuf_adds(&body, "{");
    add_text(&body, "keyspace", args->keyspace);
    add_text(&body, "sort", args->sort);
    add_limit(&body, args->limit);
    add_true(&body, "stuck", args->stuck);
    return follow(cli, &ask, &body);
}
