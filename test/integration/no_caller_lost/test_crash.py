"""kill -9 of a serving worker with a standby: who was in its hands is cut, and nobody else."""

import os
import signal

from load_cuts import kill

CRASHES = 20


def serving(daemon):
    workers = daemon.request("GET", "/api/v1/workers")[1]["workers"]
    return [worker["pid"] for worker in workers if worker["state"] == "serving"]


def test_a_crash_cuts_exactly_its_own_callers(make_served, port, crowd, account, goes_on):
    daemon = make_served(Agent={"Workers": 1, "Standby": 1}, Restart={"StableAfter": "1s"})
    cuts = []
    with crowd:
        for number in range(CRASHES):
            goes_on(crowd)
            cuts.append(kill(serving(daemon)[0], port))
            daemon.wait_event("worker-verified", count=3 + number)
        goes_on(crowd)
    account(crowd, cuts)
    # A call lasts longer than we looked elsewhere: each worker had some.
    assert all(cut.peers for cut in cuts) and len(crowd.failures) >= CRASHES


def test_of_several_workers_the_others_go_on(make_served, port, crowd, account, goes_on):
    daemon = make_served(Agent={"Workers": 2, "Standby": 1})
    cuts = []
    with crowd:
        goes_on(crowd)
        while not crowd.failures:  # one that had answered all of its callers cuts nobody
            cuts.append(kill(serving(daemon)[0], port))
            daemon.wait_event("worker-verified", count=3 + len(cuts))
            goes_on(crowd)
    account(crowd, cuts)
    assert len(crowd.failures) <= sum(len(cut.peers) for cut in cuts)


def test_without_being_stopped_before(make_served, crowd, goes_on):
    """Nobody can list its callers then; but each of ours has one call at most, and none is refused."""
    daemon = make_served(Agent={"Workers": 1, "Standby": 1})
    with crowd:
        goes_on(crowd)
        os.kill(serving(daemon)[0], signal.SIGKILL)
        daemon.wait_event("worker-verified", count=3)
        goes_on(crowd)
    assert 0 < len(crowd.failures) <= 6
    assert set(crowd.failed) <= {"reset", "closed", "cut short"}
