/*
 * The configuration: what a worker is, how it is watched, and what else the daemon does.
 *
 * Text in; structure and *all* diagnostics out. Pure: who reads the files is io/config_files.
 * One table (config_table.c) describes every key: section, name, type, default, range, reload rule
 * and one line of documentation. It drives parsing, --check-config, show-config, the reload diff
 * and docs/config.md.
 */
#pragma once

#include "base/err.h"
#include "base/log.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "base/strlist.h"
#include "core/drain.h"
#include "core/endpoint.h"
#include "core/fleet.h"
#include "core/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_handover { HANDOVER_NONE, HANDOVER_LISTEN_FDS, HANDOVER_PRELOAD };
enum config_probe_type { CONFIG_PROBE_HTTP, CONFIG_PROBE_TCP, CONFIG_PROBE_EXEC };
enum config_probe_kind { CONFIG_KIND_READINESS, CONFIG_KIND_STARTUP, CONFIG_KIND_LIVENESS };
enum config_keyspace_kind { CONFIG_KEYSPACE_SESSION, CONFIG_KEYSPACE_TASK, CONFIG_KEYSPACE_OTHER };

struct config_agent {
    char *name;                /* default elevenlabs-agent */
    struct strlist exec_start; /* argv; exec_start.items[0] is an absolute path or found in PATH */
    char *working_directory;
    struct strlist environment;       /* NAME=value, later ones win */
    struct strlist environment_files; /* a leading '-' makes a missing one no error */
    char *user, *group;
    uint64_t limit_nofile; /* 0: unchanged */
    int kill_signal;
    usec_t timeout_start, timeout_stop, timeout_abort;
    struct endpoint listen[LIMIT_LISTEN];
    unsigned n_listen;
    enum config_handover handover;
    unsigned workers, standby; /* standby: verified spares beside them; needs a handover */
    char *release; /* file, or command behind '|', that names the running release; or NULL */
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
    struct strlist dependency_json;
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
    bool report_only;          /* Action=report */
};

struct config_sweep {
    usec_t interval;        /* USEC_INFINITY: only when asked */
    struct strlist protect; /* globs; CONFIG_PROTECTED of config_table.h is always one of them */
};

struct config_admin {
    struct endpoint listen[LIMIT_LISTEN]; /* TCP, reading only */
    unsigned n_listen;
    char *control_socket;
    char *control_group; /* members may change things, beside root and our own user */
    char *state_directory;
};

struct config {
    struct config_agent agent;
    struct config_probe probes[LIMIT_PROBES + 1]; /* [0] is [Health] when it has a Url= */
    unsigned n_probes;
    struct prober_conf prober;
    struct restart_conf restart;
    struct rollout_conf rollout;
    struct drain_conf drain;
    usec_t active_window;
    struct config_redis redis;
    struct config_keyspace keyspaces[LIMIT_KEYSPACES];
    unsigned n_keyspaces; /* the two of the agent if none is configured */
    struct config_sweep sweep;
    struct config_admin admin;
    enum log_level log_level; /* [Daemon] LogLevel= */
};

/* One file's text, in the order in which they apply (vendor, main, drop-ins). */
struct config_source {
    const char *path;
    const char *text;
    size_t len;
};

struct config_diagnostic {
    char *path; /* "" when it concerns the whole */
    unsigned line;
    char *message; /* `unknown key "Lisen" in [Agent], did you mean "Listen"?` */
};

struct config_diagnostics {
    struct config_diagnostic *items;
    size_t n;
    bool out_of_memory;
};

/*
 * Builds a configuration from the sources. Returns 0, or -EINVAL with at least one diagnostic (all
 * that were found, up to LIMIT_CONFIG_MISTAKES, in reading order; cross-field checks come last), or
 * -ENOMEM. *out is written only on 0 and is then owned by the caller.
 */
int config_parse(const struct config_source *sources, size_t n_sources, struct config **out,
    struct config_diagnostics *out_diagnostics);

void config_free(struct config *c);
void config_diagnostics_fini(struct config_diagnostics *d);

/* Appends `path:line: message\n` for each. */
void config_diagnostics_write(const struct config_diagnostics *d, struct strbuf *out);

/*
 * Secrets are passwords in URLs, and environment variables whose names sound like secrets
 * (API_KEY, WEBHOOK_SECRET, ..): `***` where they are masked.
 */
enum config_secrets { CONFIG_SECRETS_MASK, CONFIG_SECRETS_REVEAL };

/*
 * Appends the effective configuration, every default included, as a file. With secrets revealed,
 * config_parse() reads it back to the same.
 */
void config_write(const struct config *c, enum config_secrets secrets, struct strbuf *out);

/*
 * The same, masked, as JSON: {"Agent": {"Name": "..", "ExecStart": ["..", ".."]},
 * "Keyspace sessions": {..}}. Values are texts, lists and commands are arrays of texts.
 */
void config_write_json(const struct config *c, struct strbuf *out);

/* Appends the reference of every key as a Markdown table, from the table. */
void config_write_reference(struct strbuf *out);

/* What a change of a key asks for. */
enum config_change {
    CONFIG_CHANGE_NONE,
    CONFIG_CHANGE_LIVE,    /* takes effect at once */
    CONFIG_CHANGE_WORKERS, /* the workers must be restarted to see it */
    CONFIG_CHANGE_DAEMON,  /* needs a restart of voxkeeperd: a reload with it is refused */
};

/*
 * Compares two configurations. Returns the strongest change and appends one line for each changed
 * key to *out (`[Agent] Workers: 1 -> 2`), secrets masked.
 */
enum config_change config_diff(
    const struct config *before, const struct config *after, struct strbuf *out);
