/* Log records as bytes. */
#include "core/logs/log_format.h"

#include "base/strbuf.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

static void native_field(struct strbuf *out, const char *name, const void *value, size_t len)
{
    strbuf_adds(out, name);
    if (!memchr(value, '\n', len)) {
        strbuf_addc(out, '=');
    } else {
        strbuf_addc(out, '\n');
        for (unsigned shift = 0; shift < 64; shift += 8) /* little-endian on every machine */
            strbuf_addc(out, (char)((uint64_t)len >> shift & 0xFF));
    }
    strbuf_add(out, value, len);
    strbuf_addc(out, '\n');
}

void log_format_native(struct strbuf *out, const struct log_record *record, const char *identifier)
{
    const char priority = (char)('0' + record->level);
    bool identified = false;
    native_field(out, "MESSAGE", record->message, record->message_len);
    native_field(out, "PRIORITY", &priority, 1);
    for (size_t i = 0; i < record->n_fields; i++) {
        const struct log_field *f = &record->fields[i];
        native_field(out, f->name, f->value, f->len);
        identified = identified || strcmp(f->name, "SYSLOG_IDENTIFIER") == 0;
    }
    if (!identified)
        native_field(out, "SYSLOG_IDENTIFIER", identifier, strlen(identifier));
}

static const char *short_name(const char *name)
{
    static const char prefix[] = "VOXKEEPER_";
    return strncmp(name, prefix, sizeof prefix - 1) == 0 ? name + sizeof prefix - 1 : name;
}

/* Whether field `i` may be shown under its short name: nothing before it has that name. */
static bool name_is_free(const struct log_record *record, size_t i)
{
    const char *name = short_name(record->fields[i].name);
    if (strcmp(name, "TS") == 0 || strcmp(name, "LEVEL") == 0 || strcmp(name, "MESSAGE") == 0)
        return false;
    for (size_t k = 0; k < i; k++) {
        if (strcmp(short_name(record->fields[k].name), name) == 0)
            return false;
    }
    return true;
}

static void json_field(struct strbuf *out, const struct log_field *field)
{
    strbuf_adds(out, ", \"");
    for (const char *c = short_name(field->name); *c; c++)
        strbuf_addc(out, *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c);
    strbuf_adds(out, "\": ");
    text_json(out, field->value, field->len);
}

void log_format_json(struct strbuf *out, const struct log_record *record, usec_t wall)
{
    time_t seconds = (time_t)(wall / USEC_PER_SEC);
    struct tm tm = {0};
    char day[64];
    gmtime_r(&seconds, &tm);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    strbuf_addf(out, "{\"ts\": \"%s.%06uZ\", \"level\": \"%s\", \"message\": ", day,
        (unsigned)(wall % USEC_PER_SEC), log_level_name(record->level));
    text_json(out, record->message, record->message_len);
    for (size_t i = 0; i < record->n_fields; i++) {
        if (name_is_free(record, i))
            json_field(out, &record->fields[i]);
    }
    strbuf_adds(out, "}\n");
}
