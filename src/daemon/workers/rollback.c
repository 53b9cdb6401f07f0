/* The operator's command when a rollout goes back. */
#include "daemon/workers/rollback.h"

#include "base/strlist.h"
#include "core/event.h"
#include "daemon/command.h"
#include "daemon/daemon.h"
#include "daemon/verbs/operation.h"
#include "daemon/workers/environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Of the rollout that went back; a newer one may have begun before the command ends. */
struct rollback {
    struct command *command;
    uint64_t operation, from, to;
    uint64_t waiting[2]; /* operations whose verdicts are kept back; 0: none */
};

static void tell_failure(const struct daemon *d, const struct rollback *r, const char *how)
{
    struct event ev;
    event_init(&ev, EVENT_ROLLBACK_COMMAND_FAILED);
    event_message(&ev, "ExecRollback=%s failed: %s", d->config->rollback.exec.items[0], how);
    event_field(&ev, "VOXKEEPER_REASON", "%s", how);
    event_field(&ev, "VOXKEEPER_OPERATION", "%llu", (unsigned long long)r->operation);
    event_field(&ev, "VOXKEEPER_GENERATION", "%llu", (unsigned long long)r->to);
    event_field(&ev, "VOXKEEPER_GENERATION_FROM", "%llu", (unsigned long long)r->from);
    event_emit(&ev);
    event_fini(&ev);
}

/* Into the record, and for those whose verdict waits for it. */
static void note(struct daemon *d, const struct rollback *r, bool done, const char *how)
{
    struct strbuf words = STRBUF_INIT;
    strbuf_addf(&words, "ExecRollback= %s%s", done ? "was run" : "failed: ", done ? "" : how);
    if (!done)
        tell_failure(d, r, how);
    if (d->rollout.to == r->to)
        strbuf_adds(&d->rollout.command, strbuf_text(&words));
    for (unsigned i = 0; i < 2; i++)
        operation_release(operation_find(d->operations, r->waiting[i]), strbuf_text(&words));
    strbuf_fini(&words);
}

static void on_ended(enum command_result result, const char *how, void *arg)
{
    struct daemon *d = arg;
    struct rollback *r = d->rollback;
    d->rollback = NULL;
    note(d, r, result == COMMAND_DONE, how);
    rollback_free(r);
}

static int add(struct strlist *env, const char *name, const char *value)
{
    struct strbuf entry = STRBUF_INIT;
    strbuf_addf(&entry, "%s=%s", name, value);
    int r = entry.failed ? -1 : strlist_add(env, strbuf_text(&entry));
    strbuf_fini(&entry);
    return r;
}

/* Whatever the agent's environment says already, these say last. */
static int add_facts(const struct rollout_record *r, struct strlist *env)
{
    char from[24];
    char to[24];
    snprintf(from, sizeof from, "%llu", (unsigned long long)r->from);
    snprintf(to, sizeof to, "%llu", (unsigned long long)r->to);
    const char *const facts[][2] = {
        {"VOXKEEPER_GENERATION_FROM", from},
        {"VOXKEEPER_GENERATION", to},
        {"VOXKEEPER_RELEASE_FROM", r->release_from},
        {"VOXKEEPER_RELEASE", r->release_to},
        {"VOXKEEPER_CAUSE", worker_cause_name(r->failure.cause)},
        {"VOXKEEPER_REASON", strbuf_text(&r->failure.what)},
        {"VOXKEEPER_AUTHOR", strbuf_text(&r->author)},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (add(env, facts[i][0], facts[i][1]) < 0)
            return -1;
    }
    return 0;
}

static struct command *start(struct daemon *d, const struct fleet_action *told, struct err *e)
{
    struct strlist env = {0};
    struct command *command = NULL;
    char instance[64];
    char identifier[LIMIT_NAME + 16];
    snprintf(
        instance, sizeof instance, "rollback-%llu.%d", (unsigned long long)d->rollout.to, getpid());
    snprintf(identifier, sizeof identifier, "%s-rollback", d->config->agent.name);
    if (environment_build(&d->config->agent, told->slot, told->life, &env, e) < 0)
        return NULL;
    if (add_facts(&d->rollout, &env) < 0)
        err_sys(e, -ENOMEM, "building the environment");
    else
        command = command_new(d->loop,
            &(struct command_spec){.argv = &d->config->rollback.exec,
                .environment = env.items,
                .timeout = d->config->rollback.timeout,
                .instance = instance,
                .identifier = identifier},
            on_ended, d, e);
    strlist_fini(&env);
    return command;
}

void rollback_began(struct daemon *d, const struct fleet_action *told)
{
    struct err e = {0};
    struct rollback begun = {.operation = d->rollout.operation,
        .from = d->rollout.from,
        .to = d->rollout.to,
        .waiting = {told->operation, told->steering}};
    strbuf_reset(&d->rollout.command);
    if (d->config->rollback.exec.n == 0)
        return;
    struct rollback *r = d->rollback ? NULL : calloc(1, sizeof *r);
    if (r)
        begun.command = start(d, told, &e);
    if (!begun.command) {
        note(d, &begun, false,
            d->rollback ? "that of the rollback before still runs"
            : r         ? e.msg
                        : "out of memory");
        free(r);
        return;
    }
    *r = begun;
    d->rollback = r;
    for (unsigned i = 0; i < 2; i++) {
        struct operation *op = operation_find(d->operations, r->waiting[i]);
        operation_progress(op, "ExecRollback= is run");
        operation_keep_back(op);
    }
}

void rollback_free(struct rollback *r)
{
    if (!r)
        return;
    command_free(r->command);
    free(r);
}
