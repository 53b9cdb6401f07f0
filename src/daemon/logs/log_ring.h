/*
 * The latest log lines in memory, our own and the workers', for an operator without a journal. A
 * tap of the log sink; takes what the sink takes, and forgets the oldest when LIMIT_LOG_LINES or
 * LIMIT_LOG_BYTES are reached. Nothing of it outlives the process.
 */
#pragma once

#include "base/log.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "core/event.h"

#include <stdbool.h>
#include <stdint.h>

struct log_ring;

struct log_ring_query {
    bool follows;    /* the first lines after `after`; else the last ones */
    uint64_t after;  /* number of a line */
    usec_t since;    /* wall; 0: of any age */
    uint64_t worker; /* 0: any, and our own */
    bool of_event;   /* only `event` */
    enum event_id event;
    uint64_t limit; /* lines */
};

/* Becomes a tap. Returns owned; NULL when memory is out. */
struct log_ring *log_ring_new(void);

/* NULL is fine. */
void log_ring_free(struct log_ring *r);

/*
 * Appends the lines that match, separated by commas, each as log_format_json() writes it without
 * its newline. Returns the number after which the next question goes on.
 */
uint64_t log_ring_write(
    const struct log_ring *r, const struct log_ring_query *query, struct strbuf *out);

/* Number of the oldest line that is remembered; one more than the newest if there is none. */
uint64_t log_ring_oldest(const struct log_ring *r);
