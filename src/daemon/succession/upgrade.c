/* Replacing the running program by the one in its file. */
#include "daemon/succession/upgrade.h"

#include "base/strbuf.h"
#include "base/strlist.h"
#include "base/text.h"
#include "build_config.h"
#include "core/event.h"
#include "daemon/api/admin.h"
#include "daemon/command.h"
#include "daemon/daemon.h"
#include "daemon/service.h"
#include "daemon/succession/memory.h"
#include "daemon/verbs/operation.h"
#include "daemon/workers/drainer.h"
#include "io/journal/journal.h"
#include "io/loop/loop.h"
#include "io/program.h"
#include "voxkeeper/exit_codes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHECK_TIMEOUT (10 * USEC_PER_SEC)

/* Where the checking process has the state. */
enum { STATE_FD = 3, COMPLAINT_MAX = 1024 };

struct upgrade {
    struct daemon *daemon;
    uint64_t op;
    struct command *check;
    int said; /* memfd of what the new program says */
};

static int own_program(char out[PATH_MAX], struct err *e)
{
    int r = program_own(out);
    return r < 0 ? err_sys(e, r, "looking for our own program file") : 0;
}

static void tell(enum event_id id, const struct operation *op, const char *what, const char *why)
{
    struct event ev;
    event_init(&ev, id);
    event_message(&ev, "%s%s%s", what, why[0] ? ": " : "", why);
    event_field(&ev, "VOXKEEPER_VERSION", "%s", VOXKEEPER_VERSION);
    event_field_text(&ev, "VOXKEEPER_REASON", why);
    event_field_text(&ev, "VOXKEEPER_AUTHOR", op ? operation_author(op) : "");
    event_emit(&ev);
    event_fini(&ev);
}

static void refuse(struct daemon *d, uint64_t id, const char *why)
{
    struct operation *op = operation_find(d->operations, id);
    tell(EVENT_UPGRADE_REFUSED, op, "upgrade refused, this voxkeeperd goes on", why);
    operation_end(
        op, OPERATION_FAILED, "upgrade refused, voxkeeperd " VOXKEEPER_VERSION " goes on: %s", why);
}

static void add_complaint(const struct upgrade *u, struct strbuf *out)
{
    char text[COMPLAINT_MAX];
    ssize_t n = pread(u->said, text, sizeof text, 0);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    if (n > 0) {
        strbuf_adds(out, ": ");
        text_escape(out, text, (size_t)n, COMPLAINT_MAX);
    }
}

static void on_checked(enum command_result result, const char *how, void *arg)
{
    struct upgrade *u = arg;
    struct daemon *d = u->daemon;
    if (result == COMMAND_DONE) {
        d->upgrade_op = u->op;
        d->end = DAEMON_REPLACED;
        loop_stop(d->loop);
    } else {
        struct strbuf why = STRBUF_INIT;
        strbuf_addf(&why, "the new program cannot go on with our state (%s)", how);
        add_complaint(u, &why);
        refuse(d, u->op, strbuf_text(&why));
        strbuf_fini(&why);
    }
    upgrade_free(u);
    d->upgrade = NULL;
}

static int start_check(struct upgrade *u, struct err *e)
{
    char program[PATH_MAX];
    char name[64];
    int r = own_program(program, e);
    if (r < 0)
        return r;
    u->said = memfd_create("voxkeeper-check-state", MFD_CLOEXEC);
    if (u->said < 0)
        return err_sys(e, -errno, "making room for what the new program says");
    snprintf(name, sizeof name, "check-state.%d.%llu", getpid(), (unsigned long long)u->op);
    const struct child_fd fds[] = {{u->said, STDOUT_FILENO}, {u->said, STDERR_FILENO},
        {memory_document(u->daemon->memory), STATE_FD}};
    char check[] = "--check-state";
    char state[] = "/proc/self/fd/3";
    char *argv[] = {program, check, state, NULL};
    u->check = command_new(u->daemon->loop,
        &(struct command_spec){
            .argv = &(struct strlist){.items = argv, .n = 3},
            .environment = environ,
            .timeout = CHECK_TIMEOUT,
            .instance = name,
            .fds = fds,
            .n_fds = sizeof fds / sizeof *fds,
        },
        on_checked, u, e);
    return u->check ? 0 : e->code;
}

static struct upgrade *upgrade_new(struct daemon *d, uint64_t op, struct err *e)
{
    struct upgrade *u = calloc(1, sizeof *u);
    if (!u) {
        err_sys(e, -ENOMEM, "upgrading");
        return NULL;
    }
    u->daemon = d;
    u->op = op;
    u->said = -1;
    if (start_check(u, e) == 0)
        return u;
    upgrade_free(u);
    return NULL;
}

struct operation *verb_upgrade(struct daemon *d, const struct verb_asker *asker, struct err *e)
{
    if (d->upgrade || memory_document(d->memory) < 0) {
        err_set(e, -EBUSY,
            d->upgrade ? "upgrading: an upgrade is under way"
                       : "upgrading: the state could not be saved, see the journal");
        return NULL;
    }
    if (drainer_state(d->drainer)->stop_daemon) {
        err_set(e, -ESHUTDOWN, "upgrading: voxkeeper is stopping");
        return NULL;
    }
    struct operation *op = operation_begin(d->operations, "upgrade", asker->author, asker->reason);
    if (!op) {
        err_set(e, -EAGAIN, "upgrading: too many operations are under way");
        return NULL;
    }
    struct err why = {0};
    memory_save(d->memory, d);
    d->upgrade = upgrade_new(d, operation_id(op), &why);
    if (d->upgrade)
        operation_progress(op, "asking the new program whether it can go on with our state");
    else
        refuse(d, operation_id(op), why.msg);
    return op;
}

void upgrade_exec(struct daemon *d, char *const argv[])
{
    struct err e = {0};
    char program[PATH_MAX];
    struct strlist env = {0};
    service_reloading(d->service);
    memory_save(d->memory, d);
    tell(EVENT_UPGRADE_BEGAN, operation_find(d->operations, d->upgrade_op),
        "the new program takes over this process", "");
    admin_end_streams(d->admin);
    journal_detach();
    int r = own_program(program, &e);
    for (char **v = environ; r == 0 && *v; v++)
        r = strlist_add(&env, *v) < 0 ? err_sys(&e, -ENOMEM, "building the environment") : 0;
    if (r == 0)
        r = keep_pass_on(memory_keep(d->memory), &env, &e);
    if (r == 0) {
        execve(program, argv, env.items);
        err_sys(&e, -errno, "starting \"%s\"", program);
        keep_hold(memory_keep(d->memory));
    }
    journal_attach(d->loop);
    strlist_fini(&env);
    refuse(d, d->upgrade_op, e.msg);
    service_reloaded(d->service);
    d->upgrade_op = 0;
    d->end = DAEMON_STOPPED;
}

int upgrade_check_state(const char *path)
{
    struct err e = {0};
    struct former *former = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int r = fd < 0 ? err_sys(&e, -errno, "opening \"%s\"", path) : former_read(fd, &former, &e);
    if (fd >= 0)
        close(fd);
    if (r < 0) {
        fprintf(stderr, "voxkeeperd " VOXKEEPER_VERSION ": %s\n", e.msg);
        return VKD_EXIT_INTERNAL;
    }
    printf("voxkeeperd " VOXKEEPER_VERSION ": can go on with %s\n", path);
    former_free(former);
    return VKD_EXIT_DONE;
}

void upgrade_free(struct upgrade *u)
{
    if (!u)
        return;
    command_free(u->check);
    if (u->said >= 0)
        close(u->said);
    free(u);
}
