"""systemctl stop: callers are waited for, everything is gone afterwards."""

import contextlib
import json

import pytest
from service import CGROUP, PORT
from waiting import read_lines, wait_for

pytestmark = pytest.mark.systemd


@contextlib.contextmanager
def caller(service):
    """A live connection to the agent."""
    script = f"exec 3<>/dev/tcp/127.0.0.1/{PORT}; echo connected; read -r"
    process = service.box.popen("bash", "-c", script, stdin=-1, stdout=-1)
    try:
        assert next(read_lines(process.stdout, 10)) == b"connected"
        yield
    finally:
        process.communicate(b"\n", timeout=10)


def wait_until_gone(service):
    service.event("daemon-stopped", deadline=40)
    service.wait_show("ActiveState", "inactive")
    assert service.show("Result") == "success"
    assert service.box.run("test", "-e", CGROUP, check=False).returncode == 1
    assert service.box.run("pgrep", "-u", "voxkeeper", check=False).returncode == 1


def test_a_stop_without_callers_is_quick_and_leaves_nothing(service):
    service.start()
    service.systemctl("stop", deadline=20)
    wait_until_gone(service)
    ended = service.event("worker-exited")
    assert (ended["VOXKEEPER_CAUSE"], ended["VOXKEEPER_EXIT"]) == ("stop", "exit code 0")
    assert service.events("callers-cut") == []


def test_a_caller_is_waited_for_longer_than_systemd_would(service):
    service.drop_in("[Service]\nTimeoutStopSec=3\n")
    service.start()
    with caller(service):
        service.systemctl("stop", "--no-block")
        began = service.event("drain-began")
        progress = service.event("drain-progress")
        assert progress["VOXKEEPER_CALLERS"] == "1"
        assert "1 connection" in progress["VOXKEEPER_CALLER_KINDS"]
        wait_for(lambda: service.show("StatusText").startswith("draining: 1 caller"),
                 what="the caller in the status")
        assert service.show("StatusText").endswith(" left")
        assert service.cli("status").stdout.startswith("elevenlabs-agent: DRAINING")
        # Six probes at one a second, counted and not slept through.
        waited = service.entry(MESSAGE="info: Health check requested", count=probes(service, 6))
        assert int(waited["__MONOTONIC_TIMESTAMP"]) - int(began["__MONOTONIC_TIMESTAMP"]) > 4.5e6
        assert service.show("ActiveState") == "deactivating"
        assert service.events("worker-exited") == []
        assert service.ask("/health")["status"] == "ok"
    wait_until_gone(service)
    assert service.events("callers-cut") == []


def probes(service, seconds):
    """How many probes there will have been, in that many seconds from now."""
    service.box.run("journalctl", "--sync")
    asked = service.box.journal(after=service.marked, MESSAGE="info: Health check requested")
    return len(asked) + seconds * 5


def test_whom_a_second_signal_cuts_is_named(service):
    service.start(Agent={"TimeoutStopSec": "1s"})
    session = {"sessionUrl": "wss://example.test/1", "sessionId": "s-1"}
    service.ask("/agent-conversations/api/c1/session", "POST", session)
    with caller(service):
        service.systemctl("stop", "--no-block")
        service.event("drain-progress", VOXKEEPER_CALLERS="2")
        # As the catalog tells the operator.
        service.systemctl("kill", "--kill-whom=main")
        cut = service.event("callers-cut")
        wait_until_gone(service)
    names = json.loads(cut["VOXKEEPER_CALLER_NAMES"])
    assert names["sessions"] == ["s-1"]
    assert len(names["connections"]) == 1
    line = json.loads(service.box.read("/var/lib/voxkeeper/callers-cut.jsonl"))
    assert line["who"] == names and line["callers"] == 2


def test_a_worker_that_ignores_sigterm_is_killed(service):
    service.start({"FAULT_IGNORE_SIGTERM": 1}, Agent={"TimeoutStopSec": "1s"})
    pid = service.worker_pid()
    service.systemctl("stop")
    killed = service.event("worker-killed")
    assert int(killed["VOXKEEPER_DURATION_USEC"]) >= 1_000_000
    assert "Fault: ignoring SIGTERM" in killed["VOXKEEPER_LAST_OUTPUT"]
    assert "SIGKILL" in service.event("worker-exited")["VOXKEEPER_EXIT"]
    wait_until_gone(service)
    assert not service.is_alive(pid)


def test_a_signal_while_the_workers_end_kills_them(service):
    service.start({"FAULT_IGNORE_SIGTERM": 1}, Agent={"TimeoutStopSec": "1h"})
    service.systemctl("stop", "--no-block")
    service.entry(MESSAGE="warn: Fault: ignoring SIGTERM")
    service.systemctl("kill", "--kill-whom=main")
    assert "SIGKILL" in service.event("worker-exited")["VOXKEEPER_EXIT"]
    wait_until_gone(service)


@pytest.mark.parametrize("kind", ["group", "session"])
def test_grandchildren_do_not_survive_a_stop(service, kind):
    service.start()
    child = service.fault(f"grandchild?kind={kind}")["pid"]
    service.systemctl("stop")
    assert service.event("worker-leftovers")["VOXKEEPER_PROCESSES"] == "1"
    wait_until_gone(service)
    assert not service.is_alive(child)


def test_a_stop_during_the_start(service):
    service.configure({"FAULT_START_DELAY_MS": 60000})
    service.systemctl("start", "--no-block")
    service.event("worker-started")
    service.systemctl("stop", deadline=20)
    wait_until_gone(service)
