/* The ring of log lines. */
#include "daemon/logs/log_ring.h"

#include "base/num.h"
#include "core/limits.h"
#include "core/logs/log_format.h"
#include "io/loop/loop.h"

#include <stdlib.h>
#include <string.h>

enum { NO_EVENT = EVENT_COUNT };

struct line {
    char *json;
    size_t len;
    usec_t wall;
    uint64_t worker;
    unsigned event; /* enum event_id or NO_EVENT */
};

struct log_ring {
    struct log_tap tap;
    uint64_t oldest;
    uint64_t newest; /* oldest - 1: there is none */
    size_t bytes;
    struct line lines[LIMIT_LOG_LINES]; /* number n is at n % LIMIT_LOG_LINES */
};

static struct line *line_at(struct log_ring *r, uint64_t number)
{
    return &r->lines[number % LIMIT_LOG_LINES];
}

static void forget_oldest(struct log_ring *r)
{
    struct line *line = line_at(r, r->oldest++);
    r->bytes -= line->len;
    free(line->json);
    *line = (struct line){0};
}

static const struct log_field *field_of(const struct log_record *record, const char *name)
{
    for (size_t i = 0; i < record->n_fields; i++) {
        if (strcmp(record->fields[i].name, name) == 0)
            return &record->fields[i];
    }
    return NULL;
}

static uint64_t worker_of(const struct log_record *record)
{
    const struct log_field *field = field_of(record, "VOXKEEPER_WORKER");
    char text[24] = "";
    uint64_t worker = 0;
    if (field && field->len < sizeof text)
        memcpy(text, field->value, field->len);
    return num_parse_u64(text, 1, LIMIT_WORKERS, &worker) == 0 ? worker : 0;
}

static unsigned event_of(const struct log_record *record)
{
    const struct log_field *field = field_of(record, "VOXKEEPER_EVENT");
    enum event_id id;
    return field && event_find(field->value, field->len, &id) ? id : NO_EVENT;
}

/* What workers say goes to the sink whatever its level. */
static bool is_shown(const struct log_record *record)
{
    return record->level <= log_max_level() || field_of(record, "VOXKEEPER_STREAM");
}

static void on_record(const struct log_record *record, void *arg)
{
    struct log_ring *r = arg;
    struct strbuf text = STRBUF_INIT;
    if (!is_shown(record))
        return;
    struct line line = {
        .wall = loop_wall_now(), .worker = worker_of(record), .event = event_of(record)};
    log_format_json(&text, record, line.wall);
    if (text.len == 0 || text.len > LIMIT_LOG_BYTES) {
        strbuf_fini(&text);
        return;
    }
    line.len = text.len - 1; /* its newline */
    line.json = strbuf_take(&text);
    if (!line.json)
        return;
    while (r->newest + 1 - r->oldest >= LIMIT_LOG_LINES ||
           (r->oldest <= r->newest && r->bytes + line.len > LIMIT_LOG_BYTES))
        forget_oldest(r);
    *line_at(r, ++r->newest) = line;
    r->bytes += line.len;
}

struct log_ring *log_ring_new(void)
{
    struct log_ring *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->oldest = 1;
    r->tap = (struct log_tap){.see = on_record, .arg = r};
    log_add_tap(&r->tap);
    return r;
}

void log_ring_free(struct log_ring *r)
{
    if (!r)
        return;
    log_remove_tap(&r->tap);
    while (r->oldest <= r->newest)
        forget_oldest(r);
    free(r);
}

static bool matches(const struct line *line, const struct log_ring_query *query)
{
    return line->wall >= query->since && (query->worker == 0 || line->worker == query->worker) &&
           (!query->of_event || line->event == (unsigned)query->event);
}

static const struct line *line_of(const struct log_ring *r, uint64_t number)
{
    return &r->lines[number % LIMIT_LOG_LINES];
}

/* Where the last `limit` that match begin. */
static uint64_t begin_of_last(const struct log_ring *r, const struct log_ring_query *query)
{
    uint64_t n = 0;
    uint64_t number = r->newest + 1;
    while (number > r->oldest && n < query->limit)
        n += matches(line_of(r, --number), query);
    return number;
}

uint64_t log_ring_write(
    const struct log_ring *r, const struct log_ring_query *query, struct strbuf *out)
{
    uint64_t n = 0;
    uint64_t number = query->follows ? query->after + 1 : begin_of_last(r, query);
    number = number < r->oldest ? r->oldest : number;
    for (; number <= r->newest && n < query->limit; number++) {
        const struct line *line = line_of(r, number);
        if (!matches(line, query))
            continue;
        strbuf_adds(out, n++ > 0 ? "," : "");
        strbuf_add(out, line->json, line->len);
    }
    /* Without a limit in its way it has looked at all. */
    return query->follows ? number - 1 : r->newest;
}

uint64_t log_ring_oldest(const struct log_ring *r)
{
    return r->oldest;
}
