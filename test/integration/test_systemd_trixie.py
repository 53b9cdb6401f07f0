"""Debian 13: other library versions, systemd 257. Built there, installed, started, stopped."""

import subprocess

import pytest
from daemon import TOP
from handbook import read
from outliving import check_outliving
from page import Started
from service import Service

pytestmark = pytest.mark.systemd

SOURCE = "/root/voxkeeper"


def sources(directory):
    """The tree as git has it, without what was built here."""
    names = subprocess.run(["git", "-C", TOP, "ls-files", "-z", "--cached", "--others",
                            "--exclude-standard"], stdout=subprocess.PIPE, check=True).stdout
    archive = subprocess.run(["tar", "-c", "-C", TOP, "--null", "--files-from=-"], input=names,
                             stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "-x", "-C", directory], input=archive, check=True)


@pytest.mark.section("installing", document="README.md")
def test_builds_and_serves_on_debian_13(make_container, tmp_path):
    """By the commands of the README, as somebody pastes them who has just cloned it."""
    sources(tmp_path)
    box = make_container(tree="trixie", install=None)
    box.push(tmp_path, SOURCE)
    (block,) = read("README.md")["installing"].blocks
    commands = block.commands()
    edit = next(n for n, command in enumerate(commands, 1) if "# then edit it" in command)
    Started(box, block, [f"cd {SOURCE}", *commands[:edit]]).done(deadline=240)
    assert "WorkingDirectory=/srv/elevenlabs-agent" in box.read("/etc/voxkeeper/voxkeeper.conf")
    service = Service(box)
    told = Started(box, block, commands[edit:]).done()
    assert told["voxkeeper status"].startswith("elevenlabs-agent: ANSWERING, 1 of 1 worker serves")
    assert box.run("systemctl is-enabled voxkeeper").stdout == "enabled\n"
    assert "voxkeeper: Worker" in box.run("journalctl", "--list-catalog").stdout
    for page in "voxkeeper", "voxkeeperd", "voxkeeper.conf":
        box.run(f"test -e /usr/share/man/man[158]/{page}.[158]")
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
