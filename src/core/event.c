/* Events: building one and handing it to the log sink. */
#include "core/event.h"

#include "base/names.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct event_row {
    const char *name;
    const char *message_id;
    enum log_level level;
    const char *anchor;
} rows[EVENT_COUNT] = {
#define X(symbol, name, id, level, anchor) [EVENT_##symbol] = {name, id, LOG_LEVEL_##level, anchor},
    VK_EVENTS(X)
#undef X
};

void event_init(struct event *ev, enum event_id id)
{
    *ev = (struct event){.id = id};
}

void event_fini(struct event *ev)
{
    strbuf_fini(&ev->message);
    for (unsigned i = 0; i < ev->n_fields; i++)
        strbuf_fini(&ev->fields[i].value);
    ev->n_fields = 0;
}

void event_message(struct event *ev, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    strbuf_vaddf(&ev->message, fmt, ap);
    va_end(ap);
}

void event_message_lines(struct event *ev, const char *head, const char *lines)
{
    const char *before = ": ";
    event_message(ev, "%s", head);
    while (*lines) {
        size_t len = strcspn(lines, "\n");
        if (len > 0) {
            event_message(ev, "%s%.*s", before, (int)len, lines);
            before = "; ";
        }
        lines += len + (lines[len] == '\n');
    }
}

static struct strbuf *add_field(struct event *ev, const char *name)
{
    assert(ev->n_fields < EVENT_FIELDS_MAX);
    ev->fields[ev->n_fields].name = name;
    ev->fields[ev->n_fields].value = (struct strbuf)STRBUF_INIT;
    return &ev->fields[ev->n_fields++].value;
}

void event_field(struct event *ev, const char *name, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    strbuf_vaddf(add_field(ev, name), fmt, ap);
    va_end(ap);
}

void event_field_text(struct event *ev, const char *name, const char *text)
{
    if (text[0])
        event_field(ev, name, "%s", text);
}

void event_field_bytes(struct event *ev, const char *name, const void *bytes, size_t len)
{
    strbuf_add(add_field(ev, name), bytes, len);
}

void event_duration(struct event *ev, usec_t took)
{
    event_field(ev, "VOXKEEPER_DURATION_USEC", "%llu", (unsigned long long)took);
}

static struct log_field text_field(const char *name, const char *value)
{
    return (struct log_field){.name = name, .value = value, .len = strlen(value)};
}

void event_emit(const struct event *ev)
{
    const struct event_row *row = &rows[ev->id];
    struct log_field fields[EVENT_FIELDS_MAX + 3];
    char documentation[128];
    snprintf(documentation, sizeof documentation, "file:///usr/share/doc/voxkeeper/runbook.md#%s",
        row->anchor);
    size_t n = 0;
    fields[n++] = text_field("MESSAGE_ID", row->message_id);
    fields[n++] = text_field("VOXKEEPER_EVENT", row->name);
    fields[n++] = text_field("DOCUMENTATION", documentation);
    for (unsigned i = 0; i < ev->n_fields; i++) {
        fields[n++] = (struct log_field){.name = ev->fields[i].name,
            .value = strbuf_text(&ev->fields[i].value),
            .len = ev->fields[i].value.len};
    }
    log_emit(&(struct log_record){.level = row->level,
        .message = strbuf_text(&ev->message),
        .message_len = ev->message.len,
        .fields = fields,
        .n_fields = n});
}

bool event_find(const char *name, size_t len, enum event_id *out_id)
{
    for (unsigned id = 0; id < EVENT_COUNT; id++) {
        if (strlen(rows[id].name) == len && memcmp(rows[id].name, name, len) == 0) {
            *out_id = (enum event_id)id;
            return true;
        }
    }
    return false;
}

bool event_field_is_withheld(const char *name)
{
    static const char *const names[] = {
        "VOXKEEPER_LAST_OUTPUT", "VOXKEEPER_LINE", "VOXKEEPER_CALLER_NAMES"};
    return NAMES_FIND(names, name) >= 0;
}

const char *event_name(enum event_id id)
{
    return rows[id].name;
}

const char *event_message_id(enum event_id id)
{
    return rows[id].message_id;
}

const char *event_anchor(enum event_id id)
{
    return rows[id].anchor;
}

enum log_level event_level(enum event_id id)
{
    return rows[id].level;
}
