"""Whatever ends voxkeeperd under its shipped unit, callers notice nothing and the workers stay."""

import pytest
from waiting import wait_for

pytestmark = pytest.mark.systemd

# Seconds that it is given to turn its loop, also where many others run.
WATCHDOG = "[Service]\nWatchdogSec=5\nTimeoutAbortSec=1\n"


def test_restarts_of_the_unit(quick):
    pids = quick.serve()
    stored = quick.stored()
    quick.mark()
    with quick.crowd() as crowd:
        for number in range(1, 6):
            quick.goes_on(crowd)
            main = quick.main()
            quick.systemctl("restart")
            # Whoever waits for the restart finds a service that is ready.
            assert quick.show("ActiveState") == "active"
            assert quick.main() != main
            assert quick.event("daemon-resumed")["VOXKEEPER_VERSION"]
            assert quick.event("daemon-resumed", count=number)["VOXKEEPER_RESUMES"] == str(number)
            assert quick.pids() == pids
        quick.goes_on(crowd)
    assert crowd.failures == []
    assert quick.show("NRestarts") == "0"
    assert quick.stored() == stored
    assert len(quick.events("daemon-handed-over")) == 5
    assert quick.events("worker-started") == [] and quick.events("worker-exited") == []
    assert quick.troubles() == []


def test_a_stop_after_restarts_leaves_nothing_and_the_next_start_is_fresh(quick):
    pids = quick.serve()
    quick.systemctl("restart")
    assert quick.pids() == pids
    quick.systemctl("stop")
    assert quick.show("Result") == "success"
    assert quick.left() == []
    assert quick.stored() == 0
    assert len(quick.events("worker-exited")) == 2
    quick.mark()
    assert set(quick.serve()).isdisjoint(pids)
    assert quick.events("daemon-resumed") == []
    assert quick.troubles() == []


@pytest.mark.parametrize("how, result", [("KILL", "signal"), ("ABRT", "signal"),
                                         ("STOP", "watchdog")])
def test_a_crash(quick, how, result):
    if how == "STOP":
        quick.drop_in(WATCHDOG)
    pids = quick.serve()
    quick.mark()
    with quick.crowd() as crowd:
        quick.goes_on(crowd)
        quick.kill_main(how)
        quick.resumed()
        assert quick.pids() == pids
        quick.goes_on(crowd)
    assert crowd.failures == []
    assert quick.show("NRestarts") == "1"
    ended = quick.entry(UNIT="voxkeeper.service", UNIT_RESULT=result)
    assert "Failed with result" in ended["MESSAGE"]
    quick.event("incident-opened", VOXKEEPER_CONDITION="voxkeeper-restarted")
    assert quick.events("worker-started") == [] and quick.troubles() == []
    # They are its own in all that matters: replaced, and it knows how each of them ended.
    quick.cli("restart")
    wait_for(lambda: not any(quick.is_alive(pid) for pid in pids))
    exits = {quick.event("worker-exited", count=n)["VOXKEEPER_EXIT"] for n in (1, 2)}
    assert exits == {"exit code 0"}


def test_one_crash_after_another_is_never_the_end(quick):
    quick.drop_in("[Service]\nRestartSec=10ms\n")
    pids = quick.serve()
    quick.mark()
    with quick.crowd() as crowd:
        for number in range(1, 11):
            quick.kill_main()
            quick.resumed(count=number)
        assert quick.pids() == pids
    assert crowd.failures == []
    assert quick.show("NRestarts") == "10"


def test_upgrades(quick):
    pids = quick.serve()
    main = quick.main()
    quick.mark()
    quick.box.run("systemd-analyze", "log-level", "debug")
    with quick.crowd() as crowd:
        quick.goes_on(crowd)
        for number in range(1, 21):
            done = quick.cli("upgrade")
            assert "same workers" in done.stdout
        quick.goes_on(crowd)
    quick.box.run("systemd-analyze", "log-level", "info")
    assert crowd.failures == []
    assert quick.pids() == pids and quick.main() == main
    assert quick.show("NRestarts") == "0" and quick.show("ActiveState") == "active"
    assert len(quick.events("upgrade-done")) == 20
    seen = [entry["MESSAGE"] for entry in quick.box.journal(after=quick.marked, UNIT="voxkeeper.service")]
    assert seen.count("voxkeeper.service: Changed running -> reload") == 20
    assert seen.count("voxkeeper.service: Changed reload -> running") == 20
    assert quick.troubles() == []
