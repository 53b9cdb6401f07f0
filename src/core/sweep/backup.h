/*
 * Backup files: what a sweep is about to remove, for `voxkeeper restore`. Pure: bytes in, bytes
 * out.
 *
 *   file   = signature, block...            appended to, never rewritten
 *   block  = "VKBK", u32 packed length, u32 raw length, u32 CRC-32 of the three parts beside it,
 *            deflated records               whole or torn: nothing behind a torn one is read
 *   record = u8 type, u32 length, fields    of a type that is not known: skipped
 *
 * Numbers are little-endian. A file begins with a HEADER; each KEY has a number, counted from 0 in
 * the order of the file, and RESULTS tell later what became of a row of them: a key whose result is
 * missing may have been removed (the daemon ended in between) or may be there still.
 */
#pragma once

#include "base/span.h"
#include "base/strbuf.h"

#include <stddef.h>
#include <stdint.h>

#define BACKUP_SIGNATURE "voxbak1\n"

enum {
    BACKUP_SIGNATURE_LEN = sizeof BACKUP_SIGNATURE - 1,
    BACKUP_BLOCK_HEADER = 16,
    BACKUP_BLOCK_MAX = 16 << 20, /* bytes of a block's records, and of the deflated ones */
};

#define BACKUP_OUTCOMES(X)                                                                         \
    X(UNKNOWN, "unknown") /* nothing is written about it: removed, or there still */               \
    X(REMOVED, "removed")                                                                          \
    X(SURVIVED, "survived")   /* it changed, or went by itself, after it was examined */           \
    X(NOT_TRIED, "not-tried") /* Redis answered an error; it is there still */

#define X(symbol, name) BACKUP_##symbol,
enum backup_outcome { BACKUP_OUTCOMES(X) BACKUP_OUTCOME_COUNT };
#undef X

const char *backup_outcome_name(enum backup_outcome outcome);

/* Borrowed bytes. */
struct backup_bytes {
    const char *at;
    size_t len;
};

struct backup_header {
    usec_t at;                     /* wall time by our clock */
    struct backup_bytes server;    /* its address, for people */
    struct backup_bytes version;   /* of Redis; "" when it does not tell */
    struct backup_bytes voxkeeper; /* who wrote it */
};

struct backup_key {
    int64_t expire_ms; /* absolute, by the server's clock; -1: none */
    struct backup_bytes type;
    struct backup_bytes keyspace;
    struct backup_bytes finding;
    struct backup_bytes reason;
    struct backup_bytes name;
    struct backup_bytes payload; /* what DUMP answered */
};

struct backup_results {
    uint64_t first;              /* number of the first key of the row */
    struct backup_bytes results; /* one byte a key, an enum backup_outcome */
};

enum backup_record_type { BACKUP_HEADER = 'H', BACKUP_KEY = 'K', BACKUP_RESULTS = 'R' };

struct backup_record {
    enum backup_record_type type;
    union {
        struct backup_header header;
        struct backup_key key;
        struct backup_results results;
    };
};

/* Appends one record. Texts longer than 64 KiB are cut, names and payloads are not. */
void backup_add_header(struct strbuf *records, const struct backup_header *header);
void backup_add_key(struct strbuf *records, const struct backup_key *key);
void backup_add_results(struct strbuf *records, const struct backup_results *results);

/*
 * Reads the record at *at, which lies within `records`, and moves *at behind it; *out borrows from
 * `records`. Returns 1, 0 (no more of a known type) or -EBADMSG.
 */
int backup_next(const struct strbuf *records, size_t *at, struct backup_record *out);

/* Appends a block. Returns 0, -EFBIG (more than BACKUP_BLOCK_MAX) or -ENOMEM. */
int backup_pack(const struct strbuf *records, struct strbuf *out);

/* What follows a block's header. Returns 0, or -EBADMSG: that is none. */
int backup_block_len(const char header[BACKUP_BLOCK_HEADER], size_t *out_len);

/* Replaces *records by those of a block. Returns 0, -EBADMSG (damaged) or -ENOMEM. */
int backup_unpack(const char header[BACKUP_BLOCK_HEADER], const char *packed, size_t packed_len,
    struct strbuf *records);
