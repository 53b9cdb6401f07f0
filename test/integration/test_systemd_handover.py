"""Handover=preload under the shipped unit, in its sandbox, with Debian's node."""

import pytest
from waiting import wait_for

pytestmark = pytest.mark.systemd

OVERLAP = {"Agent": {"Handover": "preload", "Workers": 2}, "Rollout": {"Bake": "200ms", "KeepWarm": "0"}}


def test_a_restart_by_overlap(service):
    service.start(**OVERLAP)
    service.event("worker-verified", count=2)
    before = {worker["pid"] for worker in service.workers()}
    done = service.cli("restart")
    assert done.returncode == 0 and "beside the others" in done.stderr
    assert service.ask("/health")["redis"] == "connected"
    # The last of the old ones goes when the kernel knows of no connection to it any more.
    wait_for(lambda: not {worker["pid"] for worker in service.workers()} & before)
    assert len(service.workers()) == 2
    assert service.show("NRestarts") == "0"


def test_a_stop_leaves_nothing(service):
    service.start(**OVERLAP)
    service.event("worker-verified", count=2)
    service.systemctl("stop")
    assert service.worker_cgroups() == []
    assert service.show("Result") == "success"
