/* Joins a curl multi handle to the loop: its sockets to uv_poll, its clock to one timer. */
#pragma once

#include "base/err.h"
#include "io/loop/loop.h"

#include <curl/curl.h>
#include <stdbool.h>

struct http_client_uv;
struct own_sockets;

/*
 * `on_turn` is called from the loop each time curl worked, outside of curl: transfers may have
 * ended, and it may add, remove or close. Returns owned, or NULL with *e set.
 */
struct http_client_uv *http_client_uv_new(
    struct loop *l, void (*on_turn)(void *arg), void *arg, struct err *e);

/* Borrows the multi handle until the close. */
CURLM *http_client_uv_multi(struct http_client_uv *u);

/* The sockets of this transfer are told apart as our own. */
bool http_client_uv_keep_books(struct http_client_uv *u, CURL *easy);

/* Borrowed until the close. */
struct own_sockets *http_client_uv_own(struct http_client_uv *u);

/* Every transfer must be removed before. No callback comes after this; the memory goes by itself.
 */
void http_client_uv_close(struct http_client_uv *u);
