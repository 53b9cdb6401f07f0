/* The name of the running release: what the file of `[Agent] Release=` says. */
#pragma once

enum { RELEASE_MAX = 64 };

/*
 * Reads the first line of the file, cut to RELEASE_MAX - 1 bytes, controls escaped. "" when `path`
 * is NULL or the file cannot be read now: a release in the making must not keep a worker from
 * starting.
 */
void release_read(const char *path, char out[RELEASE_MAX]);
