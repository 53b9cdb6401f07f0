/* The items of the checklist that run something: the tests, and the rollback's dry run. */
#include "daemon/preflight/preflight_parts.h"

#include "base/text.h"
#include "daemon/daemon.h"
#include "daemon/workers/environment.h"
#include "io/files/files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bytes of a command's last words that are evidence. */
enum { SHOWN_MAX = 2048 };

static void note_output(struct preflight_command *pc)
{
    struct strbuf lines = STRBUF_INIT;
    struct strbuf shown = STRBUF_INIT;
    command_last_lines(pc->command, &lines);
    for (const char *line = strbuf_text(&lines); *line;) {
        size_t len = strcspn(line, "\n");
        strbuf_reset(&shown);
        text_escape(&shown, line, len, SHOWN_MAX);
        preflight_note(&pc->run->list, pc->check, false, "  %s", strbuf_text(&shown));
        line += len + (line[len] == '\n');
    }
    strbuf_fini(&lines);
    strbuf_fini(&shown);
}

static void on_ended(enum command_result result, const char *how, void *arg)
{
    struct preflight_command *pc = arg;
    bool good = result == COMMAND_DONE;
    preflight_note(&pc->run->list, pc->check, good, "%s", how);
    if (!good)
        note_output(pc);
    command_free(pc->command);
    pc->command = NULL;
    preflight_over(pc->run, pc->check);
}

struct task {
    const struct strlist *argv;
    const struct strlist *variables; /* NAME=value at its begin; NULL: none */
    usec_t timeout;
    const char *name;
    bool dry_run;
};

static int add_variables(const struct task *t, struct strlist *env)
{
    if (t->dry_run && !environment_put(env, "VOXKEEPER_DRY_RUN", "1"))
        return -ENOMEM;
    for (size_t i = 0; t->variables && i < t->variables->n; i++) {
        char name[LIMIT_NAME + 1];
        const char *word = t->variables->items[i];
        size_t len = strcspn(word, "=");
        if (word[len] != '=' || word[0] == '-' || len > LIMIT_NAME)
            break;
        snprintf(name, sizeof name, "%.*s", (int)len, word);
        if (!environment_put(env, name, word + len + 1))
            return -ENOMEM;
    }
    return 0;
}

static int start(struct preflight_command *pc, const struct task *t, struct err *e)
{
    const struct config *config = pc->run->spec.config;
    char instance[64];
    struct strlist env = {0};
    snprintf(instance, sizeof instance, "preflight-%s-%llu.%d", t->name,
        (unsigned long long)pc->run->began, (int)getpid());
    int r = environment_build(&config->agent, 0, 0, &env, e);
    if (r == 0 && add_variables(t, &env) < 0)
        r = err_sys(e, -ENOMEM, "building the environment");
    if (r == 0) {
        pc->command = command_new(pc->run->spec.daemon->loop,
            &(struct command_spec){.argv = t->argv,
                .environment = env.items,
                .timeout = t->timeout,
                .instance = instance,
                .identifier = t->name,
                .working_directory = config->agent.working_directory},
            on_ended, pc, e);
        r = pc->command ? 0 : e->code;
    }
    strlist_fini(&env);
    return r;
}

/* The check is over when the command is, or at once if it cannot be started. */
static void run_command(struct preflight_command *pc, const struct task *t)
{
    struct err e = {0};
    if (start(pc, t, &e) == 0)
        return;
    preflight_note(&pc->run->list, pc->check, false, "%s", e.msg);
    preflight_over(pc->run, pc->check);
}

void preflight_begin_tests(struct preflight_run *run)
{
    const struct config_preflight *conf = &run->spec.config->preflight;
    const enum preflight_check c = PREFLIGHT_TEST_COMMAND;
    if (!preflight_wanted(run, c))
        return;
    run->tests = (struct preflight_command){.run = run, .check = c};
    if (conf->test_command.n > 0) {
        run_command(&run->tests, &(struct task){.argv = &conf->test_command,
                                     .timeout = conf->test_timeout,
                                     .name = "preflight-tests"});
        return;
    }
    preflight_note(&run->list, c, false, "[Preflight] TestCommand= does not say how to run them");
    preflight_over(run, c);
}

/* ---- the rollback ---- */

static void check_command(struct preflight_run *run, bool *out_usable)
{
    const struct strlist *argv = &run->spec.config->rollback.exec;
    const enum preflight_check c = PREFLIGHT_ROLLBACK_COMMAND;
    int r = argv->n > 0 ? files_executable(argv->items[0]) : -ENOENT;
    *out_usable = r == 0;
    if (argv->n == 0)
        preflight_note(
            &run->list, c, false, "[Rollback] ExecRollback= does not say how to go back");
    else if (r < 0)
        preflight_note(&run->list, c, false, "\"%s\" cannot be executed by user %u: %s",
            argv->items[0], (unsigned)geteuid(), strerrordesc_np(-r));
    else
        preflight_note(&run->list, c, true, "\"%s\" is there and can be executed by user %u",
            argv->items[0], (unsigned)geteuid());
    preflight_over(run, c);
}

/* The command with the arguments that say it is not meant. Returns 0 or -ENOMEM. */
static int dry_run_argv(const struct config *config, struct strlist *out)
{
    const struct strlist *words = &config->preflight.rollback_dry_run;
    size_t i = 0;
    int r = strlist_copy(out, &config->rollback.exec);
    while (i < words->n && words->items[i][0] != '-' && strchr(words->items[i], '='))
        i++;
    for (; r == 0 && i < words->n; i++)
        r = strlist_add(out, words->items[i]);
    return r;
}

static void try_command(struct preflight_run *run, bool usable)
{
    const struct config *config = run->spec.config;
    const enum preflight_check c = PREFLIGHT_ROLLBACK_DRY_RUN;
    struct strlist argv = {0};
    if (!preflight_wanted(run, c))
        return;
    run->dry_run = (struct preflight_command){.run = run, .check = c};
    if (usable && config->preflight.rollback_dry_run.n > 0 && dry_run_argv(config, &argv) == 0) {
        run_command(&run->dry_run, &(struct task){.argv = &argv,
                                       .variables = &config->preflight.rollback_dry_run,
                                       .timeout = config->rollback.timeout,
                                       .name = "preflight-rollback",
                                       .dry_run = true});
        strlist_fini(&argv);
        return;
    }
    strlist_fini(&argv);
    preflight_note(&run->list, c, false, "%s",
        usable ? "[Preflight] RollbackDryRun= does not say how to try ExecRollback="
               : "there is no command that could be tried");
    preflight_over(run, c);
}

static void check_previous(struct preflight_run *run)
{
    const char *path = run->spec.config->preflight.previous_release;
    const enum preflight_check c = PREFLIGHT_PREVIOUS_RELEASE;
    int r = path ? files_present(path) : -ENOENT;
    if (!path)
        preflight_note(&run->list, c, false,
            "[Preflight] PreviousRelease= does not say where the release to go back to is");
    else if (r < 0)
        preflight_note(&run->list, c, false, "\"%s\": %s", path,
            r == -ENODATA ? "nothing is in it" : strerrordesc_np(-r));
    else
        preflight_note(&run->list, c, true, "\"%s\" is there", path);
    preflight_over(run, c);
}

void preflight_begin_rollback(struct preflight_run *run)
{
    bool usable = false;
    check_command(run, &usable);
    try_command(run, usable);
    check_previous(run);
}

void preflight_stop_commands(struct preflight_run *run)
{
    command_free(run->tests.command);
    command_free(run->dry_run.command);
    run->tests.command = run->dry_run.command = NULL;
}
