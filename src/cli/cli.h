/* What every verb gets: how to reach the daemon and how to answer the operator. */
#pragma once

#include "base/span.h"
#include "voxkeeper/exit_codes.h"

#include <stdbool.h>
#include <stdint.h>

struct cli {
    const char *socket;
    bool json;        /* one JSON document on stdout and nothing else */
    bool color;       /* of what goes to stdout */
    unsigned columns; /* that a table should keep to; 0: as wide as it likes */
};

/* The options of the verb at hand; NULL and false where not given. */
struct cli_args {
    const char *reason;
    const char *keyspace;
    const char *older_than; /* a span, checked, as it was written */
    const char *confirm;    /* token of a sweep that is held */
    const char *operand;    /* what follows a verb that takes something; else NULL */
    const char *second;     /* what follows that */
    usec_t timeout;         /* USEC_INFINITY: wait for the verdict however long it takes */
    bool dry_run;
    const char *key; /* a glob */
    bool replace;
    bool no_backup;
    bool stuck;
    bool watch;       /* go on showing it */
    bool wait;        /* for a sweep that is under way */
    uint64_t limit;   /* 0: none */
    const char *sort; /* NULL: as the daemon sees fit */
    bool follow;
    const char *worker; /* a number, checked */
    const char *event;
    const char *since;  /* as it was written */
    uint64_t lines;     /* 0: as the verb sees fit */
    const char *output; /* a file to write; NULL: stdout */
    bool check;
    bool force;
    const char *author;
    const char *kind;
    const char *config;
    bool preflight;
    const char *release, *responsible, *eta; /* of a deployment */
    const char *override_reason;
    const char *junit; /* a file to write */
    bool as_configured;
};

/* A verb. Returns an enum vk_exit; has said why if that is not VK_EXIT_DONE. */
typedef int cli_verb(const struct cli *cli, const struct cli_args *args);

cli_verb cli_status, cli_workers, cli_show_config;
cli_verb cli_scale;
cli_verb cli_restart, cli_reload, cli_drain, cli_resume, cli_sweep;
cli_verb cli_backups, cli_restore;
cli_verb cli_keys, cli_logs, cli_rollout, cli_upgrade;
cli_verb cli_silence, cli_alert_test;
cli_verb cli_incidents, cli_acknowledge, cli_postmortem;
cli_verb cli_changelog, cli_doctor;
cli_verb cli_changelog, cli_preflight;
cli_verb cli_help;
