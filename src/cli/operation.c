/* Following an operation. */
#include "cli/operation.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "cli/api.h"
#include "cli/json.h"
#include "cli/say.h"
#include "voxkeeper/control.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POLL_FIRST (20 * USEC_PER_MSEC)
#define POLL_LAST (250 * USEC_PER_MSEC)

/* A daemon that hands over to its successor is silent for a moment. */
#define SILENCE_MAX (3 * USEC_PER_SEC)

enum { ID_MAX = 32 };

struct following {
    const struct cli *cli;
    const char *name; /* of the verb */
    char id[ID_MAX];
    uint64_t seen;       /* the last progress line printed */
    usec_t deadline;     /* USEC_INFINITY: none */
    usec_t silent_since; /* 0: the daemon answers */
    usec_t pause;
    const struct operation_ask *ask;
    bool cancelled;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signum)
{
    (void)signum;
    interrupted = 1;
}

static usec_t now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / 1000;
}

/* Ctrl-C: a sentence, and then the signal's own effect, so that a script stops as well. A second
 * one does not wait for the sentence. */
static int leave(const struct following *f)
{
    say_error("no longer waiting, but the %s goes on (operation %s); see: voxkeeper status",
        f->name, f->id);
    signal(SIGINT, SIG_DFL);
    raise(SIGINT);
    return VK_EXIT_TIMED_OUT;
}

/* The operation in an answer, which may be wrapped; NULL if there is none. */
static const cJSON *operation_of(const cJSON *answer)
{
    const cJSON *operation = json_get(answer, "operation");
    if (!operation)
        operation = answer;
    return json_text(operation, "state") ? operation : NULL;
}

/* An id goes into a path: only what is harmless there is one. */
static bool read_id(const cJSON *operation, char out[ID_MAX])
{
    uint64_t number;
    const char *text = json_text(operation, "id");
    if (json_count(operation, "id", &number)) {
        snprintf(out, ID_MAX, "%llu", (unsigned long long)number);
        return true;
    }
    if (!text || strlen(text) >= ID_MAX)
        return false;
    for (const char *c = text; *c; c++) {
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
            return false;
    }
    strcpy(out, text);
    return true;
}

static void show_progress(struct following *f, const cJSON *operation)
{
    const cJSON *line;
    const cJSON *so_far = json_get(operation, "so_far");
    bool shown = so_far && f->ask->on_so_far && f->ask->on_so_far(f->cli, so_far);
    cJSON_ArrayForEach(line, json_get(operation, "progress"))
    {
        uint64_t seq;
        const char *message = json_text(line, "message");
        if (!json_count(line, "seq", &seq) || seq <= f->seen)
            continue;
        f->seen = seq;
        if (f->cli->json || !message || shown)
            continue;
        struct strbuf out = STRBUF_INIT;
        say_safe(&out, message, "  ");
        fprintf(stderr, "%s\n", strbuf_text(&out));
        strbuf_fini(&out);
    }
}

static int exit_code_of(const cJSON *operation, const char *state)
{
    uint64_t code;
    if (json_count(operation, "exit_code", &code) && code <= VK_EXIT_TIMED_OUT)
        return (int)code;
    if (strcmp(state, "done") == 0)
        return VK_EXIT_DONE;
    if (strcmp(state, "rolled_back") == 0)
        return VK_EXIT_ROLLED_BACK;
    return strcmp(state, "timed_out") == 0 ? VK_EXIT_TIMED_OUT : VK_EXIT_FAILED;
}

static int finish(const struct following *f, const cJSON *operation, const char *state)
{
    int exit_code = exit_code_of(operation, state);
    const char *message = json_text(operation, "message");
    bool kept = !f->ask->on_ended || f->ask->on_ended(operation, f->ask->arg);
    if (f->ask->on_so_far)
        f->ask->on_so_far(f->cli, NULL);
    if (f->cli->json && f->ask->print_json) {
        f->ask->print_json(operation);
    } else if (f->cli->json) {
        if (api_print_json(operation) != VK_EXIT_DONE)
            return VK_EXIT_FAILED;
    } else if (f->ask->on_result) {
        f->ask->on_result(f->cli, json_get(operation, "result"));
    }
    if (exit_code != VK_EXIT_DONE) {
        say_error("%s: %s", f->name, message ? message : state);
    } else if (!f->cli->json) {
        struct strbuf out = STRBUF_INIT;
        say_safe(&out, message ? message : "done", "");
        if (out.len == 0 || out.data[out.len - 1] != '\n')
            strbuf_addc(&out, '\n');
        say_print(&out);
    }
    return kept || exit_code != VK_EXIT_DONE ? exit_code : VK_EXIT_FAILED;
}

/* Sleeps until the next question; a signal ends it early. */
static void rest(struct following *f)
{
    usec_t pause = f->pause;
    usec_t left = usec_sub(f->deadline, now());
    if (left < pause)
        pause = left;
    struct timespec ts = {
        .tv_sec = (time_t)(pause / USEC_PER_SEC), .tv_nsec = (long)(pause % USEC_PER_SEC * 1000)};
    nanosleep(&ts, NULL);
    f->pause = f->pause * 3 / 2 < POLL_LAST ? f->pause * 3 / 2 : POLL_LAST;
}

