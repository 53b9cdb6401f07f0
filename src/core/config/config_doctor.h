/* [Doctor]. */
#pragma once

#include "base/span.h"
#include "base/strlist.h"

struct config_doctor {
    struct strlist providers; /* addresses that the agent needs */
    char *public_url;         /* by which callers reach this agent; NULL: not known */
    char *ca_file;            /* NULL: the system's authorities */
    struct strlist ignore;    /* names of checks whose findings are known */
    usec_t timeout;           /* of all checks together */
    bool on_incident;      /* incidents come with what is found */
    usec_t sample_interval;   /* how often workers' memory is looked at */
};
