/*
 * The control API: HTTP/1.1 with JSON on a unix socket. Reading verbs are GET; changing verbs are
 * POST and answer 202 with an operation, which is then polled until its `state` is not "running".
 *
 *   GET  VK_API_STATUS                what serves now, callers, drain, Redis, last sweep
 *   GET  VK_API_WORKERS               one object a worker
 *   GET  VK_API_CONFIG                the effective configuration, secrets masked
 *   GET  VK_API_ROLLOUT               the rollout under way, or the last one
 *   GET  VK_API_SAMPLES               ?limit=N: callers, probe latency and serving workers, lately
 *   GET  VK_API_EVENTS                ?after=SEQ&limit=N: {"boot", "newest", "events": [..]}, the
 *                                     oldest first; without `after` the latest. SEQ begins anew
 *                                     with another `boot`
 *   GET  VK_API_STREAM                server-sent events: "status", "workers", "incidents" (those that
 *                                     are open) and "samples" (the newest), as the paths of these
 *                                     names answer, when they change; "event" with id BOOT-SEQ for
 *                                     each event. Last-Event-ID: BOOT-SEQ, or ?last_event_id=,
 *                                     brings those that were missed
 *   GET  VK_API_LOGS                  ?limit=N: the last log lines that the daemon remembers; or
 *                                     ?after=NUMBER&limit=N: the first after that one, and "newest"
 *                                     is the NUMBER for the next question, while "boot" stays.
 *                                     &since=TIME, &worker=N, &event=NAME: only those. "journal",
 *                                     "unit": where else they are. Unix socket only, for those who
 *                                     may change something
 *   GET  VK_API_OPERATIONS "/ID"      ?after=SEQ: an operation and its progress lines after SEQ
 *   POST VK_API_RESTART, VK_API_RELOAD {"reason": TEXT, "preflight": BOOL, "override": TEXT}: the
 *                                     checklist first; why to go on if it fails. "release",
 *                                     "responsible", "eta" as of VK_API_PREFLIGHT
 *   POST VK_API_ROLLOUT_CANCEL, VK_API_ROLLOUT_PROMOTE, VK_API_ROLLOUT_ABORT  {"reason": TEXT}
 *   POST VK_API_SCALE                {"workers": N, "reason": TEXT}: so many, instead of Workers=; or
 *                                     {"default": true}: as many as that says
 *   POST VK_API_DRAIN, VK_API_RESUME  {"reason": TEXT}
 *   POST VK_API_UPGRADE               {"reason": TEXT}
 *   GET  VK_API_SWEEP                 the sweep under way, and the summaries of the latest ones
 *   POST VK_API_SWEEP                 {"dry_run": BOOL, "keyspace": NAME, "older_than": SPAN,
 *                                      "limit": NUMBER, "no_backup": BOOL}
 *   POST VK_API_SWEEP_CANCEL          {"operation": ID}: ends that sweep, or list of keys; without
 *                                     it the sweep that is under way. Answers its operation
 *   POST VK_API_KEYS                  {"stuck": BOOL, "keyspace": NAME, "sort": age|ttl,
 *                                      "limit": NUMBER}
 *   GET  VK_API_BACKUPS               the backup files, the newest first
 *   POST VK_API_BACKUPS               {"file": NAME, "key": GLOB}: what is in one
 *   GET  VK_API_CHANGELOG             ?limit=N, &since=TIME, &kind=KIND, &author=NAME: its latest
 *                                     entries, the newest first
 *   POST VK_API_CHANGELOG             {"text": TEXT, "reason": TEXT}: adds one
 *   POST VK_API_PREFLIGHT             {"junit": BOOL, "release": TEXT, "responsible": TEXT,
 *                                      "eta": SPAN or TIME}: runs the checklist before a
 *                                     deployment; "junit" of its result is then the same as JUnit's
 *                                     XML, and the team is told the others
 *   POST VK_API_RESTORE               {"file": NAME, "key": GLOB, "replace": BOOL, "dry_run": BOOL}
 *   POST VK_API_DOCTOR                {"suppressed": N}: looks at everything and says what is wrong;
 *                                     "suppressed": lines that the journal dropped, as the asker saw
 *   GET  VK_API_SILENCE               {"silence": {"since", "until", "left_usec", "author", "reason"}
 *                                     or null, "withheld": N}
 *   POST VK_API_SILENCE               {"span": SPAN, "reason": TEXT} or {"end": true}
 *   POST VK_API_ALERT_TEST            {"notifier": NAME}: a test notice to it, or to all
 *
 *   GET  VK_API_INCIDENTS             {"incidents": [..]}: what is wrong and what was, the newest
 *                                     first; ?open=1: only what is not resolved
 *   GET  VK_API_INCIDENTS "/ID"       one of them, with its timeline
 *   POST VK_API_INCIDENTS "/ID/acknowledge"  {"reason": TEXT}
 *
 * An error answers 4xx or 5xx with {"error": {"code": TEXT, "message": TEXT}}.
 * An operation is {"id", "kind", "state": running|done|failed|rolled_back|timed_out, "message",
 * "exit_code" (enum vk_exit, once ended), "result" (kind's own), "progress": [{"seq","message"}],
 * "so_far" (kind's own, while it runs)}.
 */
