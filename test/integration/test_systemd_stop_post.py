"""Who goes and who stays when voxkeeperd ends in an unusual way: ExecStopPost= of the unit."""

import pytest
from load import Load
from load_kinds import Talker
from service import CGROUP, CONFIG, PORT
from waiting import wait_for

pytestmark = pytest.mark.systemd

# As quickly as ExecStopPost=, which has the same time, is done on a busy machine.
IMPATIENT = "[Service]\nTimeoutStopSec=5\nTimeoutAbortSec=5\n"


def assert_nothing_is_left(quick, result):
    assert quick.show("Result") == result
    assert quick.left() == [] and quick.stored() == 0
    assert quick.box.run("test", "-e", CGROUP, check=False).returncode == 1
    quick.mark()
    quick.serve()
    assert quick.events("daemon-resumed") == [] and quick.troubles() == []


def hang(quick):
    """voxkeeperd runs no more, and no SIGCONT helps."""
    quick.box.run(f"echo 1 >{CGROUP}/supervisor/cgroup.freeze")


def killed_by_stop_post(quick, count):
    return quick.entry(MESSAGE=f"voxkeeperd: {count} processes that outlived the stop were killed")


def test_a_stop_of_a_voxkeeperd_that_hangs_ends_its_workers(quick):
    quick.drop_in(IMPATIENT)
    quick.serve()
    hang(quick)
    quick.systemctl("stop")
    assert killed_by_stop_post(quick, 2)["PRIORITY"] == "4"
    assert_nothing_is_left(quick, "timeout")


def test_a_stop_in_which_voxkeeperd_dies_ends_its_workers(quick):
    quick.serve()
    main = quick.main()
    talker = Load(PORT, Talker, network_of=quick.box.leader)
    with talker:
        wait_for(lambda: talker.done, what="a call")
        quick.systemctl("stop", "--no-block")
        quick.event("drain-began")
        quick.kill(main)
        quick.wait_show("ActiveState", "failed")
    killed_by_stop_post(quick, 2)
    assert_nothing_is_left(quick, "signal")


def test_a_restart_of_a_voxkeeperd_that_hangs_leaves_its_workers(quick):
    quick.drop_in(IMPATIENT)
    pids = quick.serve()
    quick.mark()
    with quick.crowd() as crowd:
        quick.goes_on(crowd)
        hang(quick)
        quick.systemctl("restart")
        quick.resumed()
        quick.goes_on(crowd)
    assert crowd.failures == []
    assert quick.pids() == pids
    assert quick.entry(UNIT="voxkeeper.service", UNIT_RESULT="timeout")


def test_what_a_worker_left_behind_goes_with_a_stop(quick):
    """A process that left its worker's cgroup, and its voxkeeperd is hung."""
    quick.drop_in(IMPATIENT)
    quick.serve()
    quick.box.run("systemd-run", "--unit=stray", "-p", "User=voxkeeper", "sleep", "600")
    stray = quick.box.run("systemctl", "show", "--value", "-p", "MainPID", "stray").stdout.strip()
    quick.box.run(f"mkdir {CGROUP}/elsewhere; echo {stray} >{CGROUP}/elsewhere/cgroup.procs")
    hang(quick)
    quick.systemctl("stop")
    killed_by_stop_post(quick, 3)
    wait_for(lambda: not quick.is_alive(stray), what="its end")


def test_restarts_before_it_is_ready(quick):
    # Beginning at the very first instruction: SIGUSR2 must never end it before it can hand over.
    quick.systemctl("start", "--no-block")
    for _ in range(10):
        quick.systemctl("restart", "--no-block")
    quick.systemctl("restart")
    wait_for(lambda: quick.count("serving") == 2, what="two workers that serve")
    assert len(quick.left()) == 3
    assert quick.show("NRestarts") == "0" and quick.show("Result") == "success"


def test_a_restart_while_the_first_worker_starts(quick):
    quick.configure(Agent={"ExecStart": f"/bin/sh -c 'sleep 1; exec node /opt/load/load_agent.cjs {PORT}'"})
    quick.systemctl("start", "--no-block")
    started = {quick.event("worker-started", count=n)["WORKER_PID"] for n in (1, 2)}
    quick.systemctl("restart")
    assert quick.show("ActiveState") == "active"
    wait_for(lambda: quick.count("serving") == 2, what="two workers that serve")
    assert {str(pid) for pid in quick.pids()} == started
    assert quick.show("NRestarts") == "0"


def test_a_bad_configuration_at_a_restart(quick):
    pids = quick.serve()
    good = quick.box.read(CONFIG)
    quick.mark()
    with quick.crowd() as crowd:
        quick.write_config(good + "[Agent]\nWorkres=3\n")
        quick.systemctl("restart")
        refused = quick.event("config-refused")
        assert 'did you mean "Workers"' in refused["VOXKEEPER_REASON"]
        quick.goes_on(crowd)
        assert quick.pids() == pids and quick.show("ActiveState") == "active"
        # Nor does a crash meanwhile end it, nor a reload.
        quick.kill_main()
        quick.resumed(count=2)
        assert quick.systemctl("reload", check=False).returncode == 1
        assert quick.pids() == pids
        quick.write_config(good)
        quick.systemctl("reload")
        quick.systemctl("restart")
        quick.goes_on(crowd)
    assert crowd.failures == []
    assert quick.pids() == pids
    assert len(quick.events("config-refused")) == 3
    # Without workers that know a better one, it is the end.
    quick.write_config(good + "[Agent]\nWorkres=3\n")
    quick.systemctl("stop")
    assert quick.systemctl("start", check=False).returncode == 1
    assert quick.show("ExecMainStatus") == "78"


def test_who_ends_it_too_often_ends_it_for_good_and_nobody_starts_a_second_set(quick):
    # The shipped unit has no such limit; an operator may set one.
    quick.drop_in("[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=2\n[Service]\nRestartSec=10ms\n")
    pids = quick.serve()
    quick.kill_main()
    quick.resumed()
    quick.kill_main()
    quick.wait_show("ActiveState", "failed")
    assert quick.stored() == 0
    assert all(quick.is_alive(pid) for pid in pids)
    quick.systemctl("reset-failed")
    quick.mark()
    quick.serve()
    wait_for(lambda: not any(quick.is_alive(pid) for pid in pids), what="the end of those nobody knows")
    assert len(quick.left()) == 3
    assert len(quick.worker_cgroups()) == 2
