/* What [LogWatch NAME] says: what to look for in the lines of workers, and what follows. */
#pragma once

#include "core/config/config_sections.h"
#include "core/incidents/condition.h"

/* What happens when a log watch has counted enough. Each is an incident from INCIDENT on. */
enum config_log_action {
    CONFIG_LOG_EVENT,
    CONFIG_LOG_INCIDENT,
    CONFIG_LOG_DOCTOR,
    CONFIG_LOG_RESTART,
};

struct config_log_watch {
    char *name;
    struct strlist patterns; /* none: it is off, which only a built-in one may be */
    struct config_rate threshold;
    enum config_log_action action;
    enum severity severity; /* of its incident */
    usec_t cooldown;
};

/* The incident that it raises. False: one of those that go by the watch's name. */
bool config_log_watch_condition(const struct config_log_watch *w, enum condition *out);
