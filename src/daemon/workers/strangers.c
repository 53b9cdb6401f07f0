/* Workers that nobody knows. */
#include "daemon/workers/strangers.h"

#include "base/log.h"
#include "daemon/succession/memory.h"
#include "daemon/workers/slot.h"
#include "io/child/cgroup.h"
#include "io/child/cgroup_sweep.h"
#include "io/manager.h"

#include <stdlib.h>
#include <string.h>

/* In a shell's cgroup another voxkeeperd may have its workers beside ours. */
static bool is_ours_alone(struct cgroup *g)
{
    struct err e = {0};
    struct own_unit unit;
    size_t n = 0;
    free(cgroup_processes(g, CGROUP_SUPERVISOR, &n));
    return n == 1 && manager_own_unit(&unit, &e) == 0 && strcmp(unit.cgroup, cgroup_path(g)) == 0;
}

void strangers_end(struct cgroup *g, const struct memory *m)
{
    struct err e = {0};
    if (!g || memory_former(m) || keep_where(memory_keep(m)) != KEEP_MANAGER || !is_ours_alone(g))
        return;
    int n = cgroup_sweep_below(cgroup_path(g), SLOT_INSTANCE_PREFIX, &e);
    if (n > 0)
        log_printf(LOG_LEVEL_WARNING,
            "%d processes of workers of which nobody knows anything any more were killed", n);
    if (n < 0)
        log_printf(LOG_LEVEL_WARNING, "%s", e.msg);
}
