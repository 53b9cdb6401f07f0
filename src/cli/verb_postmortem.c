/* Post-mortems: written from an incident, and checked. */
#include "base/strbuf.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/view.h"
#include "core/incidents/postmortem.h"
#include "voxkeeper/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const struct cli *cli, const char *what, const char *path, int error)
{
    return api_fail(cli, VK_EXIT_FAILED, "file", "%s \"%s\": %s", what, path, strerror(error));
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* What somebody has written there is not overwritten by accident. Callers may be quoted in it, so
 * it is its writer's alone until he gives it to others. */
static int write_file(const struct cli *cli, const struct cli_args *args, const struct strbuf *text)
{
    const char *path = args->output;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (args->force ? O_TRUNC : O_EXCL), 0600);
    if (fd < 0 && errno == EEXIST)
        return api_fail(cli, VK_EXIT_FAILED, "exists",
            "writing \"%s\": it exists; --force overwrites it", path);
    if (fd < 0)
        return fail(cli, "writing", path, errno);
    bool done = write_all(fd, strbuf_text(text), text->len);
    int error = done ? 0 : errno;
    if (close(fd) < 0 && done)
        error = errno;
    if (error)
        return fail(cli, "writing", path, error);
    if (cli->json) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "file", path);
        int rc = api_print_json(o);
        cJSON_Delete(o);
        return rc;
    }
    struct strbuf out = STRBUF_INIT;
    strbuf_adds(&out, "written: ");
    say_word(&out, path, strlen(path));
    strbuf_adds(
        &out, "\nNow the root cause and the action items; then: voxkeeper postmortem --check ");
    say_word(&out, path, strlen(path));
    strbuf_addc(&out, '\n');
    say_print(&out);
    return VK_EXIT_DONE;
}

static int print(const struct cli *cli, struct strbuf *text)
{
    if (!cli->json) {
        struct strbuf out = STRBUF_INIT;
        say_safe(&out, strbuf_text(text), "");
        say_print(&out);
        return VK_EXIT_DONE;
    }
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "markdown", strbuf_text(text));
    int rc = api_print_json(o);
    cJSON_Delete(o);
    return rc;
}

static int write_it(const struct cli *cli, const struct cli_args *args, const char *path)
{
    struct api_answer a;
    struct strbuf text = STRBUF_INIT;
    int rc;
    api_call(cli, "GET", path, NULL, &a);
    if (!api_answer_ok(&a) || json_get(a.json, "error")) {
        rc = api_explain(cli, &a);
    } else {
        postmortem_write(a.json, &text);
        if (text.failed)
            rc = fail(cli, "writing", "the post-mortem", ENOMEM);
        else
            rc = args->output ? write_file(cli, args, &text) : print(cli, &text);
    }
    strbuf_fini(&text);
    api_answer_fini(&a);
    return rc;
}

/* Returns 0 or an errno; EFBIG: it is larger than a post-mortem can be. */
static int read_file(const char *path, struct strbuf *out)
{
    char bytes[16 * 1024];
    struct stat st;
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int error = fd < 0 || fstat(fd, &st) < 0 ? errno : 0;
    if (!error && !S_ISREG(st.st_mode))
        error = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    while (!error && (n = read(fd, bytes, sizeof bytes)) != 0) {
        if (n < 0)
            error = errno == EINTR ? 0 : errno;
        else
            strbuf_add(out, bytes, (size_t)n);
        if (out->failed)
            error = ENOMEM;
        else if (out->len > POSTMORTEM_FILE_MAX)
            error = EFBIG;
    }
    if (fd >= 0)
        close(fd);
    return error;
}

static int print_json(const char *path, const struct postmortem_report *r)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "file", path);
    cJSON_AddBoolToObject(o, "ok", r->n == 0);
    cJSON *faults = cJSON_AddArrayToObject(o, "faults");
    for (unsigned i = 0; i < r->n; i++) {
        cJSON *fault = cJSON_CreateObject();
        cJSON_AddNumberToObject(fault, "line", r->faults[i].line);
        cJSON_AddStringToObject(fault, "message", r->faults[i].what);
        cJSON_AddItemToArray(faults, fault);
    }
    int rc = api_print_json(o);
    cJSON_Delete(o);
    return rc;
}

/* "FILE:LINE: what", as compilers do: editors and CI find the place. */
static void print_faults(const char *path, const struct postmortem_report *r)
{
    struct strbuf out = STRBUF_INIT;
    for (unsigned i = 0; i < r->n; i++) {
        say_word(&out, path, strlen(path));
        strbuf_addf(&out, ":%u: ", r->faults[i].line);
        say_word(&out, r->faults[i].what, sizeof r->faults[i].what);
        strbuf_addc(&out, '\n');
    }
    if (r->more > 0)
        strbuf_addf(&out, "and %u more\n", r->more);
    if (r->n == 0) {
        say_word(&out, path, strlen(path));
        strbuf_adds(&out, ": the root cause explains something, every action item has an owner and "
                          "a date\n");
    }
    say_print(&out);
}

static int check(const struct cli *cli, const char *path)
{
    struct strbuf text = STRBUF_INIT;
    struct postmortem_report report;
    int error = read_file(path, &text);
    if (error) {
        strbuf_fini(&text);
        return fail(cli, "reading", path, error);
    }
    postmortem_check(strbuf_text(&text), text.len, &report);
    strbuf_fini(&text);
    int rc = cli->json ? print_json(path, &report) : VK_EXIT_DONE;
    if (!cli->json)
        print_faults(path, &report);
    return report.n > 0 ? VK_EXIT_FAILED : rc;
}

int cli_postmortem(const struct cli *cli, const struct cli_args *args)
{
    struct strbuf path = STRBUF_INIT;
    int rc = VK_EXIT_USAGE;
    if (!args->operand)
        say_error("postmortem needs an ID, or --check and a FILE; which incidents there are: "
                  "voxkeeper incidents");
    else if (args->check && (args->output || args->force))
        say_error("--check reads a file: --output and --force have no place beside it");
    else if (args->force && !args->output)
        say_error("--force belongs to --output");
    else if (args->check)
        rc = check(cli, args->operand);
    else if (cli_incident_path(&path, args->operand))
        rc = write_it(cli, args, strbuf_text(&path));
    strbuf_fini(&path);
    return rc;
}
