/*
 * What hiredis' reader may build for one connection. An answer that nobody asked for ends the
 * process by an assertion inside of hiredis, and an array's announced length is allocated before
 * its elements come: a broken server must cost a connection, not the daemon.
 */
#pragma once

#include <hiredis/hiredis.h>
#include <stdint.h>

struct redis_guard {
    redisReplyObjectFunctions functions;
    const redisReplyObjectFunctions *inner;
    uint64_t asked;      /* whoever sends a command counts it here */
    uint64_t answered;   /* top-level replies begun */
    const char *tripped; /* why the reader was made to fail; NULL: it was not */
};

/* Borrows `g` for the reader's life. */
void redis_guard_init(struct redis_guard *g, redisReader *reader);
