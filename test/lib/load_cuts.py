"""Who is cut when a worker dies, known before it does, and held against what a Load counted."""

import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from waiting import wait_for


@dataclass(frozen=True)
class Cut:
    """The connections that a worker had when it died, by their callers' ports."""

    pid: int
    at: float  # time.monotonic()
    peers: frozenset


def read_cuts(path):
    """What workers of load_agent.cjs told before they failed."""
    lines = Path(path).read_text().splitlines() if Path(path).exists() else []
    return [Cut(cut["pid"], cut["at"], frozenset(cut["peers"])) for cut in map(json.loads, lines)]


def is_stopped(pid):
    states = [Path(task, "stat").read_text().rpartition(") ")[2][0]
              for task in Path(f"/proc/{pid}/task").iterdir()]
    return set(states) == {"T"}


def sockets_of(pid):
    """Inodes of the sockets that it has open."""
    found = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        target = os.readlink(fd)
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def peers_of(pid, port):
    """The other ends' ports of the connections to our `port` that it has open."""
    inodes = sockets_of(pid)
    peers = set()
    for table in "tcp", "tcp6":
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            local, remote = (int(fields[i].rpartition(":")[2], 16) for i in (1, 2))
            if local == port and remote != 0 and fields[9] in inodes:
                peers.add(remote)
    return frozenset(peers)


def kill(pid, port):
    """kill -9, of a worker that was stopped just before so that its callers can be listed."""
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: is_stopped(pid))
    cut = Cut(pid, time.monotonic(), peers_of(pid, port))
    os.kill(pid, signal.SIGKILL)
    return cut


def _was_on(connection, cut):
    return connection.local_port in cut.peers and connection.opened < cut.at


def unexplained(load, cuts):
    """Failures of calls that were in none of those workers' hands."""
    return [failure for failure in load.failures
            if not any(_was_on(failure, cut) and failure.at > cut.at for cut in cuts)]


def unaccounted(load, cuts):
    """(pid, ports) of connections that died with a worker and of which the load does not know what
    became: neither did a call on them fail, nor had their callers got all that they were owed."""
    found = []
    for cut in cuts:
        ended = {connection.local_port for connection in [*load.failures, *load.left]
                 if _was_on(connection, cut)}
        if cut.peers - ended:
            found.append((cut.pid, cut.peers - ended))
    return found
