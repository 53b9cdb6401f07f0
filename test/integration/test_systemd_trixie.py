"""Debian 13: other library versions, systemd 257. Built there, installed, started, stopped."""

import subprocess

import pytest
from daemon import TOP
from outliving import check_outliving
from service import Service

pytestmark = pytest.mark.systemd

BUILD = "/root/build"


def sources(directory):
    """The tree as git has it, without what was built here."""
    names = subprocess.run(["git", "-C", TOP, "ls-files", "-z", "--cached", "--others",
                            "--exclude-standard"], stdout=subprocess.PIPE, check=True).stdout
    archive = subprocess.run(["tar", "-c", "-C", TOP, "--null", "--files-from=-"], input=names,
                             stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "-x", "-C", directory], input=archive, check=True)


def test_builds_and_serves_on_debian_13(make_container, tmp_path):
    sources(tmp_path)
    box = make_container(tree="trixie", install=None)
    box.push(tmp_path, "/root/source")
    box.run("meson", "setup", "-Dprefix=/usr", "-Dtests=false", "-Dwerror=true", BUILD, "/root/source", deadline=60)
    box.run("ninja", "-C", BUILD, deadline=100)
    box.run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet")
    # What the package's triggers do.
    box.run("systemd-sysusers; systemd-tmpfiles --create voxkeeper.conf; systemctl daemon-reload")
    service = Service(box)
    service.start()
    pid = service.worker_pid()
    assert len(service.worker_cgroups()) == 1
    assert service.writable_mounts(pid, "/", "/usr", "/opt", "/etc", "/home") == []
    written, executed = service.written_and_executed(pid)
    assert written and executed == []
    service.configure(Health={"Interval": "150ms"})
    service.systemctl("reload")
    service.event("config-reloaded")
    service.wait_show("ActiveState", "active")
    assert service.worker_pid() == pid
    service.fault("crash", check=False)
    service.event("worker-verified", count=2)
    assert service.ask("/health")["redis"] == "connected"
    done = box.run("systemd-analyze", "security", "--no-pager", "--threshold=13",
                   "voxkeeper.service", check=False)
    assert done.returncode == 0, done.stdout.splitlines()[-1]
    service.systemctl("stop")
    service.event("daemon-stopped")
    assert service.show("Result") == "success"
    assert service.worker_cgroups() == []
    service.start()
    check_outliving(service)
