/* The read end of one of a worker's pipes, on the loop, cut into lines. */
#pragma once

#include "core/logs/lines.h"
#include "io/loop/loop.h"

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

/*
 * Makes the pipe, as large as we may up to LIMIT_OUTPUT_PIPE. `on_line` and `on_closed` get `arg`.
 */
int output_pipe_init(struct output_pipe *p, lines_fn *on_line, void (*on_closed)(void *arg),
    void *arg, struct err *e);

/* The same with the read end of a pipe that there is already; -1: it was closed. Takes it. */
void output_pipe_adopt(
    struct output_pipe *p, int read_fd, lines_fn *on_line, void (*on_closed)(void *arg), void *arg);

/* Closes our copy of the worker's end and begins to read. */
void output_pipe_start(struct output_pipe *p, struct loop *l);

/* Reads what is in the pipe at this moment, and takes a partial line for whole. */
void output_pipe_drain(struct output_pipe *p);

/* -1 once it is closed. */
int output_pipe_read_fd(const struct output_pipe *p);

/* Flushes a partial line, stops and closes; again does nothing. `on_closed` comes later if it was
 * started. */
void output_pipe_close(struct output_pipe *p);
