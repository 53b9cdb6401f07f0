/*
 * What a worker writes: two pipes (stdout, stderr), read line by line into the log sink, with the
 * last lines kept for evidence.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"
#include "core/fleet/error_meter.h"
#include "io/loop/loop.h"

#include <stdint.h>
#include <sys/types.h>

struct output;

/* A line that goes to the log; `text` is all of it, readable. */
typedef void output_line_fn(const char *text, size_t len, void *arg);

struct output_conf {
    const char *identifier; /* SYSLOG_IDENTIFIER; copied */
    unsigned worker;        /* slot number as people see it; 0: it is no worker */
    uint64_t life;          /* of a worker, as is the next */
    uint64_t generation;
    const char *release;  /* copied; "" if unknown */
    unsigned rate;        /* lines a second passed on (bursts of ten times that); 0: all */
    usec_t report_period; /* suppressed lines are told this often; 0: every ten seconds */
    output_line_fn
        *on_line; /* NULL: nobody listens. Takes note only: it is called while reading. */
    void *arg;
};

/*
 * Makes the pipes, large ones where we may: what a worker writes while no daemon is alive waits in
 * them, and it blocks once they are full. Returns owned, or NULL with *e set.
 */
struct output *output_new(struct loop *l, const struct output_conf *conf, struct err *e);

/*
 * The pipes of a worker that a former instance started (the two are owned from now on, also if this
 * fails; -1: that one was closed): what waits in them is read from the loop. Of a line that was
 * unfinished when the former instance ended, at most one of each pipe, what that one had read is
 * lost; the rest is told as a line of its own. Returns owned, or NULL with *e set.
 */
struct output *output_adopt(struct loop *l, const struct output_conf *conf, pid_t pid,
    int stdout_fd, int stderr_fd, struct err *e);

/* The ends that we read, -1 once closed. Borrowed. */
int output_stdout_read_fd(const struct output *o);
int output_stderr_read_fd(const struct output *o);

/* The ends for the worker; valid until output_started(). Borrowed. */
int output_stdout_fd(const struct output *o);
int output_stderr_fd(const struct output *o);

/* The worker runs: closes our copies of its ends and begins to read. `pid` is for the fields. */
void output_started(struct output *o, pid_t pid);

/*
 * The worker ended: what is left in the pipes is read at once, so that its last words are in the
 * log before the event of its end. (A grandchild may still hold the pipe; reading goes on.)
 */
void output_drain(struct output *o);

/* Appends the last lines, oldest first, each followed by a newline: whole, readable, without
 * escape sequences; those that the rate limit suppressed among them. */
void output_last_lines(const struct output *o, struct strbuf *out);

/* Lines of level err among those that the rate limit let pass. Borrowed. */
const struct error_meter *output_errors(const struct output *o);

uint64_t output_lines(const struct output *o);   /* that said something */
uint64_t output_dropped(const struct output *o); /* lines suppressed by the rate limit */

/* Stops reading and closes; what is unread is lost, a partial line is told. NULL is fine. */
void output_free(struct output *o);
