/*
 * Every family of metrics: the one list. Names and labels are an interface, docs/metrics.md
 * explains them and is held against this. A scrape has them in this order.
 *
 * X(SYMBOL, TYPE, name, labels, help)
 */
#pragma once

/* clang-format off */
#define METRIC_FAMILIES(X) \
    X(BUILD_INFO, INFO, "voxkeeper_build_info", "version,revision", "Version of voxkeeperd, and the commit that it was built from.") \
    X(READY, GAUGE, "voxkeeper_ready", "", "1 if a verified worker serves and nobody drains, as /readyz says.") \
    X(RESUMES, COUNTER, "voxkeeper_resumes_total", "", "Instances of voxkeeperd before this one that handed their workers on.") \
    X(WORKERS_WANTED, GAUGE, "voxkeeper_workers_wanted", "", "Workers that shall serve.") \
    X(WORKERS_CONFIGURED, GAUGE, "voxkeeper_workers_configured", "", "Workers that the configuration asks for; voxkeeper scale may ask for others.") \
    X(WORKERS, GAUGE, "voxkeeper_workers", "state", "Workers by state.") \
    X(SERVING_WORKERS, GAUGE, "voxkeeper_serving_workers", "", "Verified workers that take callers, without those known to hang.") \
    X(WITHOUT_SERVING_WORKER, COUNTER, "voxkeeper_without_serving_worker_seconds_total", "why", "Time in which no verified worker served.") \
    X(WORKER_INFO, INFO, "voxkeeper_worker_info", "worker,generation,release", "Generation and release of each worker.") \
    X(WORKER_START_TIME, GAUGE, "voxkeeper_worker_start_time_seconds", "worker", "When the worker was started, since the epoch.") \
    X(WORKER_RESIDENT_MEMORY, GAUGE, "voxkeeper_worker_resident_memory_bytes", "worker", "Resident memory of the worker's main process.") \
    X(WORKER_CPU, COUNTER, "voxkeeper_worker_cpu_seconds_total", "worker", "CPU time of the worker's main process.") \
    X(WORKER_OPEN_FDS, GAUGE, "voxkeeper_worker_open_fds", "worker", "Open descriptors of the worker's main process.") \
    X(WORKER_STARTS, COUNTER, "voxkeeper_worker_starts_total", "", "Workers whose program was executed.") \
    X(WORKER_START_DURATION, HISTOGRAM, "voxkeeper_worker_start_duration_seconds", "", "Time from the start of a worker until it was verified.") \
    X(WORKER_EXITS, COUNTER, "voxkeeper_worker_exits_total", "cause", "Ends of workers, by why they ended.") \
    X(WORKER_RESTARTS, COUNTER, "voxkeeper_worker_restarts_total", "reason", "Ends of workers that another one is started for, by why they ended.") \
    X(CRASH_LOOPS, GAUGE, "voxkeeper_crash_loops", "", "Workers that are in a crash loop.") \
    X(PROBE_DURATION, HISTOGRAM, "voxkeeper_probe_duration_seconds", "", "Time that a round of probes took.") \
    X(PROBES, COUNTER, "voxkeeper_probes_total", "verdict", "Rounds of probes, by the worst answer in each.") \
    X(WORKER_VERDICTS, COUNTER, "voxkeeper_worker_verdicts_total", "verdict", "What was concluded about workers from their probes and watchdogs.") \
    X(RESTARTS, COUNTER, "voxkeeper_restarts_total", "outcome", "Restarts that somebody asked for, by their verdict.") \
    X(RELOADS, COUNTER, "voxkeeper_reloads_total", "outcome", "Configurations that were read anew, by what became of them.") \
    X(ROLLOUTS, COUNTER, "voxkeeper_rollouts_total", "outcome", "What rollouts came to.") \
    X(ROLLOUT_INFO, INFO, "voxkeeper_rollout_info", "state,generation,release,generation_from,release_from", "The rollout under way, or the last one.") \
    X(ROLLOUT_PHASE_DURATION, HISTOGRAM, "voxkeeper_rollout_phase_duration_seconds", "phase", "Time that rollouts spent in a phase.") \
    X(HANDOVER_DURATION, HISTOGRAM, "voxkeeper_handover_duration_seconds", "", "Time from the pause of a worker until its last connection was gone.") \
    X(CALLERS, GAUGE, "voxkeeper_callers", "kind", "Callers: connections lately; sessions in use and pending tasks when Redis was last walked. NaN: not known.") \
    X(CALLERS_CUT, COUNTER, "voxkeeper_callers_cut_total", "", "Callers whose calls were broken off.") \
    X(DRAINING, GAUGE, "voxkeeper_draining", "", "1 while callers are waited for, or all workers are gone after that.") \
    X(DRAINS, COUNTER, "voxkeeper_drains_total", "outcome", "Drains that ended, by how.") \
    X(REDIS_UP, GAUGE, "voxkeeper_redis_up", "", "1 if Redis answers us; no sample without [Redis] Url=.") \
    X(REDIS_LATENCY, HISTOGRAM, "voxkeeper_redis_latency_seconds", "", "Time that Redis took to answer a PING.") \
    X(REDIS_RECONNECTS, COUNTER, "voxkeeper_redis_reconnects_total", "", "Connections to Redis that were made anew after one was lost.") \
    X(SWEEPS, COUNTER, "voxkeeper_sweeps_total", "outcome", "Sweeps that ended, by how; dry runs do not count.") \
    X(SWEEP_DURATION, HISTOGRAM, "voxkeeper_sweep_duration_seconds", "", "Time that a sweep took.") \
    X(SWEEP_FINDINGS, COUNTER, "voxkeeper_sweep_findings_total", "keyspace,kind", "Keys that a sweep found and that are not fine.") \
    X(SWEEP_DELETED, COUNTER, "voxkeeper_sweep_deleted_total", "keyspace,kind", "Keys that a sweep removed.") \
    X(KEYS, GAUGE, "voxkeeper_keys", "keyspace", "Keys when Redis was last walked to the end. NaN: not known.") \
    X(SESSION_AGE, HISTOGRAM, "voxkeeper_session_age_seconds", "", "Age of the sessions that there were when Redis was last walked to the end.") \
    X(TASK_AGE, HISTOGRAM, "voxkeeper_task_age_seconds", "", "Age of the tasks that there were when Redis was last walked to the end.") \
    X(LOG_LINES, COUNTER, "voxkeeper_log_lines_total", "source,level", "Records that went to the log.") \
    X(LOG_LINES_DROPPED, COUNTER, "voxkeeper_log_lines_dropped_total", "", "Lines of workers beyond the rate that is logged.") \
    X(LOG_WATCH_MATCHES, COUNTER, "voxkeeper_log_watch_matches_total", "watch", "Lines of workers in which a log watch found what it looks for.") \
    X(JOURNAL_DROPPED, COUNTER, "voxkeeper_journal_dropped_total", "", "Records that the journal, or who reads stderr, could not take.") \
    X(EVENTS, COUNTER, "voxkeeper_events_total", "event", "Events, by their name.") \
    X(INCIDENTS_OPENED, COUNTER, "voxkeeper_incidents_total", "condition", "Incidents that were opened.") \
    X(INCIDENTS_OPEN, GAUGE, "voxkeeper_open_incidents", "condition,severity", "Incidents that are open.") \
    X(ALERTS_SENT, COUNTER, "voxkeeper_alerts_sent_total", "notifier", "Notices that a notifier took.") \
    X(ALERTS_FAILED, COUNTER, "voxkeeper_alerts_failed_total", "notifier", "Notices that were given up.") \
    X(ALERTS_QUEUED, GAUGE, "voxkeeper_alerts_queued", "", "Notices that wait for their delivery.") \
    X(PREFLIGHT_RUN, GAUGE, "voxkeeper_preflight_run", "", "A number that nobody can guess while the checklist asks whether it is scraped, else 0.") \
    X(PREFLIGHT_ALERT, GAUGE, "voxkeeper_preflight_alert", "", "The same while it waits for its test alert to come back, else 0.") \
    X(CREDENTIAL_AGE, GAUGE, "voxkeeper_credential_age_seconds", "credential", "Time since the value in use was first seen. NaN: there is none.") \
    X(CREDENTIAL_ROTATE_AFTER, GAUGE, "voxkeeper_credential_rotate_after_seconds", "credential", "Age at which a credential is to be replaced.") \
    X(PROVIDER_KEY_VALID, GAUGE, "voxkeeper_provider_key_valid", "provider,credential", "1 if the provider takes the value in use, 0 if it refuses it or has no credit left for it.") \
    X(PROVIDER_QUOTA, GAUGE, "voxkeeper_provider_quota_remaining", "provider,credential", "What is left at the provider, in its own unit.") \
    X(PROVIDER_KEY_EXPIRY, GAUGE, "voxkeeper_provider_key_expiry_timestamp_seconds", "provider,credential", "When the value in use ends, as the provider says.") \
    X(CONFIG_LAST_RELOAD_SUCCESSFUL, GAUGE, "voxkeeper_config_last_reload_successful", "", "1 if the configuration was taken when it was last read.") \
    X(CONFIG_LAST_RELOAD_SUCCESS, GAUGE, "voxkeeper_config_last_reload_success_timestamp_seconds", "", "When the configuration in force was read, since the epoch.") \
    X(STATE_DIRECTORY_FREE, GAUGE, "voxkeeper_state_directory_free_bytes", "", "Free space for us where [Admin] StateDirectory= is.") \
    X(MEMORY_USED, GAUGE, "voxkeeper_memory_used_bytes", "", "Memory of voxkeeperd and its workers, less what the kernel takes back first; no sample where their cgroup does not tell.") \
    X(MEMORY_LIMIT, GAUGE, "voxkeeper_memory_limit_bytes", "", "What they may use together; no sample without a limit.") \
    X(LOOP_LAG, HISTOGRAM, "voxkeeper_loop_lag_seconds", "", "How much later than asked for timers of voxkeeperd came.") \
    X(PROCESS_RESIDENT_MEMORY, GAUGE, "process_resident_memory_bytes", "", "Resident memory of voxkeeperd.") \
    X(PROCESS_CPU, COUNTER, "process_cpu_seconds_total", "", "CPU time of voxkeeperd.") \
    X(PROCESS_OPEN_FDS, GAUGE, "process_open_fds", "", "Open descriptors of voxkeeperd.") \
    X(PROCESS_MAX_FDS, GAUGE, "process_max_fds", "", "Descriptors that voxkeeperd may have.") \
    X(PROCESS_START_TIME, GAUGE, "process_start_time_seconds", "", "When this instance of voxkeeperd began, since the epoch.")
/* clang-format on */

#define X(symbol, type, name, labels, help) METRIC_##symbol,
enum metric_family { METRIC_FAMILIES(X) METRIC_FAMILY_COUNT };
#undef X
