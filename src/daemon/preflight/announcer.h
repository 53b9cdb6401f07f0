/*
 * Tells the team of deployments, through the notifiers: that one begins, and how it ended, which is
 * told for certain: also when it is another instance that sees the end, or when nobody does.
 */
#pragma once

#include "core/incidents/notice.h"
#include "core/preflight/deployment.h"

#include <stdbool.h>

struct announcer;
struct daemon;

/* Reads what the instance before has not told the end of, and hears of operations that end. Returns
 * owned; NULL when memory is out.
 */
struct announcer *announcer_new(struct daemon *d);
void announcer_free(struct announcer *a); /* NULL is fine */

/* Operations that go on are known by now: the end of every other one is told. */
void announcer_go_on(struct announcer *a);

/* Tells that it begins. It ends with its operation. */
void announcer_begin(struct announcer *a, const struct deployment *deployment);
