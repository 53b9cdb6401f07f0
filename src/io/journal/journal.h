/*
 * Where log records go: journald's native protocol when it is there, else one JSON object a line on
 * stderr: {"ts": "2026-01-02T03:04:05.678901Z", "level": "info", "message": .., then each field
 * with its name in lower case and without the VOXKEEPER_ prefix}.
 */
#pragma once

#include "io/loop/loop.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Installs the sink; again replaces it. The journal is used when stderr is connected to it
 * (JOURNAL_STREAM names our stderr) or when `force_journal`. Ignores SIGPIPE from here on: stderr
 * may be a pipe whose reader goes.
 *
 * Never blocks: what journald cannot take at once waits, up to LIMIT_JOURNAL_BACKLOG (worker lines
 * only half of it, so that events still find room), and what does not fit is counted.
 */
void journal_install(const char *identifier, bool force_journal);

/* What waits is sent by `l` as soon as journald can take it; before this, with the next record. */
void journal_attach(struct loop *l);

/* Before loop_free(): sends what waits, for at most a tenth of a second, and lets go of the loop.
 */
void journal_detach(void);

/* Removes the sink and frees everything. */
void journal_uninstall(void);

/* Whether records go to journald. */
bool journal_in_use(void);

/* Records that were lost since the start. */
uint64_t journal_dropped(void);
