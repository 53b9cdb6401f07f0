/* Records of a backup file. */
#include "core/sweep/backup.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { TYPE_AND_LEN = 5 };

const char *backup_outcome_name(enum backup_outcome outcome)
{
    static const char *const names[] = {
#define X(symbol, name) name,
        BACKUP_OUTCOMES(X)
#undef X
    };
    return names[outcome];
}

/* ---- writing ---- */

static void add_number(struct strbuf *out, uint64_t value, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        strbuf_addc(out, (char)(value >> 8 * i & 0xFF));
}

static void add_bytes(struct strbuf *out, struct backup_bytes bytes)
{
    add_number(out, bytes.len, 4);
    strbuf_add(out, bytes.at, bytes.len);
}

static void add_text(struct strbuf *out, struct backup_bytes text)
{
    size_t len = text.len <= UINT16_MAX ? text.len : UINT16_MAX;
    add_number(out, len, 2);
    strbuf_add(out, text.at, len);
}

/* Returns where the record began, for end_record(). */
static size_t begin_record(struct strbuf *out, enum backup_record_type type)
{
    size_t at = out->len;
    strbuf_addc(out, (char)type);
    add_number(out, 0, 4);
    return at;
}

static void end_record(struct strbuf *out, size_t began)
{
    if (out->failed)
        return;
    size_t len = out->len - began - TYPE_AND_LEN;
    for (unsigned i = 0; i < 4; i++)
        out->data[began + 1 + i] = (char)(len >> 8 * i & 0xFF);
}

void backup_add_header(struct strbuf *records, const struct backup_header *header)
{
    size_t began = begin_record(records, BACKUP_HEADER);
    add_number(records, header->at, 8);
    add_text(records, header->server);
    add_text(records, header->version);
    add_text(records, header->voxkeeper);
    end_record(records, began);
}

void backup_add_key(struct strbuf *records, const struct backup_key *key)
{
    size_t began = begin_record(records, BACKUP_KEY);
    add_number(records, (uint64_t)key->expire_ms, 8);
    add_text(records, key->type);
    add_text(records, key->keyspace);
    add_text(records, key->finding);
    add_text(records, key->reason);
    add_bytes(records, key->name);
    add_bytes(records, key->payload);
    end_record(records, began);
}

void backup_add_results(struct strbuf *records, const struct backup_results *results)
{
    size_t began = begin_record(records, BACKUP_RESULTS);
    add_number(records, results->first, 8);
    add_bytes(records, results->results);
    end_record(records, began);
}

/* ---- reading ---- */

struct cursor {
    const char *at;
    const char *end;
    bool failed;
};

static const char *take(struct cursor *c, uint64_t n)
{
    if (c->failed || (uint64_t)(c->end - c->at) < n) {
        c->failed = true;
        return NULL;
    }
    const char *at = c->at;
    c->at += n;
    return at;
}

static uint64_t take_number(struct cursor *c, unsigned n)
{
    const char *p = take(c, n);
    uint64_t value = 0;
    for (unsigned i = 0; p && i < n; i++)
        value |= (uint64_t)(unsigned char)p[i] << 8 * i;
    return value;
}

static struct backup_bytes take_bytes(struct cursor *c, unsigned width)
{
    uint64_t len = take_number(c, width);
    const char *at = take(c, len);
    return (struct backup_bytes){at ? at : "", at ? (size_t)len : 0};
}

static void take_header(struct cursor *c, struct backup_header *out)
{
    out->at = take_number(c, 8);
    out->server = take_bytes(c, 2);
    out->version = take_bytes(c, 2);
    out->voxkeeper = take_bytes(c, 2);
}

static void take_key(struct cursor *c, struct backup_key *out)
{
    out->expire_ms = (int64_t)take_number(c, 8);
    out->type = take_bytes(c, 2);
    out->keyspace = take_bytes(c, 2);
    out->finding = take_bytes(c, 2);
    out->reason = take_bytes(c, 2);
    out->name = take_bytes(c, 4);
    out->payload = take_bytes(c, 4);
    if (out->expire_ms < -1)
        c->failed = true;
}

static void take_results(struct cursor *c, struct backup_results *out)
{
    out->first = take_number(c, 8);
    out->results = take_bytes(c, 4);
    for (size_t i = 0; i < out->results.len; i++) {
        if ((unsigned char)out->results.at[i] >= BACKUP_OUTCOME_COUNT)
            c->failed = true;
    }
}

/* Whether its type is known. Fields that a later version adds at the end are not read. */
static bool take_fields(struct cursor *c, uint64_t type, struct backup_record *out)
{
    *out = (struct backup_record){.type = (enum backup_record_type)type};
    switch (type) {
    case BACKUP_HEADER:
        take_header(c, &out->header);
        return true;
    case BACKUP_KEY:
        take_key(c, &out->key);
        return true;
    case BACKUP_RESULTS:
        take_results(c, &out->results);
        return true;
    default:
        return false;
    }
}

int backup_next(const struct strbuf *records, size_t *at, struct backup_record *out)
{
    const char *text = strbuf_text(records);
    while (*at < records->len) {
        struct cursor c = {text + *at, text + records->len, false};
        uint64_t type = take_number(&c, 1);
        struct backup_bytes body = take_bytes(&c, 4);
        if (c.failed)
            return -EBADMSG;
        *at = (size_t)(c.at - text);
        struct cursor fields = {body.at, body.at + body.len, false};
        bool known = take_fields(&fields, type, out);
        if (fields.failed)
            return -EBADMSG;
        if (known)
            return 1;
    }
    return 0;
}
