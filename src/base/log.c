/* The log sink. */
#include "base/log.h"

#include "base/strbuf.h"

#include <stdarg.h>

static struct {
    log_sink_fn *sink;
    void *arg;
    log_sink_fn *tap;
    void *tap_arg;
    enum log_level max_level;
} log_global = {.max_level = LOG_LEVEL_INFO};

void log_set_sink(log_sink_fn *sink, void *arg)
{
    log_global.sink = sink;
    log_global.arg = arg;
}

void log_set_tap(log_sink_fn *tap, void *arg)
{
    log_global.tap = tap;
    log_global.tap_arg = arg;
}

void log_set_max_level(enum log_level level)
{
    log_global.max_level = level;
}

static void tell_tap(const struct log_record *record)
{
    if (log_global.tap)
        log_global.tap(record, log_global.tap_arg);
}

static void tell_sink(const struct log_record *record)
{
    if (log_global.sink)
        log_global.sink(record, log_global.arg);
}

void log_forward(const struct log_record *record)
{
    tell_tap(record);
    tell_sink(record);
}

void log_emit(const struct log_record *record)
{
    tell_tap(record);
    if (record->level <= log_global.max_level)
        tell_sink(record);
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
