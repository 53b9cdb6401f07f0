/* The options: one table that reads the command line and writes the help. */
#pragma once

#include "cli/cli.h"
#include "cli/verbs.h"

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS(X)                                                                                 \
    X(SOCKET, "socket", "PATH", "the daemon's control socket")                                     \
    X(JSON, "json", NULL, "print one JSON document instead of text")                               \
    X(NO_COLOR, "no-color", NULL, "no colours; NO_COLOR=1 in the environment does the same")       \
    X(HELP, "help", NULL, "print this help")                                                       \
    X(VERSION, "version", NULL, "print the version")                                               \
    X(REASON, "reason", "TEXT", "why: it goes into the journal with the event")                    \
    X(TIMEOUT, "timeout", "SPAN", "wait no longer than this (30s, 5min) for the verdict")          \
    X(WAIT, "wait", "[applied]", "wait for another sweep to end; verdicts in any case")            \
    X(DRY_RUN, "dry-run", NULL, "say what would be done, and touch nothing")                       \
    X(KEYSPACE, "keyspace", "NAME", "only this [Keyspace NAME] of the configuration")              \
    X(OLDER_THAN, "older-than", "SPAN", "only what has been dead for longer (2h, 3d)")             \
    X(KEY, "key", "GLOB", "only keys whose names match: * ? [a-c] as in Redis")                    \
    X(REPLACE, "replace", NULL, "overwrite what is there, even if it is newer")                    \
    X(CONFIRM, "confirm", "TOKEN", "let the sweep go on that MaxDelete= held; once")               \
    X(LIMIT, "limit", "N", "no more keys than that")                                               \
    X(NO_BACKUP, "no-backup", NULL, "remove without writing a backup first")                       \
    X(WATCH, "watch", NULL, "go on showing it until Ctrl-C, on a terminal in place")               \
    X(STUCK, "stuck", NULL, "only what is not fine")                                               \
    X(SORT, "sort", "age|ttl", "what was alive longest ago first, or what stays longest")          \
    X(FOLLOW, "follow", NULL, "go on with what comes from now on, until Ctrl-C; also -f")          \
    X(WORKER, "worker", "N", "only what that worker says, and what is said of it")                 \
    X(EVENT, "event", "NAME", "only that event, such as worker-crashed")                           \
    X(SINCE, "since", "WHEN", "only what is younger: 10min, 03:10, \"2026-01-02 03:10\"")          \
    X(LINES, "lines", "N", "only the last N lines")                                                \
    X(OUTPUT, "output", "FILE", "write it there, where nothing may be yet; also -o FILE")          \
    X(CHECK, "check", NULL, "say what is missing in a post-mortem that somebody wrote")            \
    X(FORCE, "force", NULL, "overwrite the file")                                                  \
    X(AUTHOR, "author", "NAME", "only what that user did")                                         \
    X(KIND, "kind", "KIND", "only changes of that kind: reload, restart, sweep, note, ..")         \
    X(CONFIG, "config", "FILE", "the configuration to go by while voxkeeperd does not run")        \
    X(RELEASE, "release", "NAME", "the version that is deployed, as the team is told")             \
    X(RESPONSIBLE, "responsible", "WHO", "who is responsible for it")                              \
    X(ETA, "eta", "TIME", "when it will be done: 20min, 18:30, 2026-01-02 18:30")                  \
    X(PREFLIGHT, "preflight", NULL, "run the checklist first, and go on only if it passes")        \
    X(OVERRIDE, "override", "REASON", "go on without a checklist that passed; it is recorded")     \
    X(JUNIT, "junit", "FILE", "write what came of it there as JUnit's XML")                        \
    X(DEFAULT, "default", NULL, "as many as Workers= in the configuration says")

#define X(symbol, name, argument, doc) OPTION_##symbol,
enum cli_option { OPTIONS(X) OPTION_COUNT };
#undef X

#define OPTION_BIT_OF(option) (UINT64_C(1) << (option))
#define OPTION_BIT(symbol) OPTION_BIT_OF(OPTION_##symbol)

#define OPTIONS_EVERYWHERE                                                                         \
    (OPTION_BIT(SOCKET) | OPTION_BIT(JSON) | OPTION_BIT(NO_COLOR) | OPTION_BIT(HELP))
#define OPTIONS_GLOBAL (OPTIONS_EVERYWHERE | OPTION_BIT(VERSION))

const char *option_name(enum cli_option o);
const char *option_argument(enum cli_option o); /* NULL: takes none */
const char *option_doc(enum cli_option o);

struct command {
    struct cli cli;
    struct cli_args args;
    const struct verb *verb; /* NULL: no verb was given */
    bool help;
    bool version;
};

/* Reads a command line. Returns 0, or VK_EXIT_USAGE and has said what is wrong with it. */
int command_parse(struct command *c, int argc, char **argv);
