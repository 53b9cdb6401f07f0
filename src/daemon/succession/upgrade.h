/*
 * `voxkeeper upgrade`: the program file that this process was started from, which may be a newer
 * one by now, takes the process over by exec: same pid, same children, nobody waits.
 *
 * Before that the new program is asked, in a process of its own, whether it can read our state
 * (--check-state); if not, nothing changes and the operation says why.
 */
#pragma once

#include "daemon/verbs/verbs.h"

struct operation *verb_upgrade(struct daemon *d, const struct verb_asker *asker, struct err *e);

/*
 * After daemon_loop() said DAEMON_REPLACED. Returns only if the exec failed: then the operation has
 * that verdict and the loop can go on.
 */
void upgrade_exec(struct daemon *d, char *const argv[]);

/* What `--check-state FILE` does. Returns an exit code; why is on stderr. */
int upgrade_check_state(const char *path);

/* Ends a check that is under way. NULL is fine. */
struct upgrade;
void upgrade_free(struct upgrade *u);
