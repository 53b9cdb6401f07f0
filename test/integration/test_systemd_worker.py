"""Workers under the shipped unit: crash, hang, leftovers, their control groups."""

import pytest
from service import CGROUP
from waiting import wait_for

pytestmark = pytest.mark.systemd


def wait_until_replaced(service, pid):
    """Returns the new worker's pid; it is verified and the old one is gone with its cgroup."""
    verified = service.event("worker-verified", count=2)
    assert verified["WORKER_PID"] != str(pid)
    assert not service.is_alive(pid)
    wait_for(lambda: len(service.worker_cgroups()) == 1, what="the old worker's cgroup to go")
    assert service.show("NRestarts") == "0"
    assert service.ask("/health")["redis"] == "connected"
    return int(verified["WORKER_PID"])


def cgroup_of(service, pid):
    """Its place in version 2's tree; a hybrid host has other hierarchies beside that."""
    lines = service.box.read(f"/proc/{pid}/cgroup").splitlines()
    return next(line[3:] for line in lines if line.startswith("0::"))


def test_every_worker_has_a_cgroup_of_its_own(service):
    service.start()
    pid = service.worker_pid()
    (name,) = service.worker_cgroups()
    assert cgroup_of(service, pid) == f"/system.slice/voxkeeper.service/{name}"
    main = service.show("MainPID")
    assert cgroup_of(service, main) == "/system.slice/voxkeeper.service/supervisor"
    owner = service.box.run("stat", "-c", "%U", f"{CGROUP}/{name}").stdout.strip()
    assert owner == "voxkeeper"
    service.systemctl("stop")
    assert service.worker_cgroups() == []


def test_a_worker_knows_nothing_of_the_manager(service):
    service.start()
    main, pid = service.show("MainPID"), service.worker_pid()
    words = service.box.read(f"/proc/{pid}/environ").split("\0")
    variables = dict(word.partition("=")[::2] for word in words)
    names = set(variables)
    assert {"PATH", "HOME", "PORT", "VOXKEEPER_WORKER"} <= names
    # With these a worker could speak for us, or take our log and our watchdog for its own.
    assert names.isdisjoint({"WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM", "INVOCATION_ID",
                             "LISTEN_FDS", "LISTEN_PID"})
    # It may speak to us, not to systemd.
    ours = dict(word.partition("=")[::2]
                for word in service.box.read(f"/proc/{main}/environ").split("\0"))
    assert variables.get("NOTIFY_SOCKET") != ours["NOTIFY_SOCKET"]
    score = [int(service.box.read(f"/proc/{number}/oom_score_adj")) for number in (main, pid)]
    assert score[0] < score[1], "the kernel must prefer a worker to us"


def test_a_crashed_worker_is_replaced(service):
    service.start()
    pid = service.worker_pid()
    service.fault("crash?signal=SIGSEGV")
    crashed = service.event("worker-crashed")
    assert crashed["WORKER_PID"] == str(pid)
    assert crashed["VOXKEEPER_CAUSE"] == "crash"
    assert "SIGSEGV" in crashed["VOXKEEPER_EXIT"]
    assert "Fault: crashing" in crashed["VOXKEEPER_LAST_OUTPUT"]
    assert wait_until_replaced(service, pid) == service.worker_pid()


def test_a_worker_that_hangs_leaves_evidence(service):
    service.start(Health={"Timeout": "1s", "Fall": 2}, Agent={"TimeoutAbortSec": "2s"})
    pid = service.worker_pid()
    service.fault("hang", check=False)
    hung = service.event("worker-hung")
    assert hung["WORKER_PID"] == str(pid)
    evidence = hung["VOXKEEPER_EVIDENCE"]
    # A busy loop: running, and not asleep in some system call.
    assert f"process {pid} node: running" in evidence
    assert "Fault: hanging" in hung["VOXKEEPER_LAST_OUTPUT"]
    ended = service.event("worker-exited")
    assert ended["VOXKEEPER_CAUSE"] == "hang"
    assert "SIGABRT" in ended["VOXKEEPER_EXIT"]
    wait_until_replaced(service, pid)


@pytest.mark.parametrize("kind", ["group", "session"])
def test_grandchildren_go_with_their_worker(service, kind):
    service.start()
    pid = service.worker_pid()
    child = service.fault(f"grandchild?kind={kind}")["pid"]
    (name,) = service.worker_cgroups()
    assert cgroup_of(service, child).endswith(f"/{name}")
    service.fault("crash", check=False)
    left = service.event("worker-leftovers")
    assert left["VOXKEEPER_PROCESSES"] == "1"
    wait_until_replaced(service, pid)
    assert not service.is_alive(child)


def test_a_program_that_is_not_there_is_told_with_its_path(service):
    service.configure(Agent={"ExecStart": "/opt/missing/agent --flag"})
    service.systemctl("start", "--no-block")
    failed = service.event("worker-start-failed")
    assert '"/opt/missing/agent"' in failed["VOXKEEPER_REASON"]
    assert "No such file or directory" in failed["VOXKEEPER_REASON"]
