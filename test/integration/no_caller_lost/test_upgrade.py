"""voxkeeperd replaces itself twenty times: its workers and their callers stay."""

from waiting import wait_for

UPGRADES = 20


def test_twenty_upgrades(make_served, crowd, goes_on):
    daemon = make_served()
    before = {worker["pid"] for worker in daemon.request("GET", "/api/v1/workers")[1]["workers"]}
    with crowd:
        for _ in range(UPGRADES):
            daemon.cli("upgrade", check=True)
        goes_on(crowd)
    assert crowd.failures == []
    assert len(daemon.events("upgrade-done")) == UPGRADES
    wait_for(lambda: {worker["pid"] for worker in
                      daemon.request("GET", "/api/v1/workers")[1]["workers"]} == before)
