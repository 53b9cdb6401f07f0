"""voxkeeper doctor where a service manager, a journal and control groups are."""

import json

import pytest
from waiting import wait_for

pytestmark = pytest.mark.systemd

# What the container itself has: nobody keeps its clock, and no network leads out of it.
GIVEN = {"Doctor": {"Provider": "", "Ignore": "host-time-sync host-disk host-memory "
                    "host-memory-pressure"}}
WELL = {"ELEVENLABS_API_KEY": "key-of-a-test", "ELEVENLABS_AGENT_URL": "http://127.0.0.1:3004",
        "CURSOR_RUNNER_URL": "http://127.0.0.1:3004"}


def findings(service):
    return json.loads(service.cli("--json", "doctor", check=False).stdout)["findings"]


def names(service):
    return sorted(finding["check"] for finding in findings(service))


def mend(service, check):
    """That alone is wrong; what the doctor says is typed, and nothing is wrong any more."""
    (finding,) = findings(service)
    assert finding["check"] == check
    service.box.run("bash", "-c", finding["command"])
    assert names(service) == []


@pytest.fixture
def served(service):
    service.start(WELL, **GIVEN)
    service.event("worker-verified")
    assert names(service) == []
    return service


def test_the_unit_was_changed(served):
    served.box.run("touch", served.show("FragmentPath"))
    assert names(served) == ["host-unit-drift"]
    mend(served, "host-unit-drift")


def test_the_program_was_changed(served):
    served.box.run("cp /usr/bin/voxkeeperd /usr/bin/voxkeeperd.new;"
                   "mv /usr/bin/voxkeeperd.new /usr/bin/voxkeeperd")
    assert names(served) == ["host-program-drift"]
    mend(served, "host-program-drift")


def test_voxkeeperd_was_stopped(service):
    # The runner of the others is the agent itself, which is stopped as well.
    service.start({**WELL, "CURSOR_RUNNER_URL": ""}, **GIVEN)
    service.event("worker-verified")
    service.systemctl("stop")
    assert names(service) == ["voxkeeperd-not-running"]
    mend(service, "voxkeeperd-not-running")


def test_redis_was_stopped(served):
    served.box.run("systemctl", "stop", "redis-server")
    served.event("redis-down")
    assert names(served) == ["redis-refused"]
    (finding,) = findings(served)
    assert "PONG" in served.box.run("bash", "-c", finding["command"]).stdout
    served.event("redis-up")
    # A worker that did not find it again was replaced, which is told for an hour.
    wait_for(lambda: set(names(served)) <= {"agent-exits"}, 60, "nothing else to be wrong any more")


def test_the_journal_dropped_lines(served):
    served.box.write("/run/systemd/journald.conf.d/few.conf",
                     "[Journal]\nRateLimitIntervalSec=1s\nRateLimitBurst=20\n")
    served.drop_in("[Service]\nLogRateLimitIntervalSec=1s\nLogRateLimitBurst=20\n")
    served.systemctl("restart")
    served.mark()
    wait_for(lambda: names(served) == [], 20)
    served.ask("/__fault/flood?rate=2000", "POST")
    wait_for(lambda: "Suppressed" in served.box.run("journalctl -u systemd-journald -n 20").stdout,
             30, "the journal to drop lines")
    served.ask("/__fault/flood?rate=0", "POST")
    assert names(served) == ["host-journal-suppressed"]
