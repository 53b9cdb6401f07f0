/*
 * What a pass does next: a step of the walk, a look at a window of what waits, a rest, or the end.
 *
 *   walk  SCAN ⇄ PTTL                                         ─→ keys wait
 *   look  values ⇄ judge ⇄ backup ⇄ compare-and-delete ⇄ mend ─→ they are done
 *
 * With rests in between there is one of them at a time. Without, they go on beside each other: a
 * walk need not stand still while a disk writes. A step or a look that failed is done again.
 */
#pragma once

#include <stdbool.h>

struct sweep_pass;

/* Starts what is due; the last thing a function does. */
void sweep_flow_run(struct sweep_pass *p);

/* The step under way is over, the window, or one of them failed: goes on. */
void sweep_flow_walked(struct sweep_pass *p);
void sweep_flow_looked(struct sweep_pass *p);
void sweep_flow_failed(struct sweep_pass *p, bool look);
