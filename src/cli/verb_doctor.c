/* `voxkeeper doctor`: asks the daemon, or where there is none has voxkeeperd look by itself. */
#include "base/strbuf.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/operation.h"
#include "cli/say.h"
#include "cli/view.h"
#include "cli/watch_screen.h"
#include "io/journal/journal_reader.h"
#include "voxkeeper/control.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LATELY USEC_PER_HOUR
/* A daemon that does not answer is a finding; what else is wrong shall be known soon as well. */
#define PATIENCE (1 * USEC_PER_SEC)
static const char unit[] = "voxkeeper.service";
static const char program[] = "voxkeeperd";
static const char not_running[] = "voxkeeperd-not-running";

static void on_result(const struct cli *cli, const cJSON *result)
{
    struct strbuf out = STRBUF_INIT;
    struct cli here = *cli;
    if (isatty(STDOUT_FILENO))
        here.columns = screen_size().columns;
    view_doctor(&here, result, &out);
    say_print(&out);
}

static void print_json(const cJSON *operation)
{
    (void)api_print_json(json_get(operation, "result"));
}

/* What only who may read the journal can tell. */
static uint64_t suppressed(void)
{
    uint64_t lines = 0;
    usec_t now = (usec_t)time(NULL) * USEC_PER_SEC;
    return journal_reader_suppressed(unit, usec_sub(now, LATELY), &lines) == 0 ? lines : 0;
}

static int ask_daemon(const struct cli *cli, const struct cli_args *args)
{
    struct strbuf body = STRBUF_INIT;
    uint64_t lines = suppressed();
    if (lines > 0)
        strbuf_addf(&body, "{\"suppressed\":%" PRIu64 "}", lines);
    else
        strbuf_adds(&body, "{}");
    const struct operation_ask ask = {.name = "doctor",
        .path = VK_API_DOCTOR,
        .body = strbuf_text(&body),
        .timeout = args->timeout,
        .on_result = on_result,
        .print_json = print_json};
    int rc = operation_follow(cli, &ask);
    strbuf_fini(&body);
    return rc;
}

/* ---- without a daemon ---- */

/* Beside ourselves, or as $VOXKEEPERD says. */
static void find_program(struct strbuf *out)
{
    char own[4096];
    const char *said = getenv("VOXKEEPERD");
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    own[n > 0 ? n : 0] = '\0';
    const char *slash = strrchr(own, '/');
    if (said && said[0])
        strbuf_adds(out, said);
    else
        strbuf_addf(out, "%.*s%s", slash ? (int)(slash + 1 - own) : 0, own, program);
}

/* What it writes to stdout. Returns whether it ended well. */
static bool run_program(const struct cli_args *args, struct strbuf *out)
{
    struct strbuf path = STRBUF_INIT;
    char *argv[] = {(char *)program, (char *)"--doctor", args->config ? (char *)"--config" : NULL,
        (char *)args->config, NULL};
    char buf[4096];
    int fds[2];
    pid_t pid = 0;
    int status = -1;
    posix_spawn_file_actions_t actions;
    if (pipe2(fds, O_CLOEXEC) < 0)
        return false;
    find_program(&path);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
    int r = posix_spawn(&pid, strbuf_text(&path), &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    strbuf_fini(&path);
    close(fds[1]);
    for (ssize_t n; r == 0 && (n = read(fds[0], buf, sizeof buf)) != 0;) {
        if (n > 0)
            strbuf_add(out, buf, (size_t)n);
        else if (errno != EINTR)
            break;
    }
    close(fds[0]);
    while (r == 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return r == 0 && status == 0;
}

/* That there is no daemon is all that is wrong. */
static bool is_only_that(const cJSON *report)
{
    const cJSON *f;
    cJSON_ArrayForEach(f, json_get(report, "findings"))
    {
        const char *check = json_text(f, "check");
        const char *severity = json_text(f, "severity");
        if (severity && strcmp(severity, "error") == 0 && check && strcmp(check, not_running) != 0)
            return false;
    }
    return true;
}

static int look_alone(
    const struct cli *cli, const struct cli_args *args, const struct api_answer *a)
{
    struct strbuf text = STRBUF_INIT;
    cJSON *report = run_program(args, &text) ? cJSON_Parse(strbuf_text(&text)) : NULL;
    strbuf_fini(&text);
    if (!report)
        return api_explain(cli, a);
    if (cli->json)
        (void)api_print_json(report);
    else
        on_result(cli, report);
    int rc = is_only_that(report) ? VK_EXIT_NOT_RUNNING : VK_EXIT_FAILED;
    cJSON_Delete(report);
    return rc;
}

int cli_doctor(const struct cli *cli, const struct cli_args *args)
{
    struct api_answer a;
    api_call_within(cli, PATIENCE, "GET", "/livez", NULL, &a);
    bool gone = a.rc == -ENOENT || a.rc == -ECONNREFUSED || a.rc == -ETIMEDOUT;
    int rc = gone ? look_alone(cli, args, &a) : ask_daemon(cli, args);
    api_answer_fini(&a);
    return rc;
}
