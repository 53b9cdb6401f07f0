/* The two halves of the test server: what it answers, and how it waits for callers. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

enum { SOCKETS_MAX = 4 };

extern int server_sockets[SOCKETS_MAX];
extern unsigned server_n_sockets;

int server_open(const char *address);
void server_handle(int connection, const struct sockaddr_storage *peer, socklen_t length);

/* Accepts one and answers. Returns false if there was none. */
bool server_accept(int fd);

/* A listening socket was closed (`old`) or opened (`new`). */
void server_changed(int old, int new);

/* Runs the kind of that name for ever. */
int server_run(const char *kind);
