"""/metrics through the life of a daemon: each family moves when it should, and only by what happened."""

import json
import math
import os
import shutil
import signal

import pytest
from agent import ask_half, fault, hold, request
from daemon import BUILD
from scrape import OPENMETRICS, promtool_check, scrape, table
from waiting import wait_for

OLD = "2020-01-01T00:00:00Z"
# Far more than Rise=: it is verified first.
BAD = {"FAULT_HEALTH": "wrong", "FAULT_HEALTH_AFTER_PROBES": "10"}
TICKS = {"voxkeeper_probes_total", "voxkeeper_probe_duration_seconds", "voxkeeper_loop_lag_seconds"}

# What must have moved by the end of each test; together they are all families.
MOVES = {
    "test_the_first_worker": {
        "voxkeeper_ready", "voxkeeper_workers", "voxkeeper_serving_workers",
        "voxkeeper_without_serving_worker_seconds_total", "voxkeeper_worker_verdicts_total",
        "voxkeeper_worker_start_duration_seconds", "process_cpu_seconds_total", *TICKS},
    "test_a_crash": {
        "voxkeeper_worker_start_time_seconds", "voxkeeper_worker_exits_total",
        "voxkeeper_worker_restarts_total", "voxkeeper_worker_starts_total",
        "voxkeeper_without_serving_worker_seconds_total", "voxkeeper_events_total"},
    "test_a_crash_loop": {
        "voxkeeper_crash_loops", "voxkeeper_incidents_total", "voxkeeper_open_incidents"},
    "test_what_workers_use": {
        "voxkeeper_worker_cpu_seconds_total", "voxkeeper_worker_resident_memory_bytes",
        "voxkeeper_worker_open_fds"},
    "test_a_rollout": {
        "voxkeeper_rollouts_total", "voxkeeper_rollout_info", "voxkeeper_restarts_total",
        "voxkeeper_worker_info",
        "voxkeeper_rollout_phase_duration_seconds", "voxkeeper_handover_duration_seconds"},
    "test_a_rollout_that_goes_back": {"voxkeeper_rollouts_total", "voxkeeper_reloads_total"},
    "test_callers_and_whom_a_drain_cuts": {
        "voxkeeper_callers", "voxkeeper_callers_cut_total", "voxkeeper_draining",
        "voxkeeper_drains_total", "voxkeeper_without_serving_worker_seconds_total",
        "voxkeeper_workers_wanted"},
    "test_a_sweep": {
        "voxkeeper_sweeps_total", "voxkeeper_sweep_duration_seconds", "voxkeeper_keys",
        "voxkeeper_sweep_findings_total", "voxkeeper_sweep_deleted_total",
        "voxkeeper_session_age_seconds", "voxkeeper_task_age_seconds", "voxkeeper_callers"},
    "test_redis_comes_and_goes": {
        "voxkeeper_redis_up", "voxkeeper_redis_latency_seconds", "voxkeeper_redis_reconnects_total",
        "voxkeeper_worker_verdicts_total"},
    "test_what_workers_write": {
        "voxkeeper_log_lines_total", "voxkeeper_log_lines_dropped_total"},
    "test_reloads": {
        "voxkeeper_config_last_reload_successful", "voxkeeper_workers_wanted",
        "voxkeeper_workers_configured",
        "voxkeeper_config_last_reload_success_timestamp_seconds"},
    "test_an_upgrade": {"voxkeeper_resumes_total", "process_start_time_seconds"},
}
# And why the rest does not move here.
ELSEWHERE = {
    "voxkeeper_build_info": "one value for each build",
    "voxkeeper_journal_dropped_total": "test/loop/journal.c: a journal that takes nothing",
    "voxkeeper_log_watch_matches_total": "test_log_watch.py: the agent's own messages",
    "voxkeeper_state_directory_free_bytes": "others write to that disk as well",
    "process_resident_memory_bytes": "as the kernel pleases",
    "process_open_fds": "compared with /proc",
    "process_max_fds": "compared with /proc",
    "voxkeeper_memory_used_bytes": "test/loop/cgroup_memory.c",
    "voxkeeper_memory_limit_bytes": "test/loop/cgroup_memory.c",
    "voxkeeper_alerts_sent_total": "test/unit/meters.c",
    "voxkeeper_alerts_failed_total": "test/unit/meters.c",
    "voxkeeper_alerts_queued": "test/unit/meters.c",
    "voxkeeper_preflight_run": "test_preflight.py: a test alert goes the whole way",
    "voxkeeper_preflight_alert": "test_preflight.py: a test alert goes the whole way",
    "voxkeeper_credential_age_seconds": "test_credentials.py",
    "voxkeeper_credential_rotate_after_seconds": "test_credentials.py",
    "voxkeeper_provider_key_valid": "test_credentials_rotate.py",
    "voxkeeper_provider_quota_remaining": "test_credentials_rotate.py",
    "voxkeeper_provider_key_expiry_timestamp_seconds": "test_provider_forms.py",
}


