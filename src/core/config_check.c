/* Checks across fields. */
#include "core/config_build.h"

void config_check(struct config_build *b)
{
    const struct config *c = b->config;
    if (c->agent.exec_start.n == 0)
        config_report_at(b, NULL, "no ExecStart= in [Agent]: there is nothing to run");
}
