/*
 * What a person would do about a symptom, done by itself within [Heal]: a restart that a log watch
 * asks for, one for the sake of memory at a quiet moment. Whether it is done once more, or somebody
 * is told that it does not help, is core/remedy's decision. Workers that hang or lost Redis are
 * replaced by the fleet whatever comes of it; here it is noticed when that does not help.
 */
#pragma once

#include "core/config/config.h"

struct daemon;
struct healer;

/* `d` has its supervisor and its incidents. Returns owned; NULL when memory is out. */
struct healer *healer_new(struct daemon *d);

/* NULL is fine. */
void healer_free(struct healer *h);

/* `config` is borrowed until the next call. */
void healer_configure(struct healer *h, const struct config *config);

/* A log watch asks for a restart; `words` say what it found. */
void healer_log_watch(struct healer *h, const char *name, const char *words);
