/*
 * What an error reply of Redis means for whoever sent the command. (hiredis owns REDIS_ERR_.)
 */
#pragma once

#include <stddef.h>

#define REDIS_ERRORS(X)                                                                            \
    X(NONE, "none")                                                                                \
    X(OTHER, "other")           /* ours alone: this key, this command */                           \
    X(LOST, "connection-lost")  /* no reply: the connection went, or the deadline passed */        \
    X(LOADING, "loading")       /* reads its data from disk */                                     \
    X(BUSY, "busy")             /* a script runs for too long */                                   \
    X(OOM, "out-of-memory")     /* refuses what needs memory; removing works */                    \
    X(READONLY, "read-only")    /* a replica, or cut off from its master */                        \
    X(NOAUTH, "not-authorized") /* credentials missing or wrong, or protected mode */              \
    X(NOPERM, "no-permission")  /* the ACL forbids this command or key */                          \
    X(MOVED, "moved")           /* the key lives on another node of the cluster */                 \
    X(CLUSTERDOWN, "cluster-down")                                                                 \
    X(MISCONF, "writes-refused") /* cannot persist, or has too few replicas; reading works */      \
    X(NOSCRIPT, "no-script")                                                                       \
    X(WRONGTYPE, "wrong-type")                                                                     \
    X(CLIENTS, "too-many-clients")                                                                 \
    X(PROTOCOL, "garbage") /* an answer that is none to what was asked */

#define X(symbol, name) REDIS_E_##symbol,
enum redis_error { REDIS_ERRORS(X) };
#undef X

/* Of the text of an error reply, which is bytes: anything goes in. Never REDIS_E_NONE. */
enum redis_error redis_error_class(const char *text, size_t len);

const char *redis_error_name(enum redis_error error);