#pragma once

#define VK_CONTROL_SOCKET "/run/voxkeeper/control.sock"

#define VK_API "/api/v1"
#define VK_API_STATUS VK_API "/status"
#define VK_API_WORKERS VK_API "/workers"
#define VK_API_EVENTS VK_API "/events"
#define VK_API_STREAM VK_API "/stream"
#define VK_API_CONFIG VK_API "/config"
#define VK_API_SAMPLES VK_API "/samples"
#define VK_API_LOGS VK_API "/logs"
#define VK_API_OPERATIONS VK_API "/operations"
#define VK_API_RESTART VK_API "/restart"
#define VK_API_RELOAD VK_API "/reload"
#define VK_API_ROLLOUT VK_API "/rollout"
#define VK_API_ROLLOUT_CANCEL VK_API_ROLLOUT "/cancel"
#define VK_API_ROLLOUT_PROMOTE VK_API_ROLLOUT "/promote"
#define VK_API_ROLLOUT_ABORT VK_API_ROLLOUT "/abort"
#define VK_API_SCALE VK_API "/scale"
#define VK_API_DRAIN VK_API "/drain"
#define VK_API_RESUME VK_API "/resume"
#define VK_API_UPGRADE VK_API "/upgrade"
#define VK_API_SWEEP VK_API "/sweep"
#define VK_API_SWEEP_CANCEL VK_API_SWEEP "/cancel"
#define VK_API_KEYS VK_API "/keys"
#define VK_API_BACKUPS VK_API "/backups"
#define VK_API_SILENCE VK_API "/silence"
#define VK_API_ALERT_TEST VK_API "/notify/test"
#define VK_API_RESTORE VK_API "/restore"
#define VK_API_DOCTOR VK_API "/doctor"
#define VK_API_CHANGELOG VK_API "/changelog"
#define VK_API_PREFLIGHT VK_API "/preflight"
#define VK_PREFLIGHT_ECHO "/preflight/echo" /* POST by Alertmanager, without a token of ours */

/* Who called sudo, told by a client that runs as root. */
#define VK_HEADER_SUDO_USER "X-Voxkeeper-Sudo-User"
/* The service manager runs the client, as part of this; it does not say for whom. */
#define VK_HEADER_MANAGER "X-Voxkeeper-Manager"
#define VK_MANAGER_RELOAD "systemctl reload"
#define VK_API_INCIDENTS VK_API "/incidents"
#define VK_API_ACKNOWLEDGE "/acknowledge" /* behind an incident */

enum {
    VK_REQUEST_BODY_MAX = 64 * 1024, /* bytes; longer bodies are answered 413 */
    VK_KEYS_MAX = 1000,              /* keys that one list shows at most */
    VK_REASON_MAX = 1024,            /* bytes of a --reason */
    VK_TEAM_TEXT_MAX = 256,          /* bytes of a --release or --responsible */
};
