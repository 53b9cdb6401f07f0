/*
 * `voxkeeperd --stop-post`, the unit's ExecStopPost=: with KillMode=process the manager leaves the
 * workers alone when voxkeeperd ends, so that the next instance can adopt them. After a deliberate
 * stop (a `stop` job of the unit, however that ended) none may stay: whatever is left in the unit's
 * cgroup is killed. After anything else they are left to the next instance.
 */
#pragma once

/* Returns an exit code. Without a service manager there is nothing to do, and it says so. */
int stop_post(void);