@pytest.fixture
def moved(request):
    """moved(before, .., after): whether all families moved, from one to the next, that this test
    speaks for."""
    def check(*scrapes):
        still = MOVES[request.node.originalname].difference(
            *(after.moved_since(before) for before, after in zip(scrapes, scrapes[1:])))
        assert not still, f"did not move: {sorted(still)}"
    return check


@pytest.fixture
def sleepers(make_daemon, sleeper_config):
    """A daemon whose workers are well, as long as a file is there."""
    def start(workers=1, **sections):
        daemon = make_daemon({**sleeper_config(Workers=workers), "Restart": {"Delay": "50ms"}, **sections})
        daemon.wait_event("worker-verified", count=workers)
        return daemon
    return start


@pytest.fixture
def agents(make_daemon, agent_config):
    def start(environment=None, workers=1, **sections):
        agent = {"Handover": "preload", "Workers": str(workers), **sections.pop("Agent", {})}
        daemon = make_daemon(agent_config(environment, Agent=agent, **sections))
        daemon.wait_event("worker-verified", count=workers)
        return daemon
    return start


def wait_metric(daemon, value, name, **labels):
    wait_for(lambda: scrape(daemon)(name, **labels) == value, what=f"{name} {labels} to be {value}")
    return scrape(daemon)


def test_every_family_has_its_test():
    assert all(name in globals() for name in MOVES)
    assert set().union(*MOVES.values()) | set(ELSEWHERE) == set(table())


def test_both_formats_are_what_they_should_be(sleepers, redis):
    daemon = sleepers(workers=2, Redis={"Url": redis.url})
    daemon.wait_event("redis-up")
    text, openmetrics = scrape(daemon), scrape(daemon, OPENMETRICS)
    assert text.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert openmetrics.content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert set(text.samples) == set(openmetrics.samples)
    assert promtool_check(text.text) == ""
    assert len(text.samples) < 700
    missing = set(table()) - {name.removesuffix("_bucket") for name, _ in text.samples}
    # Where the tests run, our cgroup may or may not tell.
    missing -= {"voxkeeper_memory_used_bytes", "voxkeeper_memory_limit_bytes"}
    # The ones of which there is none yet.
    assert missing == {"voxkeeper_rollout_info", "voxkeeper_alerts_sent_total",
                       "voxkeeper_alerts_failed_total", "voxkeeper_credential_age_seconds",
                       "voxkeeper_credential_rotate_after_seconds",
                       "voxkeeper_provider_key_valid", "voxkeeper_provider_quota_remaining",
                       "voxkeeper_provider_key_expiry_timestamp_seconds"}
    assert text("voxkeeper_worker_exits_total", cause="oom") == 0
    assert text("voxkeeper_rollouts_total", outcome="rolled-back") == 0
    assert text("voxkeeper_sweep_deleted_total", keyspace="tasks", kind="stuck-task") == 0
    assert math.isnan(text("voxkeeper_keys", keyspace="sessions"))


def test_the_daemon_itself(sleepers):
    daemon = sleepers()
    seen = scrape(daemon)
    fds = len(os.listdir(f"/proc/{daemon.pid}/fd"))
    assert abs(seen("process_open_fds") - fds) <= 3  # our connection is one
    (limit,) = [line.split() for line in open(f"/proc/{daemon.pid}/limits") if "open files" in line]
    assert seen("process_max_fds") == int(limit[3])
    (resident,) = [line.split() for line in open(f"/proc/{daemon.pid}/status") if "VmRSS" in line]
    assert seen("process_resident_memory_bytes") == pytest.approx(int(resident[1]) * 1024, rel=0.3)
    assert seen("voxkeeper_state_directory_free_bytes") > 0
    version = daemon.request("GET", "/api/v1/status")[1]["daemon"]["version"]
    ((labels, value),) = seen.of("voxkeeper_build_info").items()
    assert dict(labels)["version"] == version and dict(labels)["revision"] and value == 1


