/* The log sink: the one mutable global. Whoever runs the process installs where records go. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* syslog's numbers, which journald uses too. */
enum log_level {
    LOG_LEVEL_ERR = 3,     /* someone must act */
    LOG_LEVEL_WARNING = 4, /* we coped */
    LOG_LEVEL_NOTICE = 5,  /* a state change that an operator asked for */
    LOG_LEVEL_INFO = 6,    /* a state change */
    LOG_LEVEL_DEBUG = 7,
};

struct log_field {
    const char *name;  /* journal field name: A-Z, 0-9, _ */
    const void *value; /* bytes, may hold anything */
    size_t len;
};

struct log_record {
    enum log_level level;
    const char *message;
    size_t message_len;
    const struct log_field *fields;
    size_t n_fields;
};

typedef void log_sink_fn(const struct log_record *record, void *arg);

/* NULL drops every record (the state before the first call). `arg` is borrowed until replaced. */
void log_set_sink(log_sink_fn *sink, void *arg);

/* Borrowed memory of whoever sees records beside the sink. */
struct log_tap {
    log_sink_fn *see;
    void *arg;
    struct log_tap *next; /* the sink's own */
};

/*
 * `tap` sees every record, whatever its level, before the sink does. It is called in the middle of
 * what makes the record, so it only takes note, logs nothing, and neither adds nor removes a tap.
 */
void log_add_tap(struct log_tap *tap);

/* One that was never added is fine. */
void log_remove_tap(struct log_tap *tap);

/* Records less urgent than `level` are dropped; the default is LOG_LEVEL_INFO. */
void log_set_max_level(enum log_level level);
enum log_level log_max_level(void);

void log_emit(const struct log_record *record);

/* As log_emit, for what others wrote (a worker's line): the maximum level does not apply. */
void log_forward(const struct log_record *record);

/* Records that went to the sink: our own, and what others wrote. */
enum log_source { LOG_OWN, LOG_FORWARDED };
uint64_t log_count(enum log_source source, enum log_level level);

/* A record without fields. */
void log_printf(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "err", "warning", "notice", "info", "debug". */
const char *log_level_name(enum log_level level);
