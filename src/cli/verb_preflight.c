/* The checklist before a deployment. */
#include "base/strbuf.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/operation.h"
#include "cli/say.h"
#include "cli/team.h"
#include "cli/view.h"
#include "voxkeeper/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    bool good = f && fputs(text, f) >= 0;
    int why = errno;
    if (f && fclose(f) != 0 && good) {
        good = false;
        why = errno;
    }
    if (!good)
        say_error("write \"%s\": %s", path, strerrordesc_np(why));
    return good;
}

/* Asked before anything runs: tests take long, and it would have been for nothing. */
static bool may_write(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0)
        unlink(path);
    else if (errno == EEXIST)
        fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        say_error("write \"%s\": %s", path, strerrordesc_np(errno));
    else
        close(fd);
    return fd >= 0;
}

static bool write_junit(const cJSON *operation, const void *arg)
{
    const char *path = arg;
    const char *xml = json_text(operation, "result.junit");
    if (!path)
        return true;
    if (xml)
        return write_file(path, xml);
    say_error("write \"%s\": voxkeeperd's answer has nothing for it", path);
    return false;
}

int cli_preflight(const struct cli *cli, const struct cli_args *args)
{
    struct strbuf body = STRBUF_INIT;
    if (args->junit && !may_write(args->junit))
        return VK_EXIT_FAILED;
    strbuf_addf(&body, "{\"junit\":%s", args->junit ? "true" : "false");
    if (args->reason) {
        strbuf_adds(&body, ",\"reason\":");
        text_json(&body, args->reason, strlen(args->reason));
    }
    team_add(args, &body);
    strbuf_adds(&body, "}");
    int rc = VK_EXIT_FAILED;
    if (body.failed)
        say_error("preflight: %s", strerrordesc_np(ENOMEM));
    else
        rc = operation_follow(cli, &(struct operation_ask){.name = "preflight",
                                       .path = VK_API_PREFLIGHT,
                                       .body = strbuf_text(&body),
                                       .timeout = args->timeout,
                                       .on_result = view_preflight_print,
                                       .on_ended = write_junit,
                                       .arg = args->junit});
    strbuf_fini(&body);
    return rc;
}
