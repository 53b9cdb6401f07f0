/* The log sink. */
#include "base/log.h"

#include "base/strbuf.h"

#include <stdarg.h>

static struct {
    log_sink_fn *sink;
    void *arg;
    struct log_tap *taps;
    enum log_level max_level;
    uint64_t counts[2][LOG_LEVEL_DEBUG + 1];
} log_global = {.max_level = LOG_LEVEL_INFO};

void log_set_sink(log_sink_fn *sink, void *arg)
{
    log_global.sink = sink;
    log_global.arg = arg;
}

void log_add_tap(struct log_tap *tap)
{
    tap->next = log_global.taps;
    log_global.taps = tap;
}

void log_remove_tap(struct log_tap *tap)
{
    struct log_tap **at = &log_global.taps;
    while (*at && *at != tap)
        at = &(*at)->next;
    if (*at)
        *at = tap->next;
}

void log_set_max_level(enum log_level level)
{
    log_global.max_level = level;
}

enum log_level log_max_level(void)
{
    return log_global.max_level;
}

static void tell_taps(const struct log_record *record)
{
    for (const struct log_tap *tap = log_global.taps; tap; tap = tap->next)
        tap->see(record, tap->arg);
}

static void tell_sink(const struct log_record *record, enum log_source source)
{
    if (record->level <= LOG_LEVEL_DEBUG)
        log_global.counts[source][record->level]++;
    if (log_global.sink)
        log_global.sink(record, log_global.arg);
}

void log_forward(const struct log_record *record)
{
    tell_taps(record);
    tell_sink(record, LOG_FORWARDED);
}

void log_emit(const struct log_record *record)
{
    tell_taps(record);
    if (record->level <= log_global.max_level)
        tell_sink(record, LOG_OWN);
}

uint64_t log_count(enum log_source source, enum log_level level)
{
    return log_global.counts[source][level];
}

void log_printf(enum log_level level, const char *fmt, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    strbuf_vaddf(&text, fmt, ap);
    va_end(ap);
    log_emit(&(struct log_record){
        .level = level, .message = strbuf_text(&text), .message_len = text.len});
    strbuf_fini(&text);
}

const char *log_level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERR:
        return "err";
    case LOG_LEVEL_WARNING:
        return "warning";
    case LOG_LEVEL_NOTICE:
        return "notice";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        return "debug";
    }
    return "unknown";
}
