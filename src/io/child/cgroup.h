/* The delegated cgroup v2 subtree, when there is one: a cgroup for us and one for each worker. */
#pragma once

#include "base/err.h"
#include "io/child/cgroup_memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup;

/* The one that we are in, below our own. */
#define CGROUP_SUPERVISOR "supervisor"

/*
 * Finds our own cgroup, and if it may be written moves us into `supervisor/` below it (cgroup v2
 * wants processes in leaves only). Returns owned; NULL with *e telling why there is none (cgroup
 * v1, not delegated, not permitted): then workers go without, which is no fault.
 */
struct cgroup *cgroup_open_own(struct err *e);
void cgroup_free(struct cgroup *g);

/* Makes `name` below it and returns a descriptor of that directory (close it), or -errno. */
int cgroup_make(struct cgroup *g, const char *name, struct err *e);

/* Writes 1 to its cgroup.kill. Returns 0, -ENOENT (gone), or -errno. */
int cgroup_kill(struct cgroup *g, const char *name);

/* Whether any process is in it; false when it does not exist. */
bool cgroup_populated(struct cgroup *g, const char *name);

/* Those in it. Returns owned (free()); NULL with *out_n 0 when there is none. */
pid_t *cgroup_processes(struct cgroup *g, const char *name, size_t *out_n);

/* memory.events' oom_kill; 0 where that cannot be read. */
uint64_t cgroup_oom_kills(struct cgroup *g, const char *name);

/* What all of us, workers included, use and may use. Returns 0, or -errno: not told. */
int cgroup_memory(const struct cgroup *g, struct cgroup_memory *out);

/* Removes it when it is empty. Returns 0 or -errno. */
int cgroup_remove(struct cgroup *g, const char *name);

/* Its path below /sys/fs/cgroup, for people. */
const char *cgroup_path(const struct cgroup *g);
