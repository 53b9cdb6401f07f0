/*
 * What stays, and gets the TTL that it should have; and tasks of which it is asked whether their
 * session or conversation is there. Keys of one look are gathered first, then told together:
 *
 *   take, take, ... ─run→ EXISTS of their owners → compare-and-expire → told → sweep_pass_go_on()
 */
#pragma once

#include "core/sweep/sweep.h"

struct redis_key;
struct sweep_mend;
struct sweep_pass;

/* `p` is borrowed. Returns owned; aborts when memory is out. */
struct sweep_mend *sweep_mend_new(struct sweep_pass *p);

/* Nothing comes after this. NULL is fine. */
void sweep_mend_free(struct sweep_mend *m);

/* False: the key is none of ours. `key` is borrowed until sweep_mend_run() goes on; *j is copied.
 */
bool sweep_mend_take(
    struct sweep_mend *m, const struct redis_key *key, const struct sweep_judgement *j);

/* Counts and tells what was taken, and goes on with the pass. */
void sweep_mend_run(struct sweep_mend *m);
