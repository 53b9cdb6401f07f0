"""Ending processes by id, and finding those that a program under test left behind."""

import ctypes
import os
import signal
import subprocess
from pathlib import Path

from waiting import wait_for

PR_SET_CHILD_SUBREAPER = 36

# Dies with us even when we are killed and cannot clean up.
TIED = ["setpriv", "--pdeathsig", "KILL", "--"]


def adopt_orphans():
    """From now on a descendant whose parent dies becomes a child of this process."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "become a subreaper")


def children(pid):
    """The process's children, in the order of their start; none when it is gone."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def descendants(pid):
    """All processes below pid, parents before their children."""
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def is_zombie(pid):
    """Whether pid is gone or has ended and only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def is_alive(pid):
    return not is_zombie(pid)


def reap(pid):
    """Reaps an adopted orphan that ended. False while it runs."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return not Path(f"/proc/{pid}").exists()


class Family:
    """What one program started from here leaves behind: our children that are there at the end and
    were not there when it started, other than those that Python itself looks after."""

    def __init__(self):
        self.before = set(children(os.getpid()))

    def orphans(self, known=()):
        """Living processes with all their descendants; `known` are process ids to leave out."""
        found = []
        for child in children(os.getpid()):
            if child not in self.before and child not in known:
                found += [child, *descendants(child)]
        return [pid for pid in found if is_alive(pid)]

    def end(self, known=()):
        """Kills and reaps them all; returns how many lived."""
        lived = self.orphans(known)
        for pid in lived:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for child in children(os.getpid()):
            if child not in self.before and child not in known:
                wait_for(lambda child=child: reap(child), what=f"process {child} to end")
        # Killing a parent hands us children that were not ours before.
        return len(lived) + (self.end(known) if self.orphans(known) else 0)


def stop(process, how=signal.SIGTERM, deadline=10.0):
    """Signals a Popen and returns its exit status; kills it (and fails) at the deadline."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(deadline)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError(f"{process.args[0]} did not end within {deadline:g} s of "
                             f"{signal.Signals(how).name}") from None
