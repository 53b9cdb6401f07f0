/* One request and its answer, as microhttpd's callbacks: what is refused before the handler sees
 * it, the collecting of the body, the answer's headers. */
#pragma once

#include "io/http/http_server.h"
#include "io/http/http_server_stream.h"

#include <microhttpd.h>

/* Shared by all exchanges of one listener; the `cls` of the callbacks. */
struct http_server_exchange_conf {
    bool local; /* a unix socket: peers have credentials, and no browser can come */
    http_server_handler *handler;
    void *arg;
    struct strlist hosts; /* names beside addresses and localhost */
    struct http_server_streams streams;
};

/* MHD_OPTION_URI_LOG_CALLBACK: begins an exchange, which becomes the request's context. */
void *http_server_exchange_begin(void *cls, const char *uri, struct MHD_Connection *connection);

/* An MHD_AccessHandlerCallback. */
enum MHD_Result http_server_exchange_step(void *cls, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version, const char *upload_data,
    size_t *upload_data_size, void **context);

/* An MHD_RequestCompletedCallback. */
void http_server_exchange_end(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code);
