/* A command with a time limit. */
#include "daemon/command.h"

#include "core/limits.h"
#include "io/child/child.h"
#include "io/child/output.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct command {
    struct child *child;
    struct output *output; /* NULL: nobody listens */
    struct timer *deadline;
    command_ended_fn *on_ended;
    void *arg;
    bool late;
    bool exited;
    struct exit_status exit;
};

static void on_started(struct child *child, void *arg)
{
    struct command *c = arg;
    if (c->output)
        output_started(c->output, child_pid(child));
}

static void on_failed(struct child *child, const struct err *why, void *arg)
{
    struct command *c = arg;
    (void)child;
    timer_disarm(c->deadline);
    c->on_ended(COMMAND_FAILED, why->msg, c->arg);
}

static void on_exited(struct child *child, struct exit_status status, void *arg)
{
    struct command *c = arg;
    c->exit = status;
    c->exited = true;
    if (c->output)
        output_drain(c->output);
    child_kill_tree(child);
}

static void on_tree_gone(struct child *child, void *arg)
{
    struct command *c = arg;
    char text[EXIT_STATUS_TEXT_MAX];
    char how[EXIT_STATUS_TEXT_MAX + 32];
    (void)child;
    timer_disarm(c->deadline);
    bool done = !c->late && !c->exit.signaled && c->exit.code == 0;
    snprintf(how, sizeof how, "%s%s", c->late ? "no end in time, killed: " : "",
        exit_status_text(c->exit, text));
    c->on_ended(done ? COMMAND_DONE : c->late ? COMMAND_LATE : COMMAND_FAILED, how, c->arg);
}

static void on_deadline(void *arg)
{
    struct command *c = arg;
    c->late = true;
    child_kill_tree(c->child);
}

/* A file and no pipe: a command that does not read it keeps nobody waiting. */
static int input_of(const struct command_spec *spec, struct err *e)
{
    int fd = memfd_create("voxkeeper-input", MFD_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : write(fd, spec->input, spec->input_len);
    if (n == (ssize_t)spec->input_len && lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    err_sys(e, n < 0 ? -errno : -EIO, "writing the command's input");
    if (fd >= 0)
        close(fd);
    return e->code;
}

static int spawn(struct command *c, struct loop *l, const struct command_spec *spec, struct err *e)
{
    static const struct child_callbacks callbacks = {
        .on_started = on_started,
        .on_failed = on_failed,
        .on_exited = on_exited,
        .on_tree_gone = on_tree_gone,
    };
    struct child_fd fds[3 + COMMAND_FDS_MAX];
    unsigned n_fds = 0;
    assert(spec->n_fds <= COMMAND_FDS_MAX);
    while (n_fds < spec->n_fds) {
        fds[n_fds] = spec->fds[n_fds];
        n_fds++;
    }
    if (spec->identifier) {
        c->output = output_new(l,
            &(struct output_conf){
                .identifier = spec->identifier, .release = "", .rate = LIMIT_OUTPUT_RATE},
            e);
        if (!c->output)
            return e->code;
        fds[n_fds++] = (struct child_fd){output_stdout_fd(c->output), STDOUT_FILENO};
        fds[n_fds++] = (struct child_fd){output_stderr_fd(c->output), STDERR_FILENO};
    }
    int input = spec->input ? input_of(spec, e) : -1;
    if (spec->input && input < 0)
        return e->code;
    if (input >= 0)
        fds[n_fds++] = (struct child_fd){input, STDIN_FILENO};
    c->child = child_spawn(l,
        &(struct child_spec){.path = spec->argv->items[0],
            .argv = spec->argv->items,
            .envp = spec->environment,
            .name = spec->instance,
            .working_directory = spec->working_directory,
            .fds = fds,
            .n_fds = n_fds},
        &callbacks, c, e);
    if (input >= 0)
        close(input);
    return c->child ? 0 : e->code;
}

struct command *command_new(struct loop *l, const struct command_spec *spec,
    command_ended_fn *on_ended, void *arg, struct err *e)
{
    struct command *c = calloc(1, sizeof *c);
    if (!c) {
        err_sys(e, -ENOMEM, "starting the command");
        return NULL;
    }
    c->on_ended = on_ended;
    c->arg = arg;
    c->deadline = timer_new(l, on_deadline, c);
    if (spawn(c, l, spec, e) < 0) {
        command_free(c);
        return NULL;
    }
    timer_arm(c->deadline, usec_add(loop_now(), spec->timeout));
    return c;
}

int command_exit_code(const struct command *c)
{
    return c->exited && !c->exit.signaled ? c->exit.code : -1;
}

void command_last_lines(const struct command *c, struct strbuf *out)
{
    if (c->output)
        output_last_lines(c->output, out);
}

void command_free(struct command *c)
{
    if (!c)
        return;
    if (c->child)
        child_kill_tree(c->child);
    child_free(c->child);
    output_free(c->output);
    timer_free(c->deadline);
    free(c);
}
