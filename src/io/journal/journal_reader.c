/* Records out of the journal. */
#include "io/journal/journal_reader.h"

#include "base/num.h"
#include "core/logs/log_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

enum { FIELDS_MAX = 96, NAME_MAX_LEN = 64 };

struct journal_reader {
    sd_journal *journal;
    bool at_record; /* the one that we stand on is the next */
};

static int add_match(sd_journal *j, const char *name, const char *value)
{
    struct strbuf match = STRBUF_INIT;
    strbuf_addf(&match, "%s=%s", name, value);
    int r = match.failed ? -ENOMEM : sd_journal_add_match(j, strbuf_text(&match), match.len);
    strbuf_fini(&match);
    return r;
}

/* As `journalctl -u` does: what the unit says, and what its manager says of it. */
static int match_unit(sd_journal *j, const struct journal_query *query)
{
    int r = add_match(j, "_SYSTEMD_UNIT", query->unit);
    if (r >= 0 && query->worker)
        r = add_match(j, "VOXKEEPER_WORKER", query->worker);
    if (r >= 0 && query->event)
        r = add_match(j, "VOXKEEPER_EVENT", query->event);
    if (r < 0 || query->worker || query->event)
        return r;
    r = sd_journal_add_disjunction(j);
    if (r >= 0)
        r = add_match(j, "UNIT", query->unit);
    return r >= 0 ? add_match(j, "_PID", "1") : r;
}

/* Positive if there is any record of the unit. */
static int has_records(sd_journal *j, const char *unit)
{
    int r = add_match(j, "_SYSTEMD_UNIT", unit);
    if (r >= 0)
        r = sd_journal_seek_head(j);
    if (r >= 0)
        r = sd_journal_next(j);
    sd_journal_flush_matches(j);
    return r;
}

/* Before the first record that is wanted, or on it. */
static int seek(struct journal_reader *r, const struct journal_query *query)
{
    uint64_t at = 0;
    if (query->lines != UINT64_MAX) {
        int n = sd_journal_seek_tail(r->journal);
        if (n >= 0)
            n = sd_journal_previous_skip(r->journal, query->lines);
        if (n <= 0)
            return n;
        r->at_record = true;
        n = sd_journal_get_realtime_usec(r->journal, &at);
        if (n < 0 || at >= query->since_wall)
            return n;
        r->at_record = false;
    }
    return query->since_wall > 0 ? sd_journal_seek_realtime_usec(r->journal, query->since_wall)
                                 : sd_journal_seek_head(r->journal);
}

struct journal_reader *journal_reader_new(const struct journal_query *query, struct err *e)
{
    struct journal_reader *r = calloc(1, sizeof *r);
    int n = r ? sd_journal_open(&r->journal, SD_JOURNAL_LOCAL_ONLY) : -ENOMEM;
    if (n >= 0)
        n = has_records(r->journal, query->unit);
    if (n == 0) {
        err_set(e, -ENODATA, "reading the journal: it has no record of %s that we may read",
            query->unit);
    } else {
        if (n > 0)
            n = match_unit(r->journal, query);
        if (n >= 0)
            n = seek(r, query);
        if (n >= 0)
            return r;
        err_sys(e, n, "reading the journal");
    }
    journal_reader_free(r);
    return NULL;
}

/* What journald and its library add says nothing of what happened. */
static bool is_told(const char *name)
{
    return name[0] != '_' && strcmp(name, "MESSAGE") != 0 && strcmp(name, "PRIORITY") != 0 &&
           strcmp(name, "SYSLOG_FACILITY") != 0 && strncmp(name, "CODE_", 5) != 0 &&
           strcmp(name, "TID") != 0;
}

/* The values of one record, copied: the library's own go with the next question. */
struct copied {
    struct {
        char name[NAME_MAX_LEN + 1];
        struct strbuf value;
    } fields[FIELDS_MAX];
    size_t n;
};

static void copy_field(struct copied *c, const char *data, size_t len)
{
    const char *equals = memchr(data, '=', len);
    size_t name_len = equals ? (size_t)(equals - data) : len;
    if (!equals || name_len > NAME_MAX_LEN || c->n == FIELDS_MAX)
        return;
    memcpy(c->fields[c->n].name, data, name_len);
    c->fields[c->n].name[name_len] = '\0';
    c->fields[c->n].value = (struct strbuf)STRBUF_INIT;
    strbuf_add(&c->fields[c->n].value, equals + 1, len - name_len - 1);
    c->n++;
}

static void write_record(const struct copied *c, usec_t wall, struct strbuf *out)
{
    struct log_field fields[FIELDS_MAX];
    uint64_t priority;
    struct log_record record = {.level = LOG_LEVEL_INFO, .message = "", .fields = fields};
    for (size_t i = 0; i < c->n; i++) {
        const char *name = c->fields[i].name;
        const struct strbuf *value = &c->fields[i].value;
        if (strcmp(name, "MESSAGE") == 0) {
            record.message = strbuf_text(value);
            record.message_len = value->len;
        } else if (strcmp(name, "PRIORITY") == 0 &&
                   num_parse_u64(strbuf_text(value), 0, LOG_LEVEL_DEBUG, &priority) == 0) {
            record.level = priority < LOG_LEVEL_ERR ? LOG_LEVEL_ERR : (enum log_level)priority;
        } else if (is_told(name)) {
            fields[record.n_fields++] =
                (struct log_field){.name = name, .value = strbuf_text(value), .len = value->len};
        }
    }
    log_format_json(out, &record, wall);
}

int journal_reader_next(struct journal_reader *r, struct strbuf *out, struct err *e)
{
    uint64_t wall = 0;
    const void *data;
    size_t len;
    int n = r->at_record ? 1 : sd_journal_next(r->journal);
    r->at_record = false;
    if (n > 0)
        n = sd_journal_get_realtime_usec(r->journal, &wall) < 0 ? -EIO : 1;
    if (n <= 0)
        return n < 0 ? err_sys(e, n, "reading the journal") : 0;
    struct copied *c = calloc(1, sizeof *c);
    if (!c)
        return err_sys(e, -ENOMEM, "reading the journal");
    SD_JOURNAL_FOREACH_DATA(r->journal, data, len)
    copy_field(c, data, len);
    write_record(c, wall, out);
    for (size_t i = 0; i < c->n; i++)
        strbuf_fini(&c->fields[i].value);
    free(c);
    return 1;
}

int journal_reader_wait(struct journal_reader *r, usec_t span, struct err *e)
{
    int n = sd_journal_wait(r->journal, span);
    return n < 0 ? err_sys(e, n, "waiting for the journal") : 0;
}

void journal_reader_free(struct journal_reader *r)
{
    if (!r)
        return;
    sd_journal_close(r->journal);
    free(r);
}
