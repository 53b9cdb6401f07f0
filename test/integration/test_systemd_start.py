"""systemctl start: what systemd is told, and when."""

import pytest
from service import CONFIG, GATED
from waiting import wait_for

pytestmark = pytest.mark.systemd


def test_start_returns_when_a_worker_is_verified(service):
    service.shut_gate()
    service.configure(Agent=GATED)
    service.systemctl("start", "--no-block")
    started = service.event("worker-started")
    assert service.show("ActiveState") == "activating"
    service.open_gate()
    service.wait_show("ActiveState", "active")
    verified = service.event("worker-verified")
    assert verified["WORKER_PID"] == started["WORKER_PID"]
    told = service.entry(UNIT="voxkeeper.service", JOB_TYPE="start", JOB_RESULT="done")
    assert int(told["__MONOTONIC_TIMESTAMP"]) >= int(verified["__MONOTONIC_TIMESTAMP"])
    assert service.ask("/health")["redis"] == "connected"


def test_status_says_what_serves(service):
    service.start()
    assert "1/1 workers serve" in service.show("StatusText")
    wait_for(lambda: service.show("StatusText") == "1/1 workers serve, redis up", what="Redis")
    page = service.status_page()
    assert "Active: active (running)" in page
    assert 'Status: "1/1 workers serve, redis up"' in page
    service.box.run("systemctl", "stop", "redis-server")
    service.event("redis-down")
    wait_for(lambda: "redis down" in service.show("StatusText"), what="the news in the status")


def test_a_worker_that_never_proves_itself_keeps_the_start_waiting(service):
    service.configure({"FAULT_HEALTH": "wrong"}, Agent={"TimeoutStartSec": "3s"})
    service.systemctl("start", "--no-block")
    failed = service.given_up("broken", lambda more: service.configure(
        {"FAULT_HEALTH": "wrong"}, Agent={"TimeoutStartSec": more}))
    assert '"status":"broken"' in failed["VOXKEEPER_PROBE_BODY"]
    assert service.show("ActiveState") == "activating"
    assert "0/1 workers serve" in service.show("StatusText")


def test_an_agent_may_take_longer_than_the_unit_allows(service):
    service.drop_in("[Service]\nTimeoutStartSec=1\n")
    service.start({"FAULT_START_DELAY_MS": 2000})
    assert int(service.event("worker-verified")["VOXKEEPER_DURATION_USEC"]) >= 2_000_000
    assert service.show("NRestarts") == "0"
    # The same holds for the restarts of a reload.
    service.configure({"FAULT_START_DELAY_MS": 2500})
    service.systemctl("reload")
    assert service.event("config-reloaded")
    assert int(service.event("worker-verified", count=2)["VOXKEEPER_DURATION_USEC"]) >= 2_500_000


def test_a_bad_configuration_fails_the_start_for_good(service):
    service.write_config("[Agent]\nLisen=3004\nWorkers=none\n[Helth]\nUrl=/\n")
    assert service.systemctl("start", check=False).returncode == 1
    service.wait_show("ActiveState", "failed")
    assert service.show("ExecMainStatus") == "78"
    assert service.show("NRestarts") == "0"
    # As `journalctl -p err` shows it.
    service.box.run("journalctl", "--sync")
    said = [entry["MESSAGE"] for entry in service.box.journal(
        after=service.marked, SYSLOG_IDENTIFIER="voxkeeperd", PRIORITY="3")]
    for line, begin in enumerate(["unknown key \"Lisen\"", "", "unknown section"], start=2):
        assert any(text.startswith(f"{CONFIG}:{line}: {begin}") for text in said), said
    page = service.status_page()
    assert "status=78/CONFIG" in page
    assert 'Status: "the configuration is refused"' in page
    service.configure()
    service.start()


def test_the_first_start_does_not_need_redis(service):
    service.box.run("systemctl", "stop", "redis-server")
    service.systemctl("start", "--no-block")
    # Whoever calls now gets what the agent can do without it.
    service.event("worker-degraded")
    service.wait_show("ActiveState", "active")
    assert service.ask("/health")["redis"] == "disconnected"
    service.mark()
    service.box.run("systemctl", "start", "redis-server")
    service.event("worker-zombie")
    service.event("worker-verified")
    assert service.ask("/health")["redis"] == "connected"


def test_systemctl_restart(service):
    service.start()
    before = service.worker_pid()
    service.mark()
    service.systemctl("restart")
    assert service.event("daemon-handed-over") and service.event("daemon-resumed")
    assert service.events("daemon-stopping") == [] and service.events("worker-exited") == []
    assert service.show("ActiveState") == "active"
    assert service.worker_pid() == before
    assert service.ask("/health")["redis"] == "connected"
