/* Small files: reading one whole, appending a record. Synchronous. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads a regular file of at most `max` bytes. *out_text is owned and NUL-terminated. Returns 0,
 * -ENOENT, -EFBIG, -EISDIR or another -errno; *e names the file.
 */
int files_read(const char *path, size_t max, char **out_text, size_t *out_len, struct err *e);

/* As files_read(), of a file of any size: its last lines, in at most `max` bytes. */
int files_read_end(const char *path, size_t max, char **out_text, size_t *out_len, struct err *e);

/* Writes all of them, in as many writes as it takes. Returns 0 or -errno: some may be written. */
int files_write_all(int fd, const char *bytes, size_t len);

/* Appends bytes in one write and makes them durable; creates the file with mode 0600. */
int files_append(const char *path, const void *bytes, size_t len, struct err *e);

/* Which file stands at a path, and how it was changed last; behind symbolic links. All zero: none.
 */
struct file_stamp {
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    uint64_t modified_nsec;
    uint64_t changed_nsec;
};
struct file_stamp files_stamp(const char *path);
bool files_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

/* Whether a file can be executed by who we are: an absolute path, or a name found in $PATH.
 * Returns 0, or -ENOENT, -EACCES.. */
int files_executable(const char *program);

/* Whether there is something at `path`: a file with bytes in it, or a directory with entries.
 * Returns 0, -ENODATA when it is empty, or another negative errno. */
int files_present(const char *path);

/* Makes the directory (mode 0750) if it is not there; its parent must exist. */
int files_make_directory(const char *path, struct err *e);
