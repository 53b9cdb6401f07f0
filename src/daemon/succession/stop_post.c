/* What a deliberate stop left behind. */
#include "daemon/succession/stop_post.h"

#include "base/err.h"
#include "io/child/cgroup_sweep.h"
#include "io/manager.h"
#include "voxkeeper/exit_codes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Nothing but the job tells a stop from a restart: both may have ended in a timeout, or in a crash.
 * When it cannot be known nobody is cut.
 */
static bool is_deliberate(const char *unit)
{
    struct err e = {0};
    char *job = NULL;
    if (manager_job_type(unit, &job, &e) < 0) {
        fprintf(stderr, "<4>voxkeeperd: %s; workers that are left are left alone\n", e.msg);
        return false;
    }
    bool deliberate = strcmp(job, "stop") == 0;
    free(job);
    return deliberate;
}

int stop_post(void)
{
    struct err e = {0};
    struct own_unit unit;
    int r = manager_own_unit(&unit, &e);
    if (r == 0 && is_deliberate(unit.name))
        r = cgroup_sweep(unit.cgroup, &e);
    if (r < 0)
        fprintf(stderr, "<3>voxkeeperd: %s\n", e.msg);
    else if (r > 0)
        fprintf(stderr, "<4>voxkeeperd: %d processes that outlived the stop were killed\n", r);
    return r < 0 ? VKD_EXIT_INTERNAL : VKD_EXIT_DONE;
}
