/*
 * An answer that goes on: whoever gives it to the HTTP server writes into it from the loop as long
 * as there is a reader. What the reader does not take waits in a queue of bounded length and time;
 * who is slower than that is cut off, so that no reader costs more than that and none is waited
 * for.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

struct http_stream;

struct http_stream_spec {
    size_t backlog_max; /* bytes that may wait for the reader */
    usec_t stall_max;   /* how long some may wait without the reader taking any */

    /* The reader has gone, or was cut off; the stream is no more. Comes once for each stream that
     * was given away, from the loop or out of http_server_free(). */
    void (*on_closed)(void *arg);
    void *arg;
};

/* Returns owned, to be given away as `stream` of an answer at once; NULL when memory is out. */
struct http_stream *http_stream_new(const struct http_stream_spec *spec);

/* For one that was not given away. NULL is fine. */
void http_stream_free(struct http_stream *s);

/* Copies. Returns false, and cuts the reader off, if that is more than may wait. */
bool http_stream_write(struct http_stream *s, const char *bytes, size_t len);

/* Bytes that wait for the reader. */
size_t http_stream_waiting(const struct http_stream *s);

/* Ends the answer after what was written. */
void http_stream_end(struct http_stream *s);