/* As part of ExecReload=: the manager starts no other voxkeeperd before we end. */
static bool nobody_can_follow(void)
{
    uint64_t pid = 0;
    const char *text = getenv("MAINPID");
    return text && num_parse_u64(text, 1, INT32_MAX, &pid) == 0 && kill((pid_t)pid, 0) < 0 &&
           errno == ESRCH;
}

/* The daemon did not answer a question about a running operation. Returns whether to give up. */
static bool on_silence(struct following *f, const struct api_answer *a, int *out_exit)
{
    if (f->silent_since == 0)
        f->silent_since = now();
    if (a->rc != -EACCES && !nobody_can_follow() && now() - f->silent_since < SILENCE_MAX)
        return false;
    if (a->rc == -ENOENT || a->rc == -ECONNREFUSED)
        *out_exit = api_fail(f->cli, VK_EXIT_NOT_RUNNING, "went-away",
            "voxkeeperd went away during the %s (operation %s): how that ended is in its journal "
            "(journalctl -u voxkeeper)",
            f->name, f->id);
    else
        *out_exit = api_explain(f->cli, a);
    return true;
}

static int on_nonsense(const struct following *f, const struct api_answer *a)
{
    if (a->status == 404 && f->id[0])
        return api_fail(f->cli, VK_EXIT_FAILED, "forgotten",
            "voxkeeperd no longer knows the %s (operation %s): it was started anew meanwhile; how "
            "that ended is in its journal (journalctl -u voxkeeper)",
            f->name, f->id);
    if (!api_answer_ok(a))
        return api_explain(f->cli, a);
    return api_fail(f->cli, VK_EXIT_FAILED, "answer",
        "read voxkeeperd's answer to %s: there is no operation in it", f->name);
}

/* What one answer means. Returns whether the following ends, with `*out_exit`. */
static bool take(struct following *f, const struct api_answer *a, int *out_exit)
{
    if (a->rc < 0 && f->id[0])
        return on_silence(f, a, out_exit);
    f->silent_since = 0;
    const cJSON *operation = api_answer_ok(a) ? operation_of(a->json) : NULL;
    if (!operation || (!f->id[0] && !read_id(operation, f->id))) {
        *out_exit = on_nonsense(f, a);
        return true;
    }
    show_progress(f, operation);
    const char *state = json_text(operation, "state");
    if (strcmp(state, "running") == 0)
        return false;
    *out_exit = finish(f, operation, state);
    return true;
}

static bool ask_again(struct following *f, int *out_exit)
{
    char path[128];
    snprintf(
        path, sizeof path, VK_API_OPERATIONS "/%s?after=%llu", f->id, (unsigned long long)f->seen);
    struct api_answer a;
    api_call(f->cli, "GET", path, NULL, &a);
    bool ended = take(f, &a, out_exit);
    api_answer_fini(&a);
    return ended;
}

static void cancel(struct following *f)
{
    char body[64];
    struct api_answer a;
    f->cancelled = true;
    snprintf(body, sizeof body, "{\"operation\":%s}", f->id);
    if (f->ask->on_so_far)
        f->ask->on_so_far(f->cli, NULL);
    say_error("ending the %s; what is being removed is removed and counted first", f->name);
    /* If it is over already, that is what the next answer says. */
    api_call(f->cli, "POST", f->ask->cancel_path, body, &a);
    api_answer_fini(&a);
    f->pause = POLL_FIRST;
}

/* Asks for the operation; as take(). A busy daemon is asked again, for as long as one wants. */
static bool begin(struct following *f, int *out_exit)
{
    for (;;) {
        struct api_answer a;
        api_call(f->cli, "POST", f->ask->path, f->ask->body, &a);
        const char *code = json_text(a.json, "error.code");
        bool again = f->ask->wait_busy && code && strcmp(code, "busy") == 0 && !interrupted &&
                     now() < f->deadline;
        bool ended = !again && take(f, &a, out_exit);
        api_answer_fini(&a);
        if (!again)
            return ended;
        rest(f);
    }
}

int operation_follow(const struct cli *cli, const struct operation_ask *ask)
{
    struct following f = {.cli = cli,
        .name = ask->name,
        .deadline = usec_add(now(), ask->timeout),
        .pause = POLL_FIRST,
        .ask = ask};
    /* Not restarted: it ends the pause. */
    sigaction(SIGINT,
        &(struct sigaction){.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND}, NULL);
    int exit_code = VK_EXIT_FAILED;
    bool ended = begin(&f, &exit_code);
    while (!ended) {
        if (!interrupted)
            rest(&f);
        if (interrupted && !ask->cancel_path)
            return leave(&f);
        if (interrupted && !f.cancelled)
            cancel(&f);
        else if (interrupted)
            rest(&f);
        ended = ask_again(&f, &exit_code);
        if (!ended && now() >= f.deadline)
            return api_fail(cli, VK_EXIT_TIMED_OUT, "no-verdict",
                "%s: no verdict in time; it goes on (operation %s), see: voxkeeper status", f.name,
                f.id);
    }
    if (f.cancelled) {
        fflush(stdout);
        raise(SIGINT); /* its handler was for once */
    }
    return exit_code;
}

int operation_run(const struct cli *cli, const char *name, const char *path, const char *body,
    usec_t timeout, void (*on_result)(const struct cli *cli, const cJSON *result))
{
    const struct operation_ask ask = {
        .name = name, .path = path, .body = body, .timeout = timeout, .on_result = on_result};
    return operation_follow(cli, &ask);
}
