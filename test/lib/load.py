"""Callers in numbers: as many calls as they can make, and every one of them accounted for."""

import threading
import time
from collections import Counter
from dataclasses import dataclass

from load_kinds import RegularTool, Tool
from load_network import enter_network_of
from load_wire import Failed


@dataclass(frozen=True)
class Failure:
    """A call that went wrong. Times are time.monotonic(): of its connection, and of the failure."""

    kind: str
    caller: str
    local_port: int  # of the connection; 0 if there was none
    opened: float
    at: float


@dataclass(frozen=True)
class Left:
    """A connection that its caller left after the last call on it had gone well."""

    local_port: int
    opened: float
    at: float


class Load:
    """One thread for each caller; `kinds` as in load_kinds. Each calls until stop(), and finishes
    the call that it is in. What was counted may be read at any time. network_of: a process whose
    network they call in; ours if not given."""

    def __init__(self, port, *kinds, network_of=None):
        self.network_of = network_of
        self.done = 0
        self.by_kind = Counter()
        self.failures = []
        self.left = []
        self.worst = 0.0  # seconds that a call took, well or not
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._call_on, args=(kind(port),), daemon=True)
                         for kind in kinds]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self):
        """How many calls failed, by kind of failure."""
        return Counter(failure.kind for failure in list(self.failures))

    def _call_on(self, caller):
        if self.network_of is not None:
            enter_network_of(self.network_of)
        while not self._stopping.is_set():
            self._once(caller)
        self._leave(caller)

    def _leave(self, caller):
        if caller.wire is not None:
            self.left.append(Left(caller.wire.port, caller.wire.opened, time.monotonic()))
        caller.leave()

    def _once(self, caller):
        began = time.monotonic()
        try:
            stay = caller.call()
        except Failed as failed:
            self._count_failure(caller, str(failed), began)
            return
        if not stay:
            self._leave(caller)
        with self._lock:
            self.done += 1
            self.by_kind[type(caller).__name__] += 1
            self.worst = max(self.worst, time.monotonic() - began)

    def _count_failure(self, caller, kind, began):
        now = time.monotonic()
        wire = caller.wire
        failure = Failure(kind, type(caller).__name__, wire.port if wire else 0,
                          wire.opened if wire else began, now)
        caller.leave()
        with self._lock:
            self.failures.append(failure)
            self.worst = max(self.worst, now - began)


def tools(clients=4, keep_alive=False):
    """The kinds for so many callers of the reference agent."""
    return [RegularTool if keep_alive else Tool] * clients
