/*
 * What changes, told as it changes: server-sent events to whoever reads them. A reader gets every
 * topic at once and again whenever it changed (coalesced), each event as it happens, and a comment
 * now and then so that a dead connection is noticed. Nobody is waited for: who does not read is cut
 * off, reconnects with the id of the last event that it saw, and gets those that it missed.
 */
#pragma once

#include "base/span.h"
#include "io/http/http_stream.h"

#include <stdbool.h>
#include <stdint.h>

struct cJSON;
struct daemon;
struct stream;

struct stream_pace {
    usec_t least;     /* between two of the same topic */
    usec_t idle;      /* between two looks for changes that no event tells of */
    usec_t fresh;     /* a topic whose numbers merely go on is told anew after this */
    usec_t heartbeat; /* between two comments */
    usec_t stall;     /* a reader that takes nothing for so long is cut off */
};

/* Returns owned; NULL when memory is out. */
struct stream *stream_new(struct daemon *d);

/* Every reader is gone by then. NULL is fine. */
void stream_free(struct stream *s);

/* Writes what was told since the loop turned last: it turns no more. */
void stream_flush(struct stream *s);

void stream_set_pace(struct stream *s, const struct stream_pace *pace);

/*
 * A new reader. `last_id` (NULL: none) is the id of the event that it saw last; of another boot, it
 * missed all that are remembered. `favoured`: one who may change things, for whom some places are
 * kept and nothing is withheld from events. Returns the stream to answer with, or NULL when every
 * place is taken or memory is out.
 */
struct http_stream *stream_open(struct stream *s, const char *last_id, bool favoured);
