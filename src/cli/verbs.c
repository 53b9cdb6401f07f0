/* The verbs. */
#include "cli/verbs.h"

#include "base/names.h"
#include "base/text.h"
#include "cli/options.h"

enum { NEAR = 3 };

#define CHANGING (OPTION_BIT(REASON) | OPTION_BIT(TIMEOUT))
#define TEAM (OPTION_BIT(RELEASE) | OPTION_BIT(RESPONSIBLE) | OPTION_BIT(ETA))

const struct verb VERBS[] = {
    {"status", NULL, "tell whether the agent answers, and what to do if not",
        "Prints a page: is it answering, its workers, callers, Redis, the last sweep.\n"
        "Ends with 0 whenever voxkeeperd answered, whatever the page says.\n"
        "--watch shows it until Ctrl-C or q, also when nobody answers for a while: on a\n"
        "terminal in place, with what happened last; elsewhere a page, and with --json a\n"
        "line, each time that something has changed.\n",
        OPTION_BIT(WATCH), cli_status},
    {"workers", NULL, "list the worker processes",
        "One row a worker, and below it what is wrong with those that are not well.\n", 0,
        cli_workers},
    {"restart", NULL, "replace every worker by a verified new one",
        "One worker after the other: the new one must pass its probes before the next\n"
        "one goes. Ends with 0 when all were replaced and verified, 1 when that failed,\n"
        "4 when the workers from before took over again; see voxkeeper rollout.\n"
        "With --preflight, or [Rollout] RequirePreflight=yes, the checklist must pass\n"
        "before. --override goes on if it fails, and alone does not run it; the change\n"
        "log has it. The team is told what --release, --responsible and --eta say.\n",
        CHANGING | OPTION_BIT(PREFLIGHT) | OPTION_BIT(OVERRIDE) | TEAM, cli_restart},
    {"reload", NULL, "read the configuration again",
        "All of it is applied, or none. Ends with 0 when it is applied; otherwise with\n"
        "1, every mistake printed with file and line, and the old one still in force.\n",
        CHANGING | OPTION_BIT(WAIT) | OPTION_BIT(PREFLIGHT) | OPTION_BIT(OVERRIDE) | TEAM,
        cli_reload},
    {"rollout", "[ACTION]", "show the rollout, or steer it",
        "Without ACTION it prints what the rollout does, from which release to which, who\n"
        "waits for it, and why it is held or went back. It ends with 0 whatever that is.\n"
        "ACTION is one of\n"
        "  cancel   go back to the workers from before, also after the verdict while one\n"
        "           of them is kept warm\n"
        "  promote  go on without waiting: end Bake= or KeepWarm=, or go on from a hold\n"
        "  abort    go back from a hold ([Rollout] OnFailure=hold)\n"
        "and ends as the rollout does: 0 when it did what was asked for, 1 when it was\n"
        "refused or failed, 4 when a promoted rollout went back.\n",
        CHANGING, cli_rollout},
    {"scale", "[N]", "change how many workers there shall be, while they run",
        "More workers are started, and serve once they are verified; if one does not come up,\n"
        "there are as many again as before. Of fewer, the surplus takes no new callers and\n"
        "goes when its last one has left, or after Timeout= of [Drain]: who is not well, then\n"
        "who has the fewest callers. N counts until\n"
        "Workers= changes, voxkeeper is stopped, or --default says so; put it into the\n"
        "configuration to keep it. Ends with 0 when it is so, 1 when it is refused, 4 when it\n"
        "was rolled back, 5 when callers were cut.\n",
        CHANGING | OPTION_BIT(DEFAULT), cli_scale},
    {"doctor", NULL, "say what is wrong, why, and what to type",
        "Looks at the agent, its webhooks and callbacks, sessions, Redis, the network and this\n"
        "machine, all at once, for at most [Doctor] Timeout= (8s). It changes nothing. Each\n"
        "finding has what was seen, the probable cause, a command, and the runbook's section.\n"
        "Ends with 0 when nothing is wrong or there are only warnings, and with 1 when there\n"
        "is an error. While voxkeeperd does not run it looks at what can be looked at without,\n"
        "and ends with 3 if that is all that is wrong; one that does not answer is an error.\n",
        OPTION_BIT(TIMEOUT) | OPTION_BIT(CONFIG), cli_doctor},
    {"drain", NULL, "take no new callers, wait until those there are have gone",
        "At once /readyz answers 503. The workers are stopped when nobody is left, or\n"
        "when [Drain] Timeout= has passed; voxkeeperd itself stays. `resume` undoes it.\n",
        CHANGING, cli_drain},
    {"resume", NULL, "take callers again after a drain",
        "Ends with 0 when the workers serve again.\n", CHANGING, cli_resume},
    {"sweep", NULL, "remove dead sessions and tasks from Redis",
        "Examines every key of the configured keyspaces and removes what is stale. What\n"
        "is alive, changed meanwhile or protected stays. With --dry-run it prints what\n"
        "it would remove. Ctrl-C ends the sweep itself: nothing is left half done.\n"
        "With --json every line is a document of its own: {\"progress\"}, {\"finding\"}\n"
        "(of each kind the first hundred), and last {\"operation\"}.\n",
        CHANGING | OPTION_BIT(DRY_RUN) | OPTION_BIT(KEYSPACE) | OPTION_BIT(OLDER_THAN) |
            OPTION_BIT(CONFIRM) | OPTION_BIT(LIMIT) | OPTION_BIT(NO_BACKUP) | OPTION_BIT(WAIT),
        cli_sweep},
    {"keys", NULL, "list sessions and tasks in Redis",
        "The oldest hundred, or --limit=N of them: age, TTL, state, whose conversation.\n"
        "Writes nothing, and reads the values only of what is listed.\n",
        OPTION_BIT(TIMEOUT) | OPTION_BIT(STUCK) | OPTION_BIT(KEYSPACE) | OPTION_BIT(SORT) |
            OPTION_BIT(LIMIT),
        cli_keys},
    {"logs", NULL, "show what voxkeeper and its workers wrote",
        "Out of the journal; where voxkeeperd writes none, or we may not read it, out of\n"
        "voxkeeperd's memory, which holds the latest lines since its start. The last\n"
        "hundred lines, or with --since all since then. With -f it goes on, also when\n"
        "voxkeeperd is restarted. With --json every line is a document of its own.\n",
        OPTION_BIT(FOLLOW) | OPTION_BIT(WORKER) | OPTION_BIT(EVENT) | OPTION_BIT(SINCE) |
            OPTION_BIT(LINES),
        cli_logs},
    {"upgrade", NULL, "let the installed voxkeeperd take over",
        "The new program is asked first whether it can go on with the running one's state;\n"
        "if so it takes the process over, and neither workers nor callers notice. Ends\n"
        "with 1 when it refuses, and then nothing has changed.\n",
        CHANGING, cli_upgrade},
    {"backups", "[FILE]", "list what sweeps have saved, or what is in one backup",
        "Without FILE it lists the files, the newest first. With one it lists the keys that\n"
        "the sweep saved in it, why they had to go, and what became of each.\n",
        OPTION_BIT(TIMEOUT) | OPTION_BIT(KEY), cli_backups},
    {"restore", "FILE", "put keys back that a sweep removed",
        "Each key comes back with its value and what is left of its lifetime. One that\n"
        "exists is left alone, unless --replace is given; one whose time is over stays\n"
        "away. The next sweep judges them again: put them under Protect= to keep them.\n"
        "With --dry-run nothing is written, and STATE says of a key \"would restore\".\n"
        "Ends with 0 when every key is back or need not be, else with 1.\n",
        CHANGING | OPTION_BIT(DRY_RUN) | OPTION_BIT(KEY) | OPTION_BIT(REPLACE), cli_restore},
    {"incidents", "[ID]", "list what is wrong and what was, or tell of one",
        "Without ID it lists the incidents: those that are open, then the latest. With one it\n"
        "tells what happened when, whom it hurt, and what to do.\n",
        OPTION_BIT(LIMIT), cli_incidents},
    {"acknowledge", "ID", "say that you have an incident in hand",
        "Others see it, and who is told of the incident is told that too. It is resolved by\n"
        "itself when its cause is gone, acknowledged or not.\n",
        OPTION_BIT(REASON), cli_acknowledge},
    {"silence", "[SPAN|end]", "tell nobody of what is new, while you work on the machine",
        "For SPAN (30m, 2h; at most 7d) alerts are withheld, and the events say so. What\n"
        "was told before is still told to be over. When the silence ends, what is still\n"
        "open is told. Without SPAN it prints the silence there is; `end` ends it.\n",
        CHANGING, cli_silence},
    {"alert-test", "[NOTIFIER]", "send a test alert, and print the answer",
        "The same way as real ones, to one [Notify NAME] or to all of them. Ends with 0\n"
        "when every one of them took it, else with 1.\n",
        CHANGING, cli_alert_test},
    {"postmortem", "ID|FILE", "write the post-mortem of an incident, or check one",
        "Prints it as Markdown, with what voxkeeper knows filled in: when, how long, what\n"
        "happened, whom it hurt, what was changed before. Root cause and action items are\n"
        "for people. The file that -o writes is its writer's alone: callers may be quoted.\n"
        "With --check it reads the FILE, without voxkeeperd, and ends with 1 if\n"
        "the root cause is missing or vague, or an action item lacks an owner or a date.\n",
        OPTION_BIT(OUTPUT) | OPTION_BIT(CHECK) | OPTION_BIT(FORCE), cli_postmortem},
    {"changelog", "[add TEXT]", "show who changed what, when and why",
        "The latest fifty changes, or --lines of them, or all since --since: reloads,\n"
        "restarts, rollouts, sweeps that removed something, upgrades, other releases, and\n"
        "what was added by `voxkeeper changelog add TEXT --reason=WHY`.\n",
        CHANGING | OPTION_BIT(SINCE) | OPTION_BIT(LINES) | OPTION_BIT(AUTHOR) | OPTION_BIT(KIND),
        cli_changelog},
    {"preflight", NULL, "run the checklist before a deployment",
        "Tests, credentials of providers, scaling, monitoring, rollback plan, and that the\n"
        "team is told, all at once: each passes, fails, or is skipped for a reason that\n"
        "stands in [Preflight] Skip=. Every notifier gets a test notice, and the begin and\n"
        "the outcome. Ends with 0 when nothing failed and with 1 when something did, so\n"
        "that a pipeline can go on or stop.\n",
        CHANGING | OPTION_BIT(JUNIT) | TEAM, cli_preflight},
    {"show-config", NULL, "print the configuration in force",
        "As voxkeeperd read it, with every default, and with secrets masked.\n", 0,
        cli_show_config},
    {"help", "[VERB]", "explain voxkeeper, or one verb", "", 0, cli_help},
};
const size_t N_VERBS = sizeof VERBS / sizeof *VERBS;

const struct verb *verb_find(const char *name)
{
    int i = ROWS_FIND(VERBS, name, name);
    return i < 0 ? NULL : &VERBS[i];
}

const struct verb *verb_near(const char *name)
{
    const struct verb *nearest = NULL;
    unsigned best = NEAR;
    for (size_t i = 0; i < N_VERBS; i++) {
        unsigned distance = text_distance(name, VERBS[i].name, best);
        if (distance < best) {
            best = distance;
            nearest = &VERBS[i];
        }
    }
    return nearest;
}
