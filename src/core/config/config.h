/*
 * The configuration: what a worker is, how it is watched, and what else the daemon does.
 *
 * Text in; structure and *all* diagnostics out. Pure: who reads the files is io/files/config_files.
 * One table (config_table.c) describes every key: section, name, type, default, range, reload rule
 * and one line of documentation. It drives parsing, --check-config, show-config, the reload diff
 * and docs/config.md.
 */
#pragma once

#include "base/err.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "core/config/config_doctor.h"
#include "core/config/config_heal.h"
#include "core/config/config_log.h"
#include "core/config/config_instructions.h"
#include "core/config/config_preflight.h"
#include "core/config/config_sections.h"
#include "core/drain.h"
#include "core/fleet/bake_signal.h"
#include "core/fleet/fleet.h"
#include "core/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config {
    struct config_agent agent;
    struct config_probe probes[LIMIT_PROBES + 1]; /* [0] is [Health] when it has a Url= */
    unsigned n_probes;
    struct prober_conf prober;
    struct restart_conf restart;
    struct rollout_conf rollout;
    struct bake_conf bake;
    struct config_rollback rollback;
    struct config_preflight preflight;
    struct config_instructions instructions;
    struct drain_conf drain;
    usec_t active_window;
    struct config_redis redis;
    struct config_keyspace keyspaces[LIMIT_KEYSPACES];
    unsigned n_keyspaces; /* the two of the agent if none is configured */
    struct config_sweep sweep;
    struct config_notify notifiers[LIMIT_NOTIFIERS];
    unsigned n_notifiers;
    struct config_log_watch log_watches[LIMIT_LOG_WATCHES];
    unsigned n_log_watches; /* the agent's built-in ones among them */
    struct config_credential credentials[LIMIT_CREDENTIALS];
    unsigned n_credentials;
    struct config_heal heal;
    struct config_incidents incidents;
    struct config_cost cost;
    struct config_doctor doctor;
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

/* Tells configurations apart that are written differently; never 0, but when memory is out. */
uint64_t config_sum(const struct config *c);

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
