"""A cgroup for each container, and their removal, on unified and on hybrid hosts."""

import contextlib
import itertools
import os
from pathlib import Path

from waiting import wait_for

PREFIX = "voxkeeper-test-"


def hierarchies():
    """Mount points of the hierarchies in which systemd keeps its units."""
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, mountpoint, kind, options, *_ = line.split()
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(",")):
            found.append(Path(mountpoint))
    return found


def create(name):
    for hierarchy in hierarchies():
        (hierarchy / name).mkdir(exist_ok=True)


def remove(name):
    """Removes what `create` made and all below it. False while a process is still inside."""
    for hierarchy in hierarchies():
        for directory, _, _ in os.walk(hierarchy / name, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(directory)
    return not any((hierarchy / name).exists() for hierarchy in hierarchies())


def remove_stale():
    """Removes the cgroups of test runs that were killed before they could clean up."""
    for hierarchy in hierarchies():
        for directory in hierarchy.glob(PREFIX + "*"):
            if not Path("/proc", owner_of(directory.name)).exists():
                remove(directory.name)


def owner_of(name):
    """The process, as text, that made something named PREFIX + pid + "-" + number."""
    return name[len(PREFIX):].split("-")[0]


numbers = itertools.count()


def memory_hierarchy():
    """Where a cgroup can be given a limit of memory."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, mountpoint, kind, options, *_ = line.split()
        controllers = Path(mountpoint, "cgroup.subtree_control")
        if (kind == "cgroup" and "memory" in options.split(",")) or \
                (kind == "cgroup2" and "memory" in controllers.read_text().split()):
            return Path(mountpoint)
    raise AssertionError("no cgroup hierarchy limits memory")


@contextlib.contextmanager
def limited_memory(limit):
    """A cgroup whose processes may have that much memory in all; its directory. It goes when they
    have ended."""
    group = memory_hierarchy() / f"{PREFIX}{os.getpid()}-m{next(numbers)}"
    group.mkdir()
    v2 = (group / "memory.max").exists()
    (group / ("memory.max" if v2 else "memory.limit_in_bytes")).write_text(limit)
    swap = group / "memory.swap.max"
    if swap.exists():
        swap.write_text("0")
    try:
        yield group
    finally:
        wait_for(lambda: gone(group), 30, "its processes to end")


def gone(group):
    with contextlib.suppress(OSError):
        group.rmdir()
    return not group.exists()
