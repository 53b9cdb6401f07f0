"""The container helper itself: what the systemd tests stand on."""

import os
import subprocess
import tempfile
from pathlib import Path

import cgroups
import pytest
from container import Container, remove_stale
from waiting import wait_for

pytestmark = pytest.mark.systemd


@pytest.fixture(scope="module")
def shared():
    with Container() as container:
        yield container


def test_boots_systemd_with_its_own_network_and_cgroup2(shared):
    assert shared.run("cat", "/proc/1/comm").stdout == "systemd\n"
    assert shared.run("stat", "-f", "-c", "%T", "/sys/fs/cgroup").stdout == "cgroup2fs\n"
    links = shared.run("ls", "/sys/class/net").stdout.split()
    assert links == ["lo"]


def test_has_redis_and_debian_node(shared):
    assert shared.run("node", "--version").stdout.startswith("v18.")
    script = """
        redis-server --port 0 --unixsocket /run/test.sock --daemonize yes >/dev/null
        redis-cli -s /run/test.sock set answer 42 >/dev/null
        redis-cli -s /run/test.sock get answer
        redis-cli -s /run/test.sock shutdown nosave"""
    wait_for(lambda: shared.run(script, check=False).stdout == "42\n", what="Redis inside")


def test_journal_is_read_as_json(shared):
    shared.run("logger", "--journald", input="MESSAGE=hello\nTEST_FIELD=one\n")
    assert shared.wait_journal(TEST_FIELD="one")["MESSAGE"] == "hello"
    assert [entry["TEST_FIELD"] for entry in shared.journal(TEST_FIELD="one")] == ["one"]


def test_only_voxkeeperd_is_believed_to_have_told_an_event(make_container, tmp_path, monkeypatch):
    """Whatever else writes an event into the journal, a test of the catalog for one, proves nothing."""
    seen = tmp_path / "seen"
    monkeypatch.setenv("VOXKEEPER_EVENTS_SEEN", str(seen))
    box = make_container()
    box.run("logger", "--journald", input="MESSAGE=x\nMESSAGE_ID=ac3e0b5bc29147098c1e26038dabf68e\n"
                                          "VOXKEEPER_EVENT=worker-crashed\n")
    box.wait_journal(VOXKEEPER_EVENT="worker-crashed")
    box.write("/etc/voxkeeper/voxkeeper.conf", "[Agent]\nName=x\nExecStart=/bin/sleep 600\n"
                                               "Handover=none\n[Probe x]\nType=exec\nCommand=/bin/true\n")
    box.run("systemctl", "start", "voxkeeper")
    box.close()
    told = {line.split()[0]: line.split()[1:] for line in seen.read_text().splitlines()}
    assert not [name for name in told if name.startswith("incident/")]
    assert "worker-crashed" not in told and "worker-verified" in told
    assert {"worker", "duration_usec", "worker_pid"} <= set(told["worker-verified"])


def test_waiting_for_an_absent_journal_entry_fails(shared):
    with pytest.raises(AssertionError, match="TEST_FIELD"):
        shared.wait_journal(TEST_FIELD="absent", deadline=0.2)


def test_delegated_unit_may_kill_its_cgroup(shared):
    shared.run("systemd-run", "--unit=delegated", "-p", "Delegate=yes", "sleep", "infinity")
    shared.run("echo 1 >/sys/fs/cgroup/system.slice/delegated.service/cgroup.kill")
    wait_for(lambda: shared.run("systemctl", "is-active", "delegated", check=False).stdout
             == "failed\n", what="the unit to die")


def test_files_go_in_and_out(shared, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_text("content")
    shared.push(tmp_path / "in", "/srv/pushed")
    assert shared.read("/srv/pushed/file") == "content"
    shared.pull("/srv/pushed", tmp_path)
    assert (tmp_path / "pushed" / "file").read_text() == "content"
    shared.write("/etc/a/b.conf", "x=1\n", mode="0600")
    assert shared.run("stat", "-c", "%a", "/etc/a/b.conf").stdout == "600\n"


def test_a_failing_command_is_an_error(shared):
    with pytest.raises(AssertionError, match="exit 3"):
        shared.run("echo reason >&2; exit 3")


def test_installed_files_keep_the_trees_symlinks(tmp_path):
    unit = tmp_path / "lib/systemd/system/probe.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nType=oneshot\nExecStart=true\n")
    with Container(install=tmp_path) as container:
        assert container.run("readlink", "/lib").stdout == "usr/lib\n"
        container.run("systemctl", "start", "probe")


def test_containers_are_independent_and_leave_nothing():
    with Container() as one, Container() as two:
        one.write("/etc/stain", "x")
        assert two.run("test", "-e", "/etc/stain", check=False).returncode == 1
        names = [one.name, two.name]
        work = Path(one._work.name)
    assert not work.exists()
    assert not Path(one.tree, "etc/stain").exists()
    for hierarchy in cgroups.hierarchies():
        for name in names:
            assert not (hierarchy / name).exists()


def test_container_ends_with_the_process_that_made_it():
    script = ("from container import Container\n"
              "box = Container()\n"
              "box.boot()\n"
              "print(box.leader, flush=True)\n"
              "input()\n")
    owner = subprocess.Popen(["/usr/bin/python3", "-c", script], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True,
                             env=os.environ | {"PYTHONPATH": str(Path(cgroups.__file__).parent)})
    leader = owner.stdout.readline().strip()
    assert Path("/proc", leader).exists()
    assert list(Path(tempfile.gettempdir()).glob(f"{cgroups.PREFIX}{owner.pid}-*"))
    owner.kill()
    owner.communicate()
    wait_for(lambda: not Path("/proc", leader).exists(), what="the container to go")

    def traces():
        remove_stale()
        return [*Path(tempfile.gettempdir()).glob(f"{cgroups.PREFIX}{owner.pid}-*"),
                *(trace for hierarchy in cgroups.hierarchies()
                  for trace in hierarchy.glob(f"{cgroups.PREFIX}{owner.pid}-*"))]
    wait_for(lambda: not traces(), what="its traces to go")


def test_hybrid_hosts_own_layout_boots_too():
    with Container(unified=False) as container:
        assert container.run("systemctl", "is-system-running").stdout == "running\n"


def test_debian_13():
    with Container("trixie") as container:
        assert container.run("cat", "/etc/debian_version").stdout.startswith("13")
        assert container.run("node", "--version").stdout.startswith("v20.")