def test_the_first_worker(make_daemon, sleeper_config, directory, moved):
    go = directory / "go"
    config = sleeper_config()
    config["Probe alive"]["Command"] = f"/usr/bin/test -e {go}"
    daemon = make_daemon(config)
    daemon.wait_event("worker-started")
    before = scrape(daemon)
    starting = {"name": "voxkeeper_without_serving_worker_seconds_total", "why": "starting"}
    assert before("voxkeeper_ready") == 0 and before("voxkeeper_serving_workers") == 0
    wait_for(lambda: scrape(daemon)(**starting) > before(**starting))
    wait_for(lambda: scrape(daemon)("voxkeeper_probes_total", verdict="fail") > 0)
    go.touch()
    daemon.wait_event("worker-verified")
    busy = [scrape(daemon) for _ in range(20)][-1]
    wait_for(lambda: scrape(daemon)("process_cpu_seconds_total") > before("process_cpu_seconds_total"))
    after = scrape(daemon)
    assert after("voxkeeper_ready") == 1 and after("voxkeeper_serving_workers") == 1
    assert after("voxkeeper_workers", state="serving") == 1
    assert after("voxkeeper_worker_verdicts_total", verdict="verified") == 1
    assert after("voxkeeper_worker_start_duration_seconds_count") == 1
    assert busy(**starting) == after(**starting) > 0
    assert after(starting["name"], why="down") == after(starting["name"], why="drained") == 0
    moved(before, after)


def test_a_crash(sleepers, moved):
    daemon = sleepers()
    before = scrape(daemon)
    for number in (1, 2):
        os.kill(daemon.workers()[0], signal.SIGKILL)
        daemon.wait_event("worker-verified", count=number + 1)
    after = wait_metric(daemon, 2, "voxkeeper_events_total", event="worker-crashed")
    assert after("voxkeeper_worker_exits_total", cause="crash") == 2
    assert after("voxkeeper_worker_restarts_total", reason="crash") == 2
    assert sum(after.of("voxkeeper_worker_exits_total").values()) == 2
    assert after("voxkeeper_worker_starts_total") == 3
    down = after("voxkeeper_without_serving_worker_seconds_total", why="down")
    assert 0 < down <= after("process_start_time_seconds") + 3600
    assert len(after.of("voxkeeper_worker_info")) == 1
    moved(before, after)


def test_a_crash_loop(make_daemon, sleeper_config, directory, moved):
    program = directory / "program"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    daemon = make_daemon({**sleeper_config(ExecStart=program, Workers=2),
                          "Restart": {"Delay": "10ms", "MaxDelay": "60s", "LoopAfter": "3"}})
    daemon.wait_event("worker-verified", count=2)
    before = scrape(daemon)
    program.unlink()
    for pid in daemon.workers():
        os.kill(pid, signal.SIGKILL)
    daemon.wait_event("worker-crash-loop", count=2)
    after = wait_metric(daemon, 1, "voxkeeper_incidents_total", condition="crash-loop")
    assert after("voxkeeper_open_incidents", condition="crash-loop", severity="P2") == 1
    assert after("voxkeeper_crash_loops") == 2
    assert after("voxkeeper_worker_exits_total", cause="crash") == 2
    assert after("voxkeeper_worker_exits_total", cause="spawn-failed") >= 4
    # The series of those that are gone are gone.
    wait_for(lambda: scrape(daemon).of("voxkeeper_worker_info") == {})
    moved(before, after)


def test_what_workers_use(agents, port, moved):
    daemon = agents()
    before = scrape(daemon)
    callers = [ask_half(port) for _ in range(8)]
    try:
        wait_for(lambda: scrape(daemon)("voxkeeper_worker_open_fds", worker="1") >=
                 before("voxkeeper_worker_open_fds", worker="1") + 4)
        for _ in range(200):
            request(port, "GET", "/health")
        wait_for(lambda: scrape(daemon)("voxkeeper_worker_cpu_seconds_total", worker="1") >
                 before("voxkeeper_worker_cpu_seconds_total", worker="1"))
        after = scrape(daemon)
    finally:
        for caller in callers:
            caller.close()
    assert after("voxkeeper_worker_resident_memory_bytes", worker="1") > 10 << 20
    moved(before, after)


