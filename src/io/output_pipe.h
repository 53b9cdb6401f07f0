/* The read end of one of a worker's pipes, on the loop, cut into lines. */
#pragma once

#include "core/lines.h"
#include "io/loop.h"

#include <stdbool.h>
#include <uv.h>

struct output_pipe {
    int read_fd;
    int write_fd; /* the worker's end; -1 once our copy is closed */
    uv_poll_t poll;
    bool started; /* `poll` was made a handle */
    bool closed;
    struct lines lines;
    lines_fn *on_line;
    void (*on_closed)(void *arg); /* after output_pipe_close(), or by itself at the end */
    void *arg;
};

/* Makes the pipe. `on_line` and `on_closed` get `arg`. */
int output_pipe_init(struct output_pipe *p, lines_fn *on_line, void (*on_closed)(void *arg),
    void *arg, struct err *e);

/* Closes our copy of the worker's end and begins to read. */
void output_pipe_start(struct output_pipe *p, struct loop *l);

/* Reads what is in the pipe at this moment, and takes a partial line for whole. */
void output_pipe_drain(struct output_pipe *p);

/* Flushes a partial line, stops and closes; again does nothing. `on_closed` comes later if it was
 * started. */
void output_pipe_close(struct output_pipe *p);
