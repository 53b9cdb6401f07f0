/*
 * Workers in our cgroup that nobody knows: their voxkeeperd ended, and then the service manager let
 * go of what it kept for the next one (it does when a unit has failed for good, by a start limit
 * that an operator has set). They hold the public port, and cannot be told anything.
 */
#pragma once

struct cgroup;
struct memory;

/* Ends them, unless a former instance's state tells of workers. `g` may be NULL. */
void strangers_end(struct cgroup *g, const struct memory *m);
