/* Work that may block, files above all: done on libuv's pool of threads, told on the loop. */
#pragma once

#include "io/loop/loop.h"

/*
 * Calls `work` on another thread and then `on_done` on the loop. `arg` is borrowed until on_done,
 * which comes in any case, from loop_free() at the latest: a job cannot be taken back. Aborts when
 * memory is out.
 */
void job_run(struct loop *l, void (*work)(void *arg), void (*on_done)(void *arg), void *arg);
