/*
 * A command that is run with a time limit: a probe, what follows a rollback, a check of a new
 * program. Exit code 0 is well.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"
#include "base/strlist.h"
#include "io/child/child.h"
#include "io/loop/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct command;

struct command_spec {
    const struct strlist *argv;
    char *const *environment;
    usec_t timeout;
    const char *instance;          /* marks its processes; unique among all that live */
    const char *working_directory; /* NULL: ours */
    const char *input;             /* what it reads on stdin; NULL: nothing */
    size_t input_len;
    const char *identifier;     /* of its output in the log; NULL: its output goes nowhere */
    const struct child_fd *fds; /* further descriptors of it, none that the above are about */
    unsigned n_fds;             /* at most COMMAND_FDS_MAX */
};

enum { COMMAND_FDS_MAX = 4 };

enum command_result { COMMAND_DONE, COMMAND_FAILED, COMMAND_LATE };

/* `how` is one line, also for COMMAND_DONE. */
typedef void command_ended_fn(enum command_result result, const char *how, void *arg);

/*
 * Starts the command; `on_ended` comes once, from the loop. Returns owned, or NULL with *e set.
 * The spec is borrowed for the time of the call. The command and all it started are killed when it
 * is late or when the object is freed.
 */
struct command *command_new(struct loop *l, const struct command_spec *spec,
    command_ended_fn *on_ended, void *arg, struct err *e);

/* In on_ended: its exit code; -1 if it ended otherwise. */
int command_exit_code(const struct command *c);

/* In on_ended: appends its last lines, as output_last_lines() does; none without an identifier. */
void command_last_lines(const struct command *c, struct strbuf *out);

/* No callback comes after this. NULL is fine. */
void command_free(struct command *c);
