/* Turns a child_spec into a child_plan: everything that can be looked up before the clone. */
#pragma once

#include "base/err.h"
#include "io/child/child.h"
#include "io/child/child_exec.h"

/* The variable by which a stray is recognised. */
#define CHILD_MARK "VOXKEEPER_INSTANCE="

/* Nothing planned; child_plan_fini() leaves this. */
#define CHILD_PLAN_NONE ((struct child_plan){.report_fd = -1, .cgroup_fd = -1, .null_fd = -1})

/*
 * argv and the texts of envp stay borrowed from the spec; the rest is copied, since the failure
 * message is made after the spec is gone. Returns 0 or -errno with *e set.
 */
int child_plan_init(struct child_plan *p, const struct child_spec *spec, struct err *e);
void child_plan_fini(struct child_plan *p);

/* Says in *e which step failed and on what. */
void child_plan_explain(
    const struct child_plan *p, const struct child_report *report, struct err *e);
