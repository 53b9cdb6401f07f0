"""Twenty bad releases of every kind go back, and no caller hears of them.

A release that crashes or hangs while it serves takes the callers with it that it has at that moment:
those, which it names itself (load_agent.cjs), and nobody else.
"""

import pytest
from load_cuts import read_cuts
from waiting import wait_for

RELEASES = 20


def pids(daemon):
    return {worker["pid"] for worker in daemon.request("GET", "/api/v1/workers")[1]["workers"]}


@pytest.fixture
def release(make_served, quick_config, crowd, goes_on):
    """release(fault, **sections): reloads so many configurations with that fault and these sections
    under load; each must go back, to the very workers that served before."""

    def run(fault, **sections):
        daemon = make_served()
        before = pids(daemon)
        with crowd:
            for number in range(RELEASES):
                daemon.configure(quick_config(fault, number, **sections))
                back = daemon.cli("reload")
                assert back.returncode == 4, back.stderr
                wait_for(lambda: pids(daemon) == before)
            goes_on(crowd)

    return run


@pytest.mark.parametrize("fault", ["never healthy", "wrong JSON", "not bound", "not executable"])
def test_what_never_becomes_healthy(release, crowd, fault):
    release(fault, Agent={"TimeoutStartSec": "1s"}, Health={"Timeout": "500ms"})
    assert crowd.failures == []


@pytest.mark.parametrize("fault", ["crash", "hang"])
def test_what_fails_under_callers(release, crowd, cuts, account, fault):
    # Bake is never waited for: the release fails in it.
    release(fault, Rollout={"Bake": "30s"}, Agent={"TimeoutAbortSec": "1s"},
            Health={"Timeout": "500ms", "Fall": 2})
    told = read_cuts(cuts)
    account(crowd, told)
    # Who made it fail was cut each time.
    assert len(told) == RELEASES <= len(crowd.failures)
