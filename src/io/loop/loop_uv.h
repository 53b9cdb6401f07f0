/* libuv's loop behind `struct loop`: for the files of io/ that put handles on it, for nobody else.
 */
#pragma once

#include "io/loop/loop.h"

#include <uv.h>

uv_loop_t *loop_uv(struct loop *l);

/* What a module keeps once for a loop and nobody owns: loop_free() closes it, before it looks for
 * survivors. Only child.c has one (its children and the SIGCHLD watch). */
struct loop_resident {
    void (*close)(struct loop_resident *r);
};

struct loop_resident *loop_resident(const struct loop *l); /* NULL: none yet */
void loop_set_resident(struct loop *l, struct loop_resident *r);

/* A watch that does not keep loop_run() running. */
void signal_watch_unref(struct signal_watch *w);
