/* What each section of the configuration holds, as far as no machine has a structure for it. */
#pragma once

#include "base/span.h"
#include "base/strlist.h"
#include "core/config/config_credential.h"
#include "core/endpoint.h"
#include "core/limits.h"
#include "core/sweep/sweep_fuse.h"

#include <stdbool.h>
#include <stdint.h>

enum config_handover { HANDOVER_NONE, HANDOVER_LISTEN_FDS, HANDOVER_PRELOAD };
enum config_probe_type { CONFIG_PROBE_HTTP, CONFIG_PROBE_TCP, CONFIG_PROBE_EXEC };
enum config_probe_kind { CONFIG_KIND_READINESS, CONFIG_KIND_STARTUP, CONFIG_KIND_LIVENESS };
enum config_notify_type {
    CONFIG_NOTIFY_ALERTMANAGER,
    CONFIG_NOTIFY_PAGERDUTY,
    CONFIG_NOTIFY_SLACK,
    CONFIG_NOTIFY_WEBHOOK,
    CONFIG_NOTIFY_EXEC,
};
enum config_keyspace_kind { CONFIG_KEYSPACE_SESSION, CONFIG_KEYSPACE_TASK, CONFIG_KEYSPACE_OTHER };

struct config_agent {
    char *name;                /* default elevenlabs-agent */
    struct strlist exec_start; /* argv; exec_start.items[0] is an absolute path or found in PATH */
    char *working_directory;
    struct strlist environment;       /* NAME=value, later ones win */
    struct strlist environment_files; /* a leading '-' makes a missing one no error */
    char *user, *group;
    uint64_t limit_nofile, memory_high; /* 0: unchanged; bytes of its process, 0: no limit */
    int kill_signal;
    usec_t timeout_start, timeout_stop, timeout_abort;
    usec_t watchdog; /* 0: off */
    struct endpoint listen[LIMIT_LISTEN];
    unsigned n_listen;
    enum config_handover handover;
    bool listen_private;       /* HANDOVER_LISTEN_FDS: a listener of its own as well */
    unsigned workers, standby; /* standby: verified spares beside them; needs a handover */
    char *release;             /* file that names the running release; or NULL */
};

/* One probe: [Health], or a [Probe NAME]. */
struct config_probe {
    char *name; /* "health" for [Health] */
    enum config_probe_type type;
    enum config_probe_kind kind;
    char *url;               /* http: absolute, or a path on the worker's own address */
    struct endpoint address; /* tcp; port 0: the worker's own address */
    struct strlist command;  /* exec */
    char *expect_status;     /* "200" or "200-299" */
    struct strlist expect_json;
    struct strlist dependency_json, provider_json;
    usec_t timeout;
};

struct config_rollback {
    struct strlist exec; /* argv; empty: nothing is run */
    usec_t timeout;
};

struct config_redis {
    /* NULL: no Redis; redis://[user[:password]@]host[:port][/db] or unix:///path[?db=n] */
    char *url;
    char *username;
    char *password_credential; /* file whose first line is the password */
    usec_t connect_timeout;
    usec_t command_timeout;
};

struct config_keyspace {
    char *name;
    char *pattern; /* a prefix followed by `*`; other globs are refused */
    enum config_keyspace_kind kind;
    usec_t expect_ttl;         /* USEC_INFINITY: no TTL is expected */
    usec_t max_age;            /* USEC_INFINITY only with report_only */
    struct strlist age_fields; /* JSON members that tell when the key was last alive, best first */
    uint64_t max_value;        /* bytes of a value that are read */
    bool repair;               /* keys that are not stuck get the TTL that they should have */
    bool report_only;          /* Action=report */
};

struct config_sweep {
    usec_t interval;        /* USEC_INFINITY: only when asked */
    struct strlist protect; /* globs; CONFIG_PROTECTED of config_table.h is always one of them */
    bool backup;
    usec_t backup_retention; /* USEC_INFINITY: for ever */
    uint64_t backup_max_size;
    struct sweep_cap max_delete;
    usec_t max_latency; /* that a sweep may add for one in a hundred requests of others */
    bool lease;         /* one voxkeeperd sweeps one Redis at a time */
};

/* At most `n` in any `per`; n 0: as many as there are. */
struct config_rate {
    unsigned n;
    usec_t per;
};

struct config_notify {
    char *name;
    enum config_notify_type type;
    char *url;            /* of no secret; NULL: `url_credential`, or there is a command */
    char *url_credential; /* file whose first line is the address */
    char *key_credential; /* file whose first line is the routing key or the bearer token */
    char *ca_file;        /* NULL: the system's authorities */
    struct strlist command;
    unsigned severities; /* bits 1 << enum severity */
    unsigned kinds;      /* bits 1 << enum notice_kind */
    usec_t timeout;
    struct config_rate rate_limit;
    usec_t repeat; /* Alertmanager forgets what is not told again */
};

struct config_incidents {
    usec_t retention; /* USEC_INFINITY: for ever */
    uint64_t keep;    /* resolved ones */
    uint64_t min_disk_free;
    double patience; /* by which the times of conditions are multiplied */
};

struct config_cost {
    double session_value; /* 0: not known */
    char *currency;
};

struct config_admin {
    struct endpoint listen[LIMIT_LISTEN]; /* TCP, reading only */
    unsigned n_listen;
    char *control_socket;
    char *token_credential; /* file whose first line lets TCP change things; NULL: it only reads */
    struct strlist allowed_hosts; /* names in Host: beside addresses and localhost */
    char *control_group;          /* members may change things, beside root and our own user */
    char *state_directory;
    char *runbook_url; /* of docs/runbook.md, without an anchor */
};
