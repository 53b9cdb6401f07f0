/* The server's side of answers that go on. */
#pragma once

#include "io/http/http_stream.h"
#include "io/loop/loop.h"

#include <microhttpd.h>

/* Those of one server. */
struct http_server_streams {
    struct loop *loop;
    struct http_stream *first;
    bool closing;               /* whatever comes now is at its end at once */
    void (*on_news)(void *arg); /* a suspended connection has something to do */
    void *arg;
};

/* Gives the stream to its connection. Returned owned; NULL when memory is out. */
struct MHD_Response *http_server_stream_response(
    struct http_server_streams *streams, struct http_stream *s, struct MHD_Connection *connection);

/* The connection is over. Frees the stream. */
void http_server_stream_closed(struct http_stream *s);

/* Ends all of them, and lets microhttpd find that out. */
void http_server_streams_end(struct http_server_streams *streams);
