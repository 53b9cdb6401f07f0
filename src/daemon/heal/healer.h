/*
 * What a person would do about a symptom, done by itself within [Heal]: a restart that a log watch
 * asks for, one for the sake of memory at a quiet moment, a sweep when many keys are stuck, the
 * replacement of workers that hang or lost Redis. Whether it is done once more, or somebody is told
 * that it does not help, is core/remedy's decision; the fleet, which replaces workers by itself, is
 * told in time whom it has to leave alone. What was spent goes to the next instance.
 */
#pragma once

#include "core/config/config.h"

struct daemon;
struct healer;
struct saved;
struct sweep_summary;

/* `d` has its supervisor, its incidents and its memory. Returns owned; NULL when memory is out. */
struct healer *healer_new(struct daemon *d);

/* NULL is fine. */
void healer_free(struct healer *h);

/* `config` is borrowed until the next call. */
void healer_configure(struct healer *h, const struct config *config);

/* A log watch asks for a restart; `words` say what it found. */
void healer_log_watch(struct healer *h, const char *name, const char *words);

/* A pass over Redis that only looked has ended. NULL is fine. */
void healer_swept(struct healer *h, const struct sweep_summary *summary);

/* Puts what the remedies have spent into *out. NULL is fine. */
void healer_save(const struct healer *h, struct saved *out);
