"""A hundred restarts on end, and not one call goes wrong."""

import pytest

RESTARTS = 100


@pytest.mark.timeout(300)
def test_a_hundred_restarts(make_served, crowd, goes_on):
    daemon = make_served(Agent={"Workers": 1, "Standby": 1})
    with crowd:
        for number in range(RESTARTS):
            daemon.cli("restart", "--reason", f"number {number}", check=True)
        goes_on(crowd)
    assert crowd.failures == []
    assert len(daemon.events("restart-done")) == RESTARTS
