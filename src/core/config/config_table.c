/* The table of keys. Its order is the order of show-config and of the reference. */
#include "core/config/config_type.h"

#include "core/config/config_check_value.h"

#include "base/log.h"
#include "core/incidents/notice.h"

const struct config_section config_sections[] = {
    {"Agent", false, "The supervised application: how one worker is started and stopped."},
    {"Health", false,
        "The health probe, and the pace of all probes. A worker serves only after Rise= passes."},
    {"Probe", true, "A further probe; every probe takes part in every round."},
    {"Restart", false, "When the next life of a worker begins that failed. It is never given up."},
    {"Rollout", false, "How workers are replaced by new ones while callers are served."},
    {"Rollback", false, "What else is done when a rollout went back."},
    {"Preflight", false,
        "The checklist before a deployment, `voxkeeper preflight`. What is neither configured here "
        "nor skipped with a reason fails."},
    {"Drain", false, "Waiting for callers before workers are stopped."},
    {"Redis", false, "The Redis that the agent uses; without Url= nothing of it is watched."},
    {"Keyspace", true,
        "Keys that the sweep looks after. Any such section replaces the two built-in ones, "
        "`sessions` and `tasks`; a section with one of these names begins with its values."},
    {"Sweep", false, "Removing what a crash left behind in Redis."},
    {"Notify", true,
        "Who is told of incidents: one section for each receiver. Nobody is told without one."},
    {"LogWatch", true,
        "What to look for in the lines of all workers. There are built-in ones for the agent's own "
        "messages; a section with the name of one begins with its values."},
    {"Credential", true,
        "A secret of the workers in a file of its own: verified, given to them, and renewed "
        "without losing a caller. No value is shown, logged or stored anywhere."},
    {"Instructions", false,
        "The agent's configuration at ElevenLabs: who changes its prompt, tools or voice there is "
        "noticed, and the change log has what changed. Without AgentId= nobody looks."},
    {"Heal", false, "What is done without a person, and how often."},
    {"Incidents", false, "What is remembered of what went wrong."},
    {"Cost", false, "What an outage costs, for post-mortems."},
    {"Doctor", false, "What `voxkeeper doctor` looks at beside the agent and its Redis."},
    {"Admin", false, "Where operators and monitoring reach the daemon."},
    {"Daemon", false, "The daemon itself."},
};
const size_t config_n_sections = sizeof config_sections / sizeof *config_sections;

static const struct config_choice handovers[] = {
    {"none", HANDOVER_NONE},
    {"listen-fds", HANDOVER_LISTEN_FDS},
    {"preload", HANDOVER_PRELOAD},
    {0},
};
static const struct config_choice no_yes[] = {{"no", 0}, {"yes", 1}, {0}};
static const struct config_choice probe_types[] = {
    {"http", CONFIG_PROBE_HTTP},
    {"tcp", CONFIG_PROBE_TCP},
    {"exec", CONFIG_PROBE_EXEC},
    {0},
};
static const struct config_choice probe_kinds[] = {
    {"readiness", CONFIG_KIND_READINESS},
    {"startup", CONFIG_KIND_STARTUP},
    {"liveness", CONFIG_KIND_LIVENESS},
    {0},
};
static const struct config_choice keyspace_kinds[] = {
    {"session", CONFIG_KEYSPACE_SESSION},
    {"task", CONFIG_KEYSPACE_TASK},
    {"other", CONFIG_KEYSPACE_OTHER},
    {0},
};
static const struct config_choice notify_types[] = {
    {"alertmanager", CONFIG_NOTIFY_ALERTMANAGER},
    {"pagerduty", CONFIG_NOTIFY_PAGERDUTY},
    {"slack", CONFIG_NOTIFY_SLACK},
    {"webhook", CONFIG_NOTIFY_WEBHOOK},
    {"exec", CONFIG_NOTIFY_EXEC},
    {0},
};
static const struct config_choice providers[] = {
#define X(symbol, name, ...) {name, PROVIDER_##symbol},
    PROVIDERS(X)
#undef X
        {0},
};
static const struct config_choice severities[] = {
#define X(symbol, name) {name, SEVERITY_##symbol},
    SEVERITIES(X)
#undef X
        {0},
};
static const struct config_choice notice_kinds[] = {
    {"opened", NOTICE_OPENED},
    {"updated", NOTICE_UPDATED},
    {"acknowledged", NOTICE_ACKNOWLEDGED},
    {"resolved", NOTICE_RESOLVED},
    {"begun", NOTICE_BEGUN},
    {"ended", NOTICE_ENDED},
    {0},
};
static const struct config_choice log_actions[] = {
    {"event", CONFIG_LOG_EVENT},
    {"incident", CONFIG_LOG_INCIDENT},
    {"doctor", CONFIG_LOG_DOCTOR},
    {"restart", CONFIG_LOG_RESTART},
    {0},
};
static const struct config_choice actions[] = {{"delete", 0}, {"report", 1}, {0}};
static const struct config_choice on_failure[] = {{"rollback", 0}, {"hold", 1}, {0}};
static const struct config_choice callers[] = {
    {"connections", 0},
    {"tasks", 1},
    {"sessions", 2},
    {0},
};
static const struct config_choice log_levels[] = {
    {"err", LOG_LEVEL_ERR},
    {"warning", LOG_LEVEL_WARNING},
    {"notice", LOG_LEVEL_NOTICE},
    {"info", LOG_LEVEL_INFO},
    {"debug", LOG_LEVEL_DEBUG},
    {0},
};

#define ROOT(member)                                                                               \
    .object = CONFIG_OBJECT_ROOT, .offset = offsetof(struct config, member),                       \
    .size = sizeof(((struct config *)0)->member)
#define PROBE(member)                                                                              \
    .object = CONFIG_OBJECT_PROBE, .offset = offsetof(struct config_probe, member),                \
    .size = sizeof(((struct config_probe *)0)->member)
#define KEYSPACE(member)                                                                           \
    .object = CONFIG_OBJECT_KEYSPACE, .offset = offsetof(struct config_keyspace, member),          \
    .size = sizeof(((struct config_keyspace *)0)->member)
#define NOTIFY(member)                                                                             \
    .object = CONFIG_OBJECT_NOTIFY, .offset = offsetof(struct config_notify, member),              \
    .size = sizeof(((struct config_notify *)0)->member)
#define LOG_WATCH(member)                                                                          \
    .object = CONFIG_OBJECT_LOG_WATCH, .offset = offsetof(struct config_log_watch, member),        \
    .size = sizeof(((struct config_log_watch *)0)->member)
