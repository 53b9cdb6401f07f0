"""What happens to voxkeeperd itself under its unit: killed, hung, its socket left over."""

import pytest

pytestmark = pytest.mark.systemd


def wait_until_back(service, main, worker):
    service.wait_show("NRestarts", "1", deadline=30)
    service.wait_show("ActiveState", "active", deadline=30)
    assert service.show("MainPID") != main
    assert not service.is_alive(main)
    assert len(service.worker_cgroups()) == 1
    assert service.ask("/health")["redis"] == "connected"
    assert service.worker_pid() == worker


def test_killed_it_comes_back_and_its_worker_is_all_its_own(service):
    service.start()
    main, worker = service.show("MainPID"), service.worker_pid()
    child = service.fault("grandchild?kind=session")["pid"]
    service.kill(main)
    wait_until_back(service, main, worker)
    assert service.show("Result") == "success"
    assert service.is_alive(child)
    # What the worker had started before goes with it still.
    service.mark()
    service.fault("crash", check=False)
    assert service.event("worker-leftovers")["VOXKEEPER_PROCESSES"] == "1"
    assert "exit code" in service.event("worker-crashed")["VOXKEEPER_EXIT"]
    service.event("worker-verified")
    assert not service.is_alive(worker) and not service.is_alive(child)


def test_stopped_it_is_aborted_by_the_watchdog_and_comes_back(service):
    assert "WatchdogSec=10" in service.systemctl("cat").stdout
    # Shorter than what we ship, for the test's sake; the rest is the same.
    service.drop_in("[Service]\nWatchdogSec=2\n")
    service.start()
    main, worker = service.show("MainPID"), service.worker_pid()
    service.kill(main, "STOP")
    service.entry(UNIT="voxkeeper.service", UNIT_RESULT="watchdog", deadline=30)
    wait_until_back(service, main, worker)


def test_the_watchdog_is_fed_only_while_the_loop_turns(service):
    service.drop_in("[Service]\nWatchdogSec=2\n")
    service.start()
    service.entry(SYSLOG_IDENTIFIER="elevenlabs-agent", MESSAGE="info: Health check requested",
                  count=15)
    assert service.show("NRestarts") == "0"


def test_a_stale_socket_is_no_obstacle(service):
    # Without it systemd removes the directory whenever the unit ends.
    service.drop_in("[Service]\nRuntimeDirectoryPreserve=yes\nRestart=no\n")
    service.start()
    service.kill(service.show("MainPID"))
    service.wait_show("ActiveState", "failed")
    service.box.run("test -S /run/voxkeeper/control.sock")
    assert service.cli("status", check=False).returncode == 3
    service.start()
    assert service.cli("status").returncode == 0


def test_without_a_daemon_the_command_says_so(service):
    done = service.cli("status", check=False)
    assert done.returncode == 3
    assert "no voxkeeperd answers" in done.stderr
    assert "systemctl status voxkeeper" in done.stderr
