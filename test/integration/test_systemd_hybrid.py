"""A machine without a cgroup v2 tree of our own: the host's old or hybrid layout."""

import pytest
from outliving import check_outliving
from service import Service
from waiting import wait_for

pytestmark = pytest.mark.systemd


@pytest.fixture
def service(make_container):
    return Service(make_container(unified=False))


def test_it_works_without_cgroups_and_says_why(service):
    service.start(Daemon={"LogLevel": "debug"})
    why = service.entry(SYSLOG_IDENTIFIER="voxkeeperd", PRIORITY="7")
    assert why["MESSAGE"].startswith("workers go without cgroups: ")
    pid = service.worker_pid()
    for kind in "group", "session":
        child = service.fault(f"grandchild?kind={kind}")["pid"]
        assert service.is_alive(child)
    children = [child for child in service.box.run("pgrep", "-P", str(pid)).stdout.split()]
    assert len(children) == 2
    service.fault("crash", check=False)
    assert service.event("worker-leftovers")["VOXKEEPER_PROCESSES"] == "2"
    service.event("worker-verified", count=2)
    for child in children:
        wait_for(lambda child=child: not service.is_alive(child), what="a grandchild's end")
    last = service.fault("grandchild?kind=session")["pid"]
    service.systemctl("stop")
    service.event("daemon-stopped")
    assert not service.is_alive(last)
    assert service.show("Result") == "success"


def test_workers_outlive_voxkeeperd_there_too(service):
    service.start()
    check_outliving(service)
