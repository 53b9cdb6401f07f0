/*
 * Looks at the agent's configuration at ElevenLabs now and then, and tells what somebody changed
 * there: prompts, tools, voices. It only reads. What was seen last is in the state directory,
 * `instructions/agent.json`, without secrets. An error is told once, and asked ever less often.
 */
#pragma once

#include "core/config/config.h"

struct daemon;
struct instructions_watch;

/* Returns owned; NULL when memory is out. Looks soon after instructions_watch_configure(). */
struct instructions_watch *instructions_watch_new(struct daemon *d);
void instructions_watch_free(struct instructions_watch *w); /* NULL is fine */

/* `config` is borrowed until the next call. */
void instructions_watch_configure(struct instructions_watch *w, const struct config *config);
