"""While no voxkeeperd lives, nothing is taken from its workers; what they say is not lost."""

import fcntl
import os
import termios
from array import array
from pathlib import Path

import pytest
from service import CGROUP, PORT
from waiting import wait_for

pytestmark = pytest.mark.systemd

# The gap lasts until somebody ends it.
GAP = "[Service]\nRestartSec=1h\n"
# Speaks and ends when it is told to.
SPEAKER = """#!/bin/bash
trap 'n=$((n + 1)); echo "word $n"' USR1
trap 'echo "last words"; echo "last complaint" >&2; exit 42' USR2
trap 'exit 0' TERM
echo here
while :; do sleep 600 & wait $!; done
"""
SPEAKERS = {
    "Agent": {"ExecStart": "/usr/local/bin/speaker", "Listen": None, "Handover": "none"},
    "Probe alive": {"Type": "exec", "Command": "/bin/true"},
    "Health": {"Url": None, "ExpectJson": None, "DependencyJson": None, "Timeout": None,
               "Interval": "1s", "StartInterval": "50ms"},
}


@pytest.fixture
def gap(quick):
    """Two workers, and nobody who watches them once begin_gap() was called."""

    def begin():
        quick.kill_main()
        quick.wait_show("SubState", "auto-restart")
        quick.mark()

    def end():
        quick.systemctl("restart")
        return quick.resumed()

    quick.drop_in(GAP)
    quick.begin_gap, quick.end_gap = begin, end
    return quick


@pytest.fixture
def speakers(gap):
    gap.box.write("/usr/local/bin/speaker", SPEAKER, mode="0755")
    gap.serve(**SPEAKERS)
    return gap


def said(quick, text, pid):
    return quick.entry(MESSAGE=text, WORKER_PID=str(pid))


def test_callers_are_served_and_the_next_instance_begins_by_hand(gap):
    pids = gap.serve()
    stored = gap.stored()
    gap.begin_gap()
    with gap.crowd() as crowd:
        for _ in range(3):
            gap.goes_on(crowd)
        assert gap.stored() == stored
        gap.end_gap()
        gap.goes_on(crowd)
    assert crowd.failures == []
    assert gap.pids() == pids and gap.stored() == stored


def test_who_calls_when_every_worker_died_is_served_by_the_next_instance(gap):
    pids = gap.serve()
    gap.begin_gap()
    for pid in pids:
        gap.kill(pid)
    with gap.crowd() as crowd:
        gap.end_gap()
        gap.goes_on(crowd)
    assert crowd.failures == []
    crashed = [gap.event("worker-crashed", count=n) for n in (1, 2)]
    assert {event["WORKER_PID"] for event in crashed} == {str(pid) for pid in pids}
    assert all("SIGKILL" in event["VOXKEEPER_EXIT"] for event in crashed)


def test_what_is_written_meanwhile_is_not_lost(speakers):
    # The store gives descriptors back in another order each time: each must stay whose it is.
    pids = speakers.pids()
    for number in range(1, 4):
        speakers.begin_gap()
        for pid in pids:
            speakers.kill(pid, "USR1")
        wait_for(lambda: unread(speakers) == len(pids), what="two words that nobody has read")
        speakers.end_gap()
        slots = {said(speakers, f"word {number}", pid)["VOXKEEPER_WORKER"] for pid in pids}
        assert slots == {"1", "2"}
    assert speakers.pids() == pids


def unread(quick):
    """How many pipes of the store have something that nobody has read."""
    found = 0
    for path in Path(f"/proc/{quick.box.leader}/fd").iterdir():
        if os.readlink(path).startswith("pipe:"):
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            size = array("i", [0])
            fcntl.ioctl(fd, termios.FIONREAD, size)
            os.close(fd)
            found += size[0] > 0
    return found


def test_last_words_are_read(speakers):
    dead, other = speakers.pids()
    speakers.begin_gap()
    speakers.kill(dead, "USR2")
    wait_for(lambda: not speakers.is_alive(dead), what="its end")
    speakers.end_gap()
    said(speakers, "last words", dead)
    said(speakers, "last complaint", dead)
    ended = speakers.event("worker-crashed")
    assert (ended["WORKER_PID"], ended["VOXKEEPER_EXIT"]) == (str(dead), "exit code 42")
    assert "last words" in ended["VOXKEEPER_LAST_OUTPUT"]
    wait_for(lambda: speakers.count("serving") == 2, what="another in its place")
    assert other in speakers.pids()


def test_files_of_workers_stay(gap):
    pids = gap.serve()
    uid, gid = gap.box.run("id -u voxkeeper; id -g voxkeeper").stdout.split()

    def inside(pid, *argv):
        return gap.box.run("nsenter", "-t", str(pid), "-m", "-S", uid, "-G", gid, *argv).stdout

    inside(pids[0], "sh", "-c", "echo kept >/tmp/file; mkdir /tmp/directory")
    for _ in range(2):
        gap.begin_gap()
        # The directory that their probes, their Notify socket and their /tmp are in.
        assert "control.sock" not in gap.box.run("ls", "/run/voxkeeper/tmp").stdout
        assert inside(pids[0], "cat", "/tmp/file") == "kept\n"
        inside(pids[0], "touch", "/tmp/directory/more")
        gap.end_gap()
        assert inside(pids[0], "cat", "/tmp/file") == "kept\n"
        inside(pids[0], "sh", "-c", "echo kept >/tmp/file")
    # The one that comes next sees the same, and the machine's /tmp is another.
    assert inside(gap.main(), "cat", "/tmp/file") == "kept\n"
    assert gap.box.run("test", "-e", "/tmp/file", check=False).returncode == 1
    gap.systemctl("stop")
    assert gap.box.run("test", "-e", "/run/voxkeeper", check=False).returncode == 1


def test_adopted_workers_are_looked_at_as_before(gap):
    # A user namespace of its own would keep the next instance from reading their memory.
    assert gap.show("PrivateUsers") == "no"
    gap.serve()
    gap.begin_gap()
    gap.end_gap()
    # What nobody but their own user's processes may count.
    assert all(worker["descriptors"] > 10 for worker in gap.workers())


def test_a_worker_that_the_kernel_ends_for_its_memory_is_left_to_us(gap):
    # The manager would take it for a failure of the unit, and stop that.
    assert gap.show("OOMPolicy") == "continue"


def test_no_controller_is_on_that_would_keep_the_next_start_out(gap):
    gap.serve()
    assert gap.box.read(f"{CGROUP}/cgroup.subtree_control").split() == []
    gap.begin_gap()
    assert len(gap.worker_cgroups()) == 2
    gap.end_gap()
    assert gap.show("Result") == "success"
    assert gap.box.run("curl", "-sf", f"http://127.0.0.1:{PORT}/").returncode == 0