def test_a_rollout(agents, port, moved):
    daemon = agents(workers=2, Rollout={"Bake": "300ms", "KeepWarm": "0"})
    before = scrape(daemon)
    with hold(port):
        daemon.cli("restart", check=True)
    wait_for(lambda: scrape(daemon)("voxkeeper_handover_duration_seconds_count") == 2)
    wait_for(lambda: scrape(daemon)("voxkeeper_worker_exits_total", cause="restart") == 2)
    after = scrape(daemon)
    assert after("voxkeeper_rollouts_total", outcome="done") == 1
    assert sum(after.of("voxkeeper_rollouts_total").values()) == 1
    assert after("voxkeeper_restarts_total", outcome="done") == 1
    for phase in ("canary", "baking", "rolling"):
        assert after("voxkeeper_rollout_phase_duration_seconds_count", phase=phase) == 1
    assert after("voxkeeper_rollout_phase_duration_seconds_sum", phase="baking") > 0.25
    assert after("voxkeeper_rollout_phase_duration_seconds_count", phase="back") == 0
    assert after("voxkeeper_without_serving_worker_seconds_total", why="down") == 0
    assert len(after.of("voxkeeper_worker_info")) == 2
    moved(before, after)


def test_a_rollout_that_goes_back(agents, agent_config, moved):
    rollout = {"Bake": "60s"}
    daemon = agents(Rollout=rollout)
    before = scrape(daemon)
    daemon.configure(agent_config(BAD, Agent={"Handover": "preload"}, Rollout=rollout))
    assert daemon.cli("reload").returncode == 4
    after = wait_metric(daemon, 1, "voxkeeper_rollouts_total", outcome="rolled-back")
    assert after("voxkeeper_rollouts_total", outcome="done") == 0
    assert after("voxkeeper_reloads_total", outcome="refused") == 1
    assert after("voxkeeper_worker_verdicts_total", verdict="unhealthy") == 1
    assert after("voxkeeper_rollout_phase_duration_seconds_count", phase="back") == 1
    assert after("voxkeeper_config_last_reload_successful") == 0
    moved(before, after)


def test_callers_and_whom_a_drain_cuts(agents, port, redis, moved):
    session = {"sessionId": "s", "createdAt": OLD, "lastAccessedAt": OLD, "metadata": {}}
    redis.command("SET", "elevenlabs:session:s", json.dumps(session), "EX", "3600")
    daemon = agents(Agent={"TimeoutStopSec": "500ms"}, Drain={"Timeout": "1s", "CountInterval": "100ms"})
    daemon.wait_event("redis-up")
    before = scrape(daemon)
    assert math.isnan(before("voxkeeper_callers", kind="tasks"))
    with ask_half(port):
        wait_metric(daemon, 1, "voxkeeper_callers", kind="connections")
        assert daemon.cli("drain").returncode == 5
    after = wait_metric(daemon, 1, "voxkeeper_callers_cut_total")
    assert after("voxkeeper_draining") == 1 and after("voxkeeper_ready") == 0
    assert after("voxkeeper_drains_total", outcome="cut") == 1
    assert after("voxkeeper_callers", kind="tasks") == 0
    assert after("voxkeeper_worker_exits_total", cause="stop") == 1
    assert after("voxkeeper_worker_restarts_total", reason="stop") == 0
    drained = {"name": "voxkeeper_without_serving_worker_seconds_total", "why": "drained"}
    wait_for(lambda: scrape(daemon)(**drained) > after(**drained))
    moved(before, after)
    daemon.cli("resume", check=True)
    again = wait_metric(daemon, 1, "voxkeeper_serving_workers")
    assert again("voxkeeper_draining") == 0
    assert again(drained["name"], why="starting") > after(drained["name"], why="starting")
    assert again(drained["name"], why="down") == 0
    assert scrape(daemon)(**drained) == again(**drained)


def test_a_sweep(sleepers, redis, moved):
    for i in range(3):
        redis.command("SET", f"cursor_task:{i}", json.dumps(
            {"pending": True, "createdAt": OLD, "conversationId": f"c{i}"}))
    redis.command("SET", "elevenlabs:session:a", json.dumps({"createdAt": OLD}), "EX", 3000)
    daemon = sleepers(Redis={"Url": redis.url}, Sweep={"Interval": "infinity", "MaxDelete": "infinity"})
    daemon.wait_event("redis-up")
    stuck = {"keyspace": "tasks", "kind": "stuck-task"}
    before = scrape(daemon)
    daemon.cli("sweep", "--dry-run", check=True)
    looked = scrape(daemon)
    assert looked("voxkeeper_keys", keyspace="tasks") == 3
    assert looked("voxkeeper_sweep_findings_total", **stuck) == 0
    assert looked("voxkeeper_task_age_seconds_count") == 3
    assert looked("voxkeeper_task_age_seconds_bucket", le="604800.0") == 0
    daemon.cli("sweep", check=True)
    after = scrape(daemon)
    assert after("voxkeeper_sweeps_total", outcome="done") == 1
    assert sum(after.of("voxkeeper_sweeps_total").values()) == 1
    assert after("voxkeeper_sweep_duration_seconds_count") == 1
    assert after("voxkeeper_sweep_findings_total", **stuck) == 3
    assert after("voxkeeper_sweep_deleted_total", **stuck) == 3
    assert sum(after.of("voxkeeper_sweep_deleted_total").values()) == 3
    assert after("voxkeeper_session_age_seconds_count") == 1
    assert after("voxkeeper_session_age_seconds_bucket", le="3600.0") == 1
    moved(before, after)
    daemon.cli("sweep", "--dry-run", check=True)
    assert scrape(daemon)("voxkeeper_keys", keyspace="tasks") == 0