#define CREDENTIAL(member)                                                                         \
    .object = CONFIG_OBJECT_CREDENTIAL, .offset = offsetof(struct config_credential, member),      \
    .size = sizeof(((struct config_credential *)0)->member)
#define ASKED(provider) (1U << PROVIDER_##provider)
#define ANY_ASKED (~ASKED(NONE))
#define RECEIVER(type) (1U << CONFIG_NOTIFY_##type)
#define HTTP_RECEIVERS                                                                             \
    (RECEIVER(ALERTMANAGER) | RECEIVER(PAGERDUTY) | RECEIVER(SLACK) | RECEIVER(WEBHOOK))
#define ONLY(type) .types = 1U << CONFIG_PROBE_##type
#define LIVE .change = CONFIG_CHANGE_LIVE
#define WORKERS .change = CONFIG_CHANGE_WORKERS
#define DAEMON .change = CONFIG_CHANGE_DAEMON
#define MS(n) ((n)*USEC_PER_MSEC)
#define SEC(n) ((n)*USEC_PER_SEC)
#define HOURS(n) ((n)*USEC_PER_HOUR)
#define DAYS(n) ((n)*USEC_PER_DAY)

/* clang-format off */
const struct config_key config_keys[] = {
    {"Agent", "Name", &config_type_string, ROOT(agent.name), .preset = "elevenlabs-agent",
        .check = config_check_name, LIVE,
        .doc = "What logs, metrics and `voxkeeper status` call the agent."},
    {"Agent", "ExecStart", &config_type_command, ROOT(agent.exec_start), WORKERS,
        .doc = "The command of one worker, required: a program (an absolute path, or found in "
               "PATH) and its arguments, quoted as in systemd units; no shell, no variables."},
    {"Agent", "WorkingDirectory", &config_type_string, ROOT(agent.working_directory),
        .check = config_check_path, WORKERS,
        .doc = "Directory in which workers start."},
    {"Agent", "Environment", &config_type_list, ROOT(agent.environment),
        .check = config_check_env, WORKERS,
        .doc = "`NAME=value` words for the workers; a later one of the same name wins, and goes "
               "before EnvironmentFile=, unlike systemd's."},
    {"Agent", "EnvironmentFile", &config_type_list, ROOT(agent.environment_files),
        .check = config_check_env_file, WORKERS,
        .doc = "Files of `NAME=value` lines, read at each start of a worker, not by a reload; behind "
               "`-` one may be missing."},
    {"Agent", "User", &config_type_string, ROOT(agent.user), .check = config_check_account, WORKERS,
        .doc = "User of the workers; needs a daemon that runs as root."},
    {"Agent", "Group", &config_type_string, ROOT(agent.group),
        .check = config_check_account, WORKERS,
        .doc = "Group of the workers, instead of the user's own."},
    {"Agent", "LimitNOFILE", &config_type_u64, ROOT(agent.limit_nofile), .preset = "0",
        .min = 0, .max = 1 << 30, WORKERS,
        .doc = "Open files of a worker; 0 leaves the limit as it is."},
    {"Agent", "MemoryHigh", &config_type_size, ROOT(agent.memory_high), .preset = "0",
        .max = UINT64_C(1) << 50, LIVE,
        .doc = "When the process of a worker that serves is larger (resident memory), all workers are "
               "restarted at the next quiet moment: nobody is connected, or no more than the fewest "
               "within ten minutes, or six hours have passed; `0`: never."},
    {"Agent", "KillSignal", &config_type_signal, ROOT(agent.kill_signal), .preset = "SIGTERM", LIVE,
        .doc = "Signal that asks a worker to end."},
    {"Agent", "TimeoutStartSec", &config_type_span, ROOT(agent.timeout_start), .preset = "90s",
        .min = SEC(1), .max = HOURS(24), LIVE,
        .doc = "A new worker must be verified within this time, else it is killed and restarted."},
    {"Agent", "TimeoutStopSec", &config_type_span, ROOT(agent.timeout_stop), .preset = "30s",
        .min = MS(100), .max = HOURS(24), LIVE,
        .doc = "From KillSignal= to SIGKILL for the whole process tree."},
    {"Agent", "TimeoutAbortSec", &config_type_span, ROOT(agent.timeout_abort), .preset = "10s",
        .min = MS(100), .max = HOURS(24), LIVE,
        .doc = "From SIGABRT to SIGKILL for a worker that hangs."},
    {"Agent", "WatchdogSec", &config_type_span, ROOT(agent.watchdog), .preset = "0s",
        .max = HOURS(24), WORKERS,
        .doc = "A worker that has once sent `WATCHDOG=1` by sd_notify hangs if it sends no other "
               "within this time, which it finds in WATCHDOG_USEC; 0 is off. At least 10ms."},
    {"Agent", "Listen", &config_type_endpoints, ROOT(agent.listen),
        .offset_n = offsetof(struct config, agent.n_listen), WORKERS,
        .doc = "Where callers reach the agent: `3004` (all addresses), `ADDRESS:PORT`, "
               "`[ADDRESS]:PORT`, `/PATH` of a unix socket. A worker has to listen on all of them."},
    {"Agent", "Handover", &config_type_choice, ROOT(agent.handover), .preset = "preload",
        .choices = handovers, DAEMON,
        .doc = "How a worker gets the public listener. `preload`: voxkeeperd holds it, a worker gets "
               "it by a preloaded library once it is verified, and callers wait instead of being "
               "refused. `listen-fds`: voxkeeperd holds it, and the worker knows the descriptors of "
               "socket activation (LISTEN_FDS). `none`: the worker binds it itself; so it is without "
               "Listen=."},
    {"Agent", "ListenPrivate", &config_type_choice, ROOT(agent.listen_private), .preset = "no",
        .choices = no_yes, DAEMON,
        .doc = "With Handover=listen-fds: one more descriptor is passed, named `private`, which no "
               "other worker has, and which the agent serves as well. Workers are then probed there "
               "and replaced side by side; else one worker is restarted while callers wait."},
    {"Agent", "Workers", &config_type_unsigned, ROOT(agent.workers), .preset = "1",
        .min = 1, .max = LIMIT_WORKERS, LIVE,
        .doc = "How many workers run."},
    {"Agent", "Standby", &config_type_unsigned, ROOT(agent.standby), .preset = "0",
        .max = LIMIT_WORKERS - 2, LIVE,
        .doc = "So many verified spares are kept, which take over at once from a worker that dies; "
               "with Handover=preload."},
    {"Agent", "Release", &config_type_string, ROOT(agent.release),
        .check = config_check_release, LIVE,
        .doc = "A file whose first line names the running release; read at each start of a worker."},

    {"Health", "Url", &config_type_string, PROBE(url), .check = config_check_probe_url, LIVE,
        .doc = "What is asked with GET: a path on the worker's own address, or a whole URL."},
    {"Health", "ExpectStatus", &config_type_string, PROBE(expect_status), .preset = "200",
        .check = config_check_status, LIVE,
        .doc = "HTTP status that passes, or a range such as `200-299`."},
    {"Health", "ExpectJson", &config_type_list, PROBE(expect_json),
        .check = config_check_term, LIVE,
        .doc = "What must hold in the answer: `path=value`, `!=`, `<`, `<=`, `>`, `>=`, or `path` "
               "alone (present). Paths are dotted: `dependencies.redis`, `list.0`."},
    {"Health", "DependencyJson", &config_type_list, PROBE(dependency_json),
        .check = config_check_member, LIVE,
        .doc = "Paths of ExpectJson= that speak of Redis: while Redis is down for everybody, they "
               "fail nobody."},
    {"Health", "ProviderJson", &config_type_list, PROBE(provider_json),
        .check = config_check_member, LIVE,
        .doc = "Paths of ExpectJson= that speak of a provider (speech, language model): they fail "
               "nobody but a worker that is being proven while one that serves has its providers."},
    {"Health", "Interval", &config_type_span, ROOT(prober.interval), .preset = "10s",
        .min = MS(100), .max = HOURS(1), LIVE,
        .doc = "Between rounds of probes while the worker is well."},
    {"Health", "Timeout", &config_type_span, PROBE(timeout), .preset = "3s",
        .min = MS(10), .max = SEC(600), LIVE,
        .doc = "A probe without an answer by then has failed: the worker hangs."},
    {"Health", "Rise", &config_type_unsigned, ROOT(prober.rise), .preset = "2",
        .min = 1, .max = 100, LIVE,
        .doc = "Rounds in a row that must pass before a worker is verified."},
    {"Health", "Fall", &config_type_unsigned, ROOT(prober.fall), .preset = "3",
        .min = 1, .max = 100, LIVE,
        .doc = "Rounds in a row that must fail before a worker is replaced."},
    {"Health", "StartInterval", &config_type_span, ROOT(prober.start_interval), .preset = "250ms",
        .min = MS(10), .max = HOURS(1), LIVE,
        .doc = "Between rounds while a worker is being proven; not longer than Interval=."},
    {"Health", "FastInterval", &config_type_span, ROOT(prober.fast_interval), .preset = "1s",
        .min = MS(10), .max = HOURS(1), LIVE,
        .doc = "Between rounds after a first failure; not longer than Interval=."},

    {"Probe", "Type", &config_type_choice, PROBE(type), .preset = "http",
        .choices = probe_types, LIVE,
        .doc = "`http` asks Url=, `tcp` connects to Address=, `exec` runs Command= (exit code 0)."},
    {"Probe", "Kind", &config_type_choice, PROBE(kind), .preset = "readiness",
        .choices = probe_kinds, LIVE,
        .doc = "`startup` counts until the worker is verified, `liveness` after it, `readiness` "
               "always."},
    {"Probe", "Url", &config_type_string, PROBE(url), .check = config_check_probe_url, ONLY(HTTP), LIVE,
        .doc = "As in [Health]."},
    {"Probe", "Address", &config_type_endpoint, PROBE(address), ONLY(TCP), LIVE,
        .doc = "Where to connect; the worker's own address if not given."},
    {"Probe", "Command", &config_type_command, PROBE(command), ONLY(EXEC), LIVE,
        .doc = "What to run, as in ExecStart=."},
    {"Probe", "ExpectStatus", &config_type_string, PROBE(expect_status), .preset = "200",
        .check = config_check_status, ONLY(HTTP), LIVE,
        .doc = "As in [Health]."},
    {"Probe", "ExpectJson", &config_type_list, PROBE(expect_json), .check = config_check_term, ONLY(HTTP), LIVE,
        .doc = "As in [Health]."},
    {"Probe", "DependencyJson", &config_type_list, PROBE(dependency_json),
        .check = config_check_member, ONLY(HTTP), LIVE,
        .doc = "As in [Health]."},
    {"Probe", "ProviderJson", &config_type_list, PROBE(provider_json),
        .check = config_check_member, ONLY(HTTP), LIVE,
        .doc = "As in [Health]."},
    {"Probe", "Timeout", &config_type_span, PROBE(timeout), .preset = "3s",
        .min = MS(10), .max = SEC(600), LIVE,
        .doc = "As in [Health]."},

    {"Restart", "Delay", &config_type_span, ROOT(restart.delay), .preset = "500ms",
        .min = MS(1), .max = HOURS(1), LIVE,
        .doc = "Before the second restart in a row; the first is immediate."},
    {"Restart", "Multiplier", &config_type_factor, ROOT(restart.multiplier), .preset = "2",
        .min = 1, .max = 100, LIVE,
        .doc = "By which the delay grows from one failure in a row to the next."},
    {"Restart", "MaxDelay", &config_type_span, ROOT(restart.max_delay), .preset = "30s",
        .min = MS(1), .max = HOURS(24), LIVE,
        .doc = "The delay grows no further; retries go on at this pace for ever."},
    {"Restart", "Jitter", &config_type_percent, ROOT(restart.jitter), .preset = "10%",
        .min = 0, .max = 100, LIVE,
        .doc = "Random part of the delay that may be added."},
    {"Restart", "StableAfter", &config_type_span, ROOT(restart.stable_after), .preset = "30s",
        .min = SEC(1), .max = HOURS(24), LIVE,
        .doc = "So long verified, and earlier failures are forgotten."},
    {"Restart", "LoopAfter", &config_type_unsigned, ROOT(restart.loop_after), .preset = "5",
        .min = 2, .max = 1000, LIVE,
        .doc = "So many failures in a row are reported as a crash loop."},

    {"Rollout", "Bake", &config_type_span, ROOT(rollout.bake), .preset = "5s",
        .min = 0, .max = HOURS(24), LIVE,
        .doc = "So long the first new workers serve beside the old ones before the others follow; "
               "with Handover=preload."},
    {"Rollout", "Canary", &config_type_unsigned, ROOT(rollout.canary), .preset = "1",
        .min = 1, .max = LIMIT_WORKERS, LIVE,
        .doc = "So many new workers serve during Bake=; they are begun one after another."},
    {"Rollout", "MaxSurge", &config_type_share, ROOT(rollout.max_surge), .preset = "25%",
        .min = 1, .max = LIMIT_WORKERS, LIVE,
        .doc = "So many workers there may be beside Workers= and Standby=, or per cent of Workers=, "
               "rounded up. Each counts, also one that only waits for its last caller: memory is "
               "for so many. A rollout takes about the time that callers stay, Workers= / MaxSurge= "
               "times; with `1` and eight workers whose calls last 30 min, hours."},
    {"Rollout", "KeepWarm", &config_type_span, ROOT(rollout.keep_warm), .preset = "2min",
        .min = 0, .max = HOURS(24), LIVE,
        .doc = "So long the last old worker stays paused and warm after the last switch. If a new "
               "one is unhealthy or begins to crash in a loop within it, the old generation takes "
               "over again. The verdict does not wait for it; its place is one of MaxSurge=."},
    {"Rollout", "OnFailure", &config_type_choice, ROOT(rollout.hold), .preset = "rollback",
        .choices = on_failure, LIVE,
        .doc = "When a new worker fails. `rollback`: the old generation takes over again. `hold`: "
               "it stands in for what failed, everything else stays as it is, and a person decides: "
               "`voxkeeper rollout promote` or `abort`."},

    {"Rollout", "MaxErrorRate", &config_type_factor, ROOT(bake.max_error_rate), .preset = "3",
        .min = 0, .max = 1000, LIVE,
        .doc = "While it bakes, the new worker may write so many times the error lines of those "
               "before it, counted for the same time; more, and the rollout goes back. 0: errors "
               "in the log do not count."},
    {"Rollout", "MinErrors", &config_type_unsigned, ROOT(bake.min_errors), .preset = "10",
        .min = 1, .max = 1000000, LIVE,
        .doc = "Fewer error lines than this never lead back."},

    {"Rollout", "RequirePreflight", &config_type_bool, ROOT(preflight.required), .preset = "no", LIVE,
        .doc = "A restart, or a reload that workers have to be restarted for, is refused unless the "
               "checklist of [Preflight] passes first, or it is overridden with a reason."},

    {"Rollback", "ExecRollback", &config_type_command, ROOT(rollback.exec), LIVE,
        .doc = "Run when a rollout goes back: to put a link to the release back, to call "
               "somebody. Its environment is the agent's, and says what happened: "
               "VOXKEEPER_GENERATION and VOXKEEPER_RELEASE of the rollout, "
               "VOXKEEPER_GENERATION_FROM and VOXKEEPER_RELEASE_FROM of what it leads back to, "
               "VOXKEEPER_CAUSE, VOXKEEPER_REASON, VOXKEEPER_AUTHOR."},
    {"Rollback", "Timeout", &config_type_span, ROOT(rollback.timeout), .preset = "30s",
        .min = MS(100), .max = HOURS(1), LIVE,
        .doc = "Then ExecRollback= is killed, with all that it started."},

    {"Preflight", "Skip", &config_type_texts, ROOT(preflight.skip), .check = config_check_skip, LIVE,
        .doc = "`ITEM: reason` for what is not looked at, and why; ITEM is an item of the checklist, "
               "one of its checks as `voxkeeper preflight` names them, or a check and the section "
               "that it is of (`provider-key NAME`, `test-notice NAME`). One entry a line."},
    {"Preflight", "Timeout", &config_type_span, ROOT(preflight.timeout), .preset = "1h",
        .min = SEC(1), .max = HOURS(24), LIVE,
        .doc = "The whole checklist is over by then, TestCommand= too: what is not has failed, and is ended."},
    {"Preflight", "TestCommand", &config_type_command, ROOT(preflight.test_command), LIVE,
        .doc = "The tests that must pass, with the environment of a worker; no shell."},
    {"Preflight", "TestTimeout", &config_type_span, ROOT(preflight.test_timeout), .preset = "15min",
        .min = SEC(1), .max = HOURS(24), LIVE,
        .doc = "Then TestCommand= is killed, with all that it started, and has failed."},
    {"Preflight", "MinWorkers", &config_type_unsigned, ROOT(preflight.min_workers), .preset = "1",
        .min = 1, .max = LIMIT_WORKERS, LIVE,
        .doc = "Fewer workers than this, by Workers= or by `voxkeeper scale`, are a mistake."},
    {"Preflight", "MaxWorkers", &config_type_unsigned, ROOT(preflight.max_workers), .preset = "64",
        .min = 1, .max = LIMIT_WORKERS, LIVE,
        .doc = "More than this are one as well."},
    {"Preflight", "ScaleDownAt", &config_type_percent, ROOT(preflight.scale_down_at),
        .preset = "30%", .max = 100, LIVE,
        .doc = "Share of SessionsPerWorker= below which whoever scales takes workers away: it must "
               "be below ScaleUpAt=, and less than half of it where one worker may remain."},
    {"Preflight", "ScaleUpAt", &config_type_percent, ROOT(preflight.scale_up_at), .preset = "80%",
        .max = 100, LIVE,
        .doc = "Share of SessionsPerWorker= above which whoever scales adds workers."},
    {"Preflight", "SessionsPerWorker", &config_type_unsigned, ROOT(preflight.sessions_per_worker),
        .preset = "0", .max = 1000000, LIVE,
        .doc = "Callers that one worker takes at the same time; 0: not known."},
    {"Preflight", "DescriptorsPerSession", &config_type_unsigned,
        ROOT(preflight.descriptors_per_session), .preset = "4", .max = 1000, LIVE,
        .doc = "Open files that a worker needs for a caller."},
    {"Preflight", "WorkerMemory", &config_type_size, ROOT(preflight.worker_memory), .preset = "0",
        .max = UINT64_C(1) << 40, LIVE,
        .doc = "Memory of one worker under load; what the largest has now, if that is more."},
    {"Preflight", "ExpectedPeak", &config_type_texts, ROOT(preflight.expected_peak),
        .check = config_check_peak, LIVE,
        .doc = "Callers to expect at the same time, `[DAYS] [HOURS] CALLERS` in local time: "
               "`Mon..Fri 9..17 120`, `Sat,Sun 40`, `20..6 10`. One entry a line; where they overlap "
               "the larger number holds."},
    {"Preflight", "DashboardUrl", &config_type_list, ROOT(preflight.dashboard_urls),
        .check = config_check_url, LIVE,
        .doc = "Dashboards that must load; a Grafana's `/d/UID/..` is looked for by its API."},
    {"Preflight", "PrometheusUrl", &config_type_string, ROOT(preflight.prometheus_url),
        .check = config_check_url, LIVE,
        .doc = "Prometheus, which must scrape us now and have the rules of Rules=."},
    {"Preflight", "Rules", &config_type_list, ROOT(preflight.rules),
        .preset = "VoxkeeperDown NoServingWorker CrashLoop CallersCut RedisDown VoxkeeperPreflight",
        .check = config_check_name, LIVE,
        .doc = "Alerts that must be loaded and work there."},
    {"Preflight", "AlertmanagerUrl", &config_type_string, ROOT(preflight.alertmanager_url),
        .check = config_check_url, LIVE,
        .doc = "Alertmanager, which must bring a test alert back to `POST /preflight/echo` of "
               "[Admin] Listen=."},
    {"Preflight", "AlertTimeout", &config_type_span, ROOT(preflight.alert_timeout),
        .preset = "2min", .min = SEC(1), .max = HOURS(1), LIVE,
        .doc = "A scrape that shows us, and a test alert that comes back, are waited for so long."},
    {"Preflight", "NotifyTimeout", &config_type_span, ROOT(preflight.notify_timeout),
        .preset = "15s", .min = SEC(1), .max = HOURS(1), LIVE,
        .doc = "Every [Notify NAME] takes its test notice, and the begin of the deployment, within "
               "that time, whatever its own Timeout= and its pauses after failures are; who does "
               "not has failed."},
    {"Preflight", "RollbackDryRun", &config_type_list, ROOT(preflight.rollback_dry_run), LIVE,
        .doc = "How [Rollback] ExecRollback= is tried: arguments that are added to it, behind "
               "`NAME=value` words for its environment, as in `VOXKEEPER_DRY_RUN=1` or `--dry-run`. "
               "VOXKEEPER_DRY_RUN=1 is there in any case. It is not tried without this key."},
    {"Preflight", "PreviousRelease", &config_type_string, ROOT(preflight.previous_release),
        .check = config_check_path, LIVE,
        .doc = "File or directory of the release to go back to, which must be there."},

    {"Preflight", "Responsible", &config_type_string, ROOT(preflight.responsible),
        .check = config_check_person, LIVE,
        .doc = "Who is responsible for a deployment, as the team is told; `--responsible` goes "
               "before it."},
    {"Preflight", "Duration", &config_type_span, ROOT(preflight.duration), .preset = "0",
        .max = HOURS(24 * 7), LIVE,
        .doc = "How long a deployment takes: the estimated completion that the team is told, unless "
               "`--eta` says otherwise; `0`: not known."},

    {"Drain", "Linger", &config_type_span, ROOT(drain.linger), .preset = "2s",
        .min = 0, .max = HOURS(1), LIVE,
        .doc = "`/readyz` says 503 for so long before anything else, for balancers to notice."},
    {"Drain", "Timeout", &config_type_span, ROOT(drain.timeout), .preset = "10min",
        .min = 0, .max = USEC_INFINITY, LIVE,
        .doc = "From the begin of the drain; who still calls then is cut. Voice calls last minutes, "
               "and a stop must end; `infinity` waits for ever."},
    {"Drain", "WaitFor", &config_type_waitfor, ROOT(drain), .preset = "connections tasks sessions",
        .choices = callers, LIVE,
        .doc = "What counts as a caller: connections of the workers, pending tasks, sessions in "
               "use. The last two need [Redis]; empty: wait for nobody."},
    {"Drain", "ActiveWindow", &config_type_span, ROOT(active_window), .preset = "2min",
        .min = SEC(1), .max = HOURS(24), LIVE,
        .doc = "A session used within it counts as a caller."},
    {"Drain", "CountInterval", &config_type_span, ROOT(drain.count_interval), .preset = "1s",
        .min = MS(100), .max = SEC(10), LIVE,
        .doc = "Between counts of the callers."},

    {"Redis", "Url", &config_type_string, ROOT(redis.url), .check = config_check_redis_url, LIVE,
        .doc = "`redis://[USER[:PASSWORD]@]HOST[:PORT][/DB]` or `unix:///PATH[?db=N]`."},
    {"Redis", "Username", &config_type_string, ROOT(redis.username), LIVE,
        .doc = "ACL user, if not in Url=."},
    {"Redis", "PasswordCredential", &config_type_string, ROOT(redis.password_credential),
        .check = config_check_path, LIVE,
        .doc = "File whose first line is the password; keeps it out of this file."},
    {"Redis", "ConnectTimeout", &config_type_span, ROOT(redis.connect_timeout), .preset = "2s",
        .min = MS(10), .max = SEC(60), LIVE,
        .doc = "For one attempt to connect."},
    {"Redis", "CommandTimeout", &config_type_span, ROOT(redis.command_timeout), .preset = "5s",
        .min = MS(10), .max = SEC(600), LIVE,
        .doc = "For the answer to one command; then the link is opened anew."},

    {"Keyspace", "Pattern", &config_type_string, KEYSPACE(pattern), .check = config_check_pattern,
        LIVE, .doc = "Its keys: a prefix and `*`."},
    {"Keyspace", "Kind", &config_type_choice, KEYSPACE(kind), .preset = "other",
        .choices = keyspace_kinds, LIVE,
        .doc = "`session` and `task` values are counted as callers when the workers drain."},
    {"Keyspace", "ExpectTTL", &config_type_span, KEYSPACE(expect_ttl), .preset = "infinity",
        .min = SEC(1), .max = USEC_INFINITY, LIVE,
        .doc = "The TTL that the agent gives to a key; one without it is suspect. `infinity`: "
               "none is expected."},
    {"Keyspace", "MaxAge", &config_type_span, KEYSPACE(max_age), .preset = "infinity",
        .min = SEC(1), .max = USEC_INFINITY, LIVE,
        .doc = "A suspect key, or a pending task, is stuck when older than this."},
    {"Keyspace", "AgeFields", &config_type_list, KEYSPACE(age_fields),
        .check = config_check_member, LIVE,
        .doc = "JSON members with the time when the key was last alive, `a.b` for one within "
               "another; the latest counts. None: the idle time in Redis does."},
    {"Keyspace", "MaxValue", &config_type_size, KEYSPACE(max_value), .preset = "256K", .min = 1024,
        .max = LIMIT_REDIS_VALUE, LIVE,
        .doc = "A larger value is not read, and its key not removed: it is judged by its size and "
               "idle time, and reported."},
    {"Keyspace", "Repair", &config_type_bool, KEYSPACE(repair), .preset = "no", LIVE,
        .doc = "Give a key without TTL, or with one beyond ExpectTTL=, the TTL that it should "
               "have, unless it is stuck already."},
    {"Keyspace", "Action", &config_type_choice, KEYSPACE(report_only), .preset = "report",
        .choices = actions, LIVE,
        .doc = "What happens to a stuck key."},

    {"Sweep", "Interval", &config_type_span, ROOT(sweep.interval), .preset = "15min",
        .min = SEC(10), .max = USEC_INFINITY, LIVE,
        .doc = "Between sweeps; `infinity`: only when asked."},
    {"Sweep", "Protect", &config_type_list, ROOT(sweep.protect), .preset = CONFIG_PROTECTED,
        .check = config_check_glob, LIVE,
        .doc = "Globs of keys that are never touched. `" CONFIG_PROTECTED "` is always one."},
    {"Sweep", "Backup", &config_type_bool, ROOT(sweep.backup), .preset = "yes", LIVE,
        .doc = "Keys are saved to `backups` in StateDirectory= before they are removed; what cannot "
               "be saved is not removed. `voxkeeper restore` puts them back."},
    {"Sweep", "BackupRetention", &config_type_span, ROOT(sweep.backup_retention), .preset = "30d",
        .min = HOURS(1), .max = USEC_INFINITY, LIVE,
        .doc = "Backups older than this go when a sweep begins; `infinity`: they stay."},
    {"Sweep", "BackupMaxSize", &config_type_size, ROOT(sweep.backup_max_size), .preset = "1G",
        .min = 1 << 20, .max = UINT64_C(1) << 40, LIVE,
        .doc = "The oldest backups go when a sweep begins until all together are no larger; the "
               "newest one stays."},
    {"Sweep", "MaxDelete", &config_type_cap, ROOT(sweep.max_delete), .preset = "10000 20%", LIVE,
        .doc = "A sweep that would remove more keys, or (from 100 on) a larger share of a keyspace, "
               "removes none and waits for `voxkeeper sweep --confirm`. `infinity`: no limit."},
    {"Sweep", "MaxLatency", &config_type_span, ROOT(sweep.max_latency), .preset = "1ms",
        .min = 100, .max = SEC(1), LIVE,
        .doc = "A sweep makes no more than one in a hundred requests of others wait longer by it."},
    {"Sweep", "Lease", &config_type_bool, ROOT(sweep.lease), .preset = "yes", LIVE,
        .doc = "Only one voxkeeperd sweeps a Redis at a time, by key `voxkeeper:lease:sweep`."},

    {"Notify", "Type", &config_type_choice, NOTIFY(type), .preset = "webhook",
        .choices = notify_types, LIVE,
        .doc = "What listens there: Alertmanager (API v2), PagerDuty (Events v2), a Slack incoming "
               "webhook, anything that takes our JSON by POST (`webhook`), or a command (`exec`)."},
    {"Notify", "Url", &config_type_string, NOTIFY(url), .check = config_check_url,
        .types = HTTP_RECEIVERS & ~RECEIVER(SLACK), LIVE,
        .doc = "Where to send it; of Alertmanager without `/api/v2`. Not for Slack, whose address "
               "is a secret. PagerDuty: `" CONFIG_PAGERDUTY_URL "` if not given."},
    {"Notify", "UrlCredential", &config_type_string, NOTIFY(url_credential),
        .check = config_check_path, .types = HTTP_RECEIVERS, LIVE,
        .doc = "File whose first line is the address, instead of Url=. Read for each delivery, as "
               "is KeyCredential=."},
    {"Notify", "KeyCredential", &config_type_string, NOTIFY(key_credential),
        .check = config_check_path,
        .types = RECEIVER(ALERTMANAGER) | RECEIVER(PAGERDUTY) | RECEIVER(WEBHOOK), LIVE,
        .doc = "File whose first line is PagerDuty's routing key, or else a bearer token."},
    {"Notify", "CaFile", &config_type_string, NOTIFY(ca_file), .check = config_check_path,
        .types = HTTP_RECEIVERS, LIVE,
        .doc = "PEM file of the authorities that an https receiver is verified by, instead of the "
               "system's. Verification cannot be switched off."},
    {"Notify", "Command", &config_type_command, NOTIFY(command), .types = RECEIVER(EXEC), LIVE,
        .doc = "What to run for each notice: it reads the notice as JSON on stdin, and finds its "
               "parts in VOXKEEPER_KIND, VOXKEEPER_INCIDENT, VOXKEEPER_CONDITION, "
               "VOXKEEPER_SEVERITY, VOXKEEPER_SUBJECT, VOXKEEPER_SUMMARY and "
               "VOXKEEPER_RUNBOOK_URL. Exit code 0: it is told; 75: try again; any other: never."},
    {"Notify", "Severity", &config_type_set, NOTIFY(severities), .preset = "P1 P2 P3",
        .choices = severities, LIVE,
        .doc = "It is told of incidents of these severities. P1: nobody is answered; P2: somebody "
               "is hurt, or soon will be; P3: to be looked at tomorrow."},
    {"Notify", "Kinds", &config_type_set, NOTIFY(kinds),
        .preset = "opened updated acknowledged resolved begun ended", .choices = notice_kinds, LIVE,
        .doc = "It is told of these turns of an incident, and of the begin and the end of a "
               "deployment (which is of P3; a change event at PagerDuty, an alert `deployment` in "
               "Alertmanager). `alertmanager` and `pagerduty` need `opened` and `resolved`."},
    {"Notify", "Timeout", &config_type_span, NOTIFY(timeout), .preset = "10s",
        .min = MS(100), .max = SEC(600), LIVE,
        .doc = "A delivery without an answer by then is tried again later."},
    {"Notify", "RateLimit", &config_type_rate, NOTIFY(rate_limit), .preset = "10/1min", LIVE,
        .doc = "So many notices at once, and as many again in each such time; more wait, but not "
               "those of P1. `infinity`: no limit."},
    {"Notify", "Repeat", &config_type_span, NOTIFY(repeat), .preset = "1min",
        .min = SEC(1), .max = HOURS(1), .types = RECEIVER(ALERTMANAGER), LIVE,
        .doc = "How often Alertmanager is told again what is still open. It takes an alert for "
               "resolved that is not told again for four times this."},

    {"LogWatch", "Pattern", &config_type_texts, LOG_WATCH(patterns), .check = config_check_log_pattern,
        LIVE,
        .doc = "A regular expression (PCRE2), looked for in the first KiB of each line that goes to "
               "the log, JSON included, without colours; as it stands, without quotes. Each further "
               "one is an alternative. Empty: a built-in watch is off."},
    {"LogWatch", "Threshold", &config_type_rate, LOG_WATCH(threshold), .preset = "5/1min", LIVE,
        .doc = "So many lines within the time that slides, of all workers together, are too many; "
               "up to 1000."},
    {"LogWatch", "Action", &config_type_choice, LOG_WATCH(action), .preset = "event",
        .choices = log_actions, LIVE,
        .doc = "What follows. `event`: it is told. `incident`: and is an incident, until it is less; "
               "`webhook-failures` and `callback-failures` are those of that name, others go by the "
               "section's; the doctor looks when it opens. `doctor`: and looks again each time that it is "
               "told. `restart`: an incident, and the workers are restarted, as `voxkeeper restart` does, "
               "within [Heal] Budget=; not while another restart, rollout or drain is under way."},
    {"LogWatch", "Severity", &config_type_choice, LOG_WATCH(severity), .preset = "P2",
        .choices = severities, LIVE,
        .doc = "Of the incident; P2 for the two that have one of their own."},
    {"LogWatch", "Cooldown", &config_type_span, LOG_WATCH(cooldown), .preset = "5min",
        .min = SEC(1), .max = HOURS(24), LIVE,
        .doc = "So long after it was told it is not told, nor restarted, again."},

    {"Credential", "File", &config_type_string, CREDENTIAL(file),
        .check = config_check_secret_file, LIVE,
        .doc = "File whose only line is the secret, or the JSON key file of a service account "
               "(Provider=google); required: a path, or the name of a `LoadCredential=` of the "
               "unit. It may change at any time."},
    {"Credential", "Environment", &config_type_string, CREDENTIAL(environment),
        .check = config_check_variable, WORKERS,
        .doc = "Variable of the workers that gets the value; it goes before Environment= and "
               "EnvironmentFile= of `[Agent]`. Without it a value is only watched: its age, and what "
               "its provider says."},
    {"Credential", "Provider", &config_type_choice, CREDENTIAL(provider), .preset = "none",
        .choices = providers, LIVE,
        .doc = "Who is asked whether a value is good, by a request that changes nothing. `http`: "
               "Url= answers 200 to 299 to a good one, and 401 or 403 to a bad one."},
    {"Credential", "BaseUrl", &config_type_string, CREDENTIAL(base_url),
        .check = config_check_url, .types = ANY_ASKED & ~ASKED(HTTP), LIVE,
        .doc = "Where the provider's API is, such as `https://api.eu.deepgram.com`, if not where "
               "it usually is."},
    {"Credential", "Url", &config_type_string, CREDENTIAL(url), .check = config_check_url,
        .types = ASKED(HTTP), LIVE,
        .doc = "What to GET with the value in Header=."},
    {"Credential", "Header", &config_type_string, CREDENTIAL(header),
        .preset = "Authorization: Bearer", .check = config_check_header, .types = ASKED(HTTP), LIVE,
        .doc = "The request header that holds the value, and what stands before it there: "
               "`X-Api-Key:` or `Authorization: Token`."},
    {"Credential", "QuotaJson", &config_type_string, CREDENTIAL(quota_json),
        .types = ASKED(HTTP), LIVE,
        .doc = "Where its answer tells how much is left: the dotted path of a number, such as "
               "`usage.remaining`."},
    {"Credential", "ExpiryJson", &config_type_string, CREDENTIAL(expiry_json),
        .types = ASKED(HTTP), LIVE,
        .doc = "Where its answer tells until when the value is good: the dotted path of a date "
               "(`2026-12-31T00:00:00Z`) or of seconds since 1970. That it ends is told as "
               "RotateAfter= is, seven days before."},
    {"Credential", "Account", &config_type_string, CREDENTIAL(account),
        .check = config_check_name, .types = ASKED(TWILIO), LIVE,
        .doc = "SID of the account that the value belongs to: its auth token, or an API key with "
               "its secret, `SK…:SECRET`."},
    {"Credential", "CaFile", &config_type_string, CREDENTIAL(ca_file), .check = config_check_path,
        .types = ANY_ASKED, LIVE,
        .doc = "PEM file of the authorities that the provider is verified by, instead of the "
               "system's."},
    {"Credential", "MinQuota", &config_type_factor, CREDENTIAL(min_quota), .preset = "0",
        .max = 1000000000000, 
        .types = ASKED(ELEVENLABS) | ASKED(DEEPGRAM) | ASKED(TWILIO) | ASKED(HTTP), LIVE,
        .doc = "With less left it is an incident: characters at ElevenLabs, the balance at "
               "Deepgram and Twilio, what QuotaJson= names. `0`: it is not asked for."},
    {"Credential", "CheckInterval", &config_type_span, CREDENTIAL(check_interval),
        .preset = "10min", .min = SEC(1), .max = USEC_INFINITY, .types = ANY_ASKED, LIVE,
        .doc = "The provider is asked about the value in use about that often, also at the start "
               "and on a reload; `infinity`: only about new ones."},
    {"Credential", "RotateAfter", &config_type_span, CREDENTIAL(rotate_after), .preset = "90d",
        .min = SEC(1), .max = USEC_INFINITY, LIVE,
        .doc = "A value that was first seen longer ago is an incident; seven days before (a "
               "quarter of it at most) it is told. `infinity`: it may be of any age."},

    {"Heal", "Zombie", &config_type_bool, ROOT(heal.zombie), .preset = "yes", LIVE,
        .doc = "Replace workers that lost Redis while it is there. `no`: they are told of, and left "
               "alone."},
    {"Heal", "Hung", &config_type_bool, ROOT(heal.hung), .preset = "yes", LIVE,
        .doc = "Replace workers that hang, after evidence was collected. `no`: as above. In a rollout "
               "the new ones are replaced all the same, by those before."},
    {"Heal", "Memory", &config_type_bool, ROOT(heal.memory), .preset = "yes", LIVE,
        .doc = "Restart workers for [Agent] MemoryHigh= at the next quiet moment."},
    {"Heal", "Stuck", &config_type_bool, ROOT(heal.stuck), .preset = "yes", LIVE,
        .doc = "Sweep at once when the doctor, or who counts callers, sees StuckKeys= that a sweep "
               "would remove."},
    {"Heal", "StuckKeys", &config_type_u64, ROOT(heal.stuck_keys), .preset = "1000",
        .min = 1, .max = UINT32_MAX, LIVE,
        .doc = "So many are too many to wait for [Sweep] Interval=."},
    {"Heal", "Budget", &config_type_rate, ROOT(heal.budget), .preset = "3/1h", LIVE,
        .doc = "So often each remedy is applied in such a time, up to 100; beyond that, a person is "
               "told instead, and nothing is done."},
    {"Heal", "Proof", &config_type_span, ROOT(heal.proof), .preset = "10min",
        .min = SEC(1), .max = HOURS(24), LIVE,
        .doc = "A symptom that comes back within it was not helped. One that was not helped twice is "
               "left to a person until it is gone for as long."},

    {"Incidents", "Retention", &config_type_span, ROOT(incidents.retention), .preset = "180d",
        .min = HOURS(1), .max = USEC_INFINITY, LIVE,
        .doc = "Incidents that were resolved longer ago are forgotten; `infinity`: none is."},
    {"Incidents", "Keep", &config_type_u64, ROOT(incidents.keep), .preset = "200",
        .min = 1, .max = LIMIT_INCIDENTS - 1, LIVE,
        .doc = "So many that are resolved are remembered, the latest."},
    {"Incidents", "Patience", &config_type_factor, ROOT(incidents.patience), .preset = "1",
        .max = 100, LIVE,
        .doc = "Factor on how long something must be wrong before it is an incident, well before "
               "that is over, and told before it is told again; `0`: at once."},
    {"Incidents", "MinDiskFree", &config_type_size, ROOT(incidents.min_disk_free),
        .preset = "64M", .max = UINT64_C(1) << 50, LIVE,
        .doc = "With less than that free where StateDirectory= is, it is an incident; `0`: never."},

    {"Instructions", "AgentId", &config_type_string, ROOT(instructions.agent_id),
        .check = config_check_name, LIVE,
        .doc = "The agent's id at ElevenLabs, `agent_...`."},
    {"Instructions", "KeyCredential", &config_type_string, ROOT(instructions.key_credential),
        .check = config_check_path, LIVE,
        .doc = "File whose first line is a key that may read the agent. It is read anew for each "
               "look."},
    {"Instructions", "BaseUrl", &config_type_string, ROOT(instructions.base_url),
        .preset = "https://api.elevenlabs.io", .check = config_check_url, LIVE,
        .doc = "Where the API is, such as `https://api.eu.residency.elevenlabs.io`."},
    {"Instructions", "CaFile", &config_type_string, ROOT(instructions.ca_file),
        .check = config_check_path, LIVE,
        .doc = "PEM file of the authorities that it is verified by, instead of the system's."},
    {"Instructions", "Interval", &config_type_span, ROOT(instructions.interval), .preset = "5min",
        .min = SEC(1), .max = SEC(86400), LIVE,
        .doc = "How often to look. After an error less and less often, at least once an hour."},

    {"Cost", "SessionValue", &config_type_factor, ROOT(cost.session_value), .preset = "0",
        .max = 1000000, LIVE,
        .doc = "What a session that is lost costs; `0`: that is not known."},
    {"Cost", "Currency", &config_type_string, ROOT(cost.currency), .preset = "EUR",
        .check = config_check_name, LIVE,
        .doc = "Of SessionValue=."},

    {"Doctor", "Provider", &config_type_list, ROOT(doctor.providers),
        .preset = "https://api.elevenlabs.io https://api.openai.com", .check = config_check_url,
        LIVE,
        .doc = "Addresses that the agent needs. Each is asked once, without credentials; their "
               "clocks are compared with ours. Empty: none."},
    {"Doctor", "PublicUrl", &config_type_string, ROOT(doctor.public_url),
        .check = config_check_url, LIVE,
        .doc = "Address by which ElevenLabs reaches this agent, without a path. It is asked with an "
               "empty webhook, which changes nothing."},
    {"Doctor", "CaFile", &config_type_string, ROOT(doctor.ca_file), .check = config_check_path, LIVE,
        .doc = "PEM file of the authorities that are trusted then, instead of the system's."},
    {"Doctor", "Ignore", &config_type_list, ROOT(doctor.ignore), .check = config_check_doctor, LIVE,
        .doc = "Names of checks whose findings are known and count for nothing."},
    {"Doctor", "Timeout", &config_type_span, ROOT(doctor.timeout), .preset = "8s",
        .min = SEC(1), .max = SEC(60), LIVE,
        .doc = "All checks are over then; what has not answered is said to be silent."},
    {"Doctor", "OnIncident", &config_type_bool, ROOT(doctor.on_incident), .preset = "yes", LIVE,
        .doc = "Look when an incident opens whose cause is not in its name, half a minute apart; what "
               "is found comes with it."},
    {"Doctor", "SampleInterval", &config_type_span, ROOT(doctor.sample_interval), .preset = "10s",
        .min = MS(100), .max = HOURS(1), LIVE,
        .doc = "How often the workers' memory is looked at; growth is judged over 360 of these."},

    {"Admin", "Listen", &config_type_endpoints, ROOT(admin.listen),
        .offset_n = offsetof(struct config, admin.n_listen), .preset = "127.0.0.1:9464", LIVE,
        .doc = "Metrics, health and status over HTTP, reading only; empty: none."},
    {"Admin", "ControlSocket", &config_type_string, ROOT(admin.control_socket),
        .preset = "/run/voxkeeper/control.sock", .check = config_check_socket, DAEMON,
        .doc = "Socket of the `voxkeeper` command."},
    {"Admin", "ControlGroup", &config_type_string, ROOT(admin.control_group),
        .preset = "voxkeeper", .check = config_check_account, DAEMON,
        .doc = "Its members may change things, and read what workers wrote, beside root and the "
               "daemon's own user; a group that does not exist has none."},
    {"Admin", "TokenCredential", &config_type_string, ROOT(admin.token_credential),
        .check = config_check_path, LIVE,
        .doc = "File whose first line (16 to 512 bytes) lets whoever sends it as `Authorization: "
               "Bearer` change things by TCP; read anew each time. Without it TCP only reads."},
    {"Admin", "AllowedHosts", &config_type_list, ROOT(admin.allowed_hosts),
        .check = config_check_host, LIVE,
        .doc = "Names by which browsers may ask Listen=, beside addresses and localhost: the name "
               "of a proxy in front of it, say. Others are refused, against DNS rebinding."},
    {"Admin", "StateDirectory", &config_type_string, ROOT(admin.state_directory),
        .preset = "/var/lib/voxkeeper", .check = config_check_path, DAEMON,
        .doc = "Where the daemon keeps what must last."},
    {"Admin", "RunbookUrl", &config_type_string, ROOT(admin.runbook_url),
        .preset = "file:///usr/share/doc/voxkeeper/runbook.md", .check = config_check_base_url, LIVE,
        .doc = "Where people who are told of an incident find the runbook; `#` and the section "
               "are added."},

    {"Daemon", "LogLevel", &config_type_choice, ROOT(log_level), .preset = "info",
        .choices = log_levels, LIVE,
        .doc = "Least urgent message that is logged."},
};
/* clang-format on */
const size_t config_n_keys = sizeof config_keys / sizeof *config_keys;
