/* Log records as bytes: journald's native protocol, and one JSON object a line. */
#pragma once

#include "base/log.h"
#include "base/span.h"

struct strbuf;

/*
 * Appends the record as one datagram of https://systemd.io/JOURNAL_NATIVE_PROTOCOL/. `identifier`
 * is the SYSLOG_IDENTIFIER of records that bring none.
 */
void log_format_native(struct strbuf *out, const struct log_record *record, const char *identifier);

/*
 * Appends {"ts": .., "level": .., "message": .., each field} and a newline; field names in lower
 * case without VOXKEEPER_. Of two fields with one name the first stays, ts, level and message are
 * never replaced. Bytes that are not UTF-8 become U+FFFD. `wall` is since the Unix epoch.
 */
void log_format_json(struct strbuf *out, const struct log_record *record, usec_t wall);
