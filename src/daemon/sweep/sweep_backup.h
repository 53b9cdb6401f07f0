/*
 * What a pass is about to remove goes into a backup first: a batch is removed when it is on the
 * disk, and not at all when it does not get there.
 */
#pragma once

#include "daemon/sweep/sweep_pass.h"
#include "io/files/backup_store.h"

struct sweep_backup_conf {
    bool enabled;
    char *directory; /* owned; NULL: none is known */
    struct backup_keeping keep;
};
void sweep_backup_conf_init(struct sweep_backup_conf *conf, bool enabled, const char *directory,
    const struct backup_keeping *keep);
void sweep_backup_conf_fini(struct sweep_backup_conf *conf);

/*
 * Old files go. If the pass may remove something and is to be saved, it has a backup from now on,
 * whose file begins with the first key.
 */
void sweep_backup_begin(struct sweep_pass *p, struct loop *l, const struct sweep_backup_conf *conf,
    const struct sweep_request *request);

/* Saves what is condemned, and goes on with sweep_step_remove() or sweep_step_spare(). */
void sweep_backup_save(struct sweep_pass *p);

/* Notes what became of it; written with the next batch, or at the end. */
void sweep_backup_note(struct sweep_pass *p, const struct redis_removee *items, size_t n);

/* Writes what is noted: sweep_pass_finish() follows. False: there is nothing to write. */
bool sweep_backup_end(struct sweep_pass *p);

void sweep_backup_forget(struct sweep_pass *p);
