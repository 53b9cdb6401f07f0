/*
 * The doctor: asks everything at once, waits until all has answered or the deadline has passed, and
 * lets core/doctor judge what came. It reads only; what it sends to the agent is refused by it.
 *
 *   doctor_new → HTTP questions, Redis step by step, a walk over its keys, /proc on a thread
 *              → all over, or [Doctor] Timeout= → judged → on_done
 */
#pragma once

#include "base/err.h"
#include "core/config/config.h"
#include "core/doctor/doctor.h"

struct daemon;
struct doctor;
struct http_client;
struct loop;

struct doctor_spec {
    struct loop *loop;
    struct http_client *http;    /* borrowed, as the rest is, until doctor_free() */
    const struct config *config; /* of which nothing is looked at after doctor_new() */
    const struct daemon *daemon; /* NULL: none runs, and nothing is known of workers */
    uint64_t suppressed;         /* lines of ours that the journal dropped lately */
    /* Comes once, from the loop; `report` is valid during the call. The object is to be freed
     * then. */
    void (*on_done)(const struct doctor_report *report, void *arg);
    void *arg;
};

/* Returns owned, or NULL with *e set. */
struct doctor *doctor_new(const struct doctor_spec *spec, struct err *e);

/* No callback comes after this. NULL is fine, and so is the call from on_done. */
void doctor_free(struct doctor *d);
