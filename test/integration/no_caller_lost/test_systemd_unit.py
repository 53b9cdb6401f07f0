"""What an operator types, under load and under the shipped unit, with voxkeeper.socket before it."""

import time

import pytest

pytestmark = pytest.mark.systemd

ROUNDS = 5
DRAIN_TIMEOUT = 30  # of the configuration; a wait that long has cut somebody


def restart_workers(unit, number):
    unit.cli("restart", "--reason", f"number {number}")


def reload(unit, number):
    unit.release(number)
    unit.systemctl("reload")


def restart_service(unit, number):
    unit.systemctl("restart")


def kill_daemon(unit, number):
    unit.kill(unit.show("MainPID"))
    unit.event("daemon-resumed", count=number + 1)


def stop_and_start(unit, number):
    """Who calls meanwhile waits with systemd; it ends soon though they never stop coming."""
    began = time.monotonic()
    unit.systemctl("stop")
    assert time.monotonic() - began < DRAIN_TIMEOUT
    unit.systemctl("start")


# What else must be noticed by nobody is added here.
@pytest.mark.parametrize("disturb", [restart_workers, reload, restart_service, kill_daemon, stop_and_start])
def test_callers_notice_nothing(unit, goes_on, disturb):
    unit.start()
    with unit.crowd as crowd:
        for number in range(ROUNDS):
            goes_on(crowd)
            disturb(unit, number)
        goes_on(crowd)
    assert crowd.failures == []
