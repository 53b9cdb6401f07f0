/* Lines of text to a descriptor that may be a file, a terminal, a pipe or a socket, and full. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct log_stderr;

/* Borrows `fd`. Returns owned, NULL if memory is out. */
struct log_stderr *log_stderr_new(int fd);

/*
 * Writes one line with one write(2) where the reader keeps up. Waits for a slow reader at most ten
 * milliseconds in any second; then the line is lost and counted. A line that was begun is finished
 * before the next one, so lines are never torn.
 */
void log_stderr_write(struct log_stderr *s, const char *line, size_t len);

uint64_t log_stderr_dropped(const struct log_stderr *s);
void log_stderr_free(struct log_stderr *s);
