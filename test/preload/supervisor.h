/*
 * Plays voxkeeperd to one worker: public listeners, a private one each, the control socket, and
 * callers that ask over HTTP. Everything waits with a deadline and fails the test after it.
 */
#pragma once

#include "cmocka_all.h"
#include "voxkeeper/handover.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

enum { DEADLINE_MS = 20000, ANSWER_MAX = 4096 };

/* Where workers' callers come in: "[::]", "127.0.0.1", or a path. */
struct entrance {
    int fd;
    uint16_t port;
    char path[108]; /* "": TCP */
};

struct worker {
    pid_t pid;
    int control; /* our end; -1: closed */
    unsigned n_entrances;
    struct entrance private[VK_HANDOVER_LISTENERS_MAX];
};

/* An entrance at `address`, or on any free port of it. */
void entrance_open(struct entrance *e, const char *address);
void entrance_close(struct entrance *e);

/* Starts a program with the shim; PORT in `argv` becomes the first entrance's port or path. */
void worker_start(struct worker *w, struct entrance *public, unsigned n, const char *const *argv);

/* Adds NAME=VALUE to what the next workers find in their environment; NULL: forgets them all. */
void worker_environment(const char *assignment);

void worker_send(struct worker *w, enum vk_handover_kind kind);
/* The next message must be this one. */
void worker_expect(struct worker *w, enum vk_handover_kind kind, unsigned listener, unsigned value);
/* ... and there is none. */
void worker_expect_silence(struct worker *w);

/* HELLO, and TAKEN of the first `n` listeners in any order. */
void worker_expect_taken(struct worker *w, unsigned n);
void worker_activate(struct worker *w);
void worker_pause(struct worker *w);

/* CPU time that it has used. */
uint64_t worker_cpu_ns(const struct worker *w);

void worker_end(struct worker *w);

/* Connects: -1 if that fails; and must not fail. */
int caller_try(const struct entrance *e);
int caller_connect(const struct entrance *e);
/* A caller that has sent its request; its descriptor. */
int caller_ask(const struct entrance *e, const char *path);
bool caller_has_answer(int fd);
/* The body of the answer; closes. The whole answer if `head` is true. */
const char *caller_answer(int fd, bool head);
const char *caller_fetch(const struct entrance *e, const char *path);
