/*
 * Where log records go: journald's native protocol when it is there, else one JSON object a line on
 * stderr: {"ts": "2026-01-02T03:04:05.678901Z", "level": "info", "message": .., then each field
 * with its name in lower case and without the VOXKEEPER_ prefix}.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Installs the sink. The journal is used when stderr is connected to it (JOURNAL_STREAM names our
 * stderr) or when `force_journal`; never blocks: what journald cannot take now is counted.
 */
void journal_install(const char *identifier, bool force_journal);

/* Whether records go to journald. */
bool journal_in_use(void);

/* Records that were lost since the start. */
uint64_t journal_dropped(void);