def test_redis_comes_and_goes(agents, redis, moved):
    daemon = agents(Redis={"Url": redis.url, "CommandTimeout": "1s"})
    daemon.wait_event("redis-up")
    before = scrape(daemon)
    assert before("voxkeeper_redis_up") == 1
    redis.stop()
    daemon.wait_event("redis-down")
    down = scrape(daemon)
    assert down("voxkeeper_redis_up") == 0
    wait_for(lambda: scrape(daemon)("voxkeeper_worker_verdicts_total", verdict="degraded") > 0)
    wait_for(lambda: scrape(daemon)("voxkeeper_probes_total", verdict="dependency") > 0)
    redis.start()
    daemon.wait_event("redis-up", count=2)
    after = scrape(daemon)
    assert after("voxkeeper_redis_up") == 1
    assert after("voxkeeper_redis_reconnects_total") == 1
    assert after("voxkeeper_redis_latency_seconds_count") > before("voxkeeper_redis_latency_seconds_count")
    assert after("voxkeeper_worker_exits_total", cause="zombie") == 0
    moved(before, down, after)


def test_without_redis_it_is_not_down(sleepers):
    assert scrape(sleepers()).of("voxkeeper_redis_up") == {}


def test_what_workers_write(agents, port, moved):
    daemon = agents({"FAULT_ROUTES": "1"})
    before = scrape(daemon)
    fault(port, "flood?rate=20000")
    wait_for(lambda: scrape(daemon)("voxkeeper_log_lines_dropped_total") > 0, deadline=30)
    fault(port, "flood?rate=0")
    after = scrape(daemon)
    lines = sum(value for labels, value in after.of("voxkeeper_log_lines_total").items()
                if ("source", "worker") in labels)
    assert lines > 1000
    dropped = daemon.events("worker-output-dropped")
    assert after("voxkeeper_log_lines_dropped_total") <= sum(int(event["lines"]) for event in dropped)
    moved(before, after)


def test_reloads(sleepers, sleeper_config, moved):
    daemon = sleepers()
    before = scrape(daemon)
    assert before("voxkeeper_config_last_reload_successful") == 1
    daemon.config.write_text(daemon.config.read_text() + "Lisen=1\n")
    assert daemon.cli("reload").returncode == 1
    refused = wait_metric(daemon, 0, "voxkeeper_config_last_reload_successful")
    at = "voxkeeper_config_last_reload_success_timestamp_seconds"
    assert refused(at) == before(at)
    daemon.configure(sleeper_config(Workers=2))
    daemon.cli("reload", check=True)
    after = wait_metric(daemon, 1, "voxkeeper_config_last_reload_successful")
    assert after(at) > before(at)
    assert after("voxkeeper_workers_wanted") == after("voxkeeper_workers_configured") == 2
    moved(refused, after)
    daemon.cli("scale", "3", check=True)
    scaled = scrape(daemon)
    assert scaled("voxkeeper_workers_wanted") == 3
    assert scaled("voxkeeper_workers_configured") == 2


def test_an_upgrade(make_daemon, sleeper_config, directory, moved):
    program = directory / "voxkeeperd"
    shutil.copy(BUILD / "src/daemon/voxkeeperd", program)
    daemon = make_daemon(sleeper_config(), start=False)
    daemon.start(program=program)
    daemon.wait_event("worker-verified")
    before = scrape(daemon)
    daemon.cli("upgrade", check=True)
    daemon.wait_event("upgrade-done")
    after = scrape(daemon)
    assert after("voxkeeper_resumes_total") == 1
    assert after("process_start_time_seconds") > before("process_start_time_seconds")
    gaps = after.of("voxkeeper_without_serving_worker_seconds_total")
    assert after("voxkeeper_serving_workers") == 1 and set(gaps.values()) == {0}
    assert after("voxkeeper_worker_start_time_seconds", worker="1") == \
        pytest.approx(before("voxkeeper_worker_start_time_seconds", worker="1"), abs=0.1)
    assert after("voxkeeper_worker_exits_total", cause="crash") == 0
    moved(before, after)
