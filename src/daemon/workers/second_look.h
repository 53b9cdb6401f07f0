/*
 * A worker whose answer waits for Redis is silent when Redis hangs, and our own link finds that out
 * only by its next PING. So Redis is asked once more before a worker is said to hang.
 */
#pragma once

#include <stdbool.h>

struct daemon;
struct second_look;

/* Returns owned; NULL when memory is out. */
struct second_look *second_look_new(struct daemon *d);

/* After dependency_close(). NULL is fine. */
void second_look_free(struct second_look *look);

/*
 * Asks, or waits for the answer that is due anyhow: supervisor_silence_judged() follows from the
 * loop, after what the answer changes. False: there is nothing to ask.
 */
bool second_look_begin(struct second_look *look);
