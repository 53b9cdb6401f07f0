"""From the kill of a worker to the first instruction of the next one's main()."""

import os
import signal
import statistics
import time
from datetime import datetime

from supervisors import Voxkeeperd


def _summary(nanoseconds):
    milliseconds = [n / 1e6 for n in nanoseconds]
    return {"median_ms": round(statistics.median(milliseconds), 2),
            "min_ms": round(min(milliseconds), 2), "max_ms": round(max(milliseconds), 2)}


class Respawn:
    def __init__(self, supervisor):
        self.supervisor = supervisor
        self._pid = self._proven = self._killed = None
        self._took = []

    def start(self):
        self._pid = self.supervisor.start()[0]
        self._proven = time.monotonic()

    def kill(self):
        """Kills the worker as soon as nothing counts any more that was before."""
        time.sleep(max(0.0, self._proven + self.supervisor.stable - time.monotonic()))
        self._killed = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        os.kill(self._pid, signal.SIGKILL)

    def wait(self):
        self._pid, started = self.supervisor.starts.next()
        self._took.append(started - self._killed)
        self.supervisor.proven(len(self._took) + 1)
        self._proven = time.monotonic()

    def row(self):
        row = {"supervisor": self.supervisor.name, "kills": len(self._took),
               **_summary(self._took)}
        if isinstance(self.supervisor, Voxkeeperd):
            row |= self._inside(self.supervisor.daemon)
        return row

    def _inside(self, daemon):
        """voxkeeperd's own account: from the event of the crash to that of the next exec; and how
        often its restart policy asked for a delay, which would count here."""
        ended = daemon.wait_event("worker-crashed", count=len(self._took))
        daemon.wait_event("worker-started", count=len(self._took) + 1)
        assert ended["exit"].startswith("signal 9"), ended
        took = [_nanoseconds(started) - _nanoseconds(crashed)
                for crashed, started in zip(daemon.events("worker-crashed"),
                                            daemon.events("worker-started")[1:])]
        return {"events": _summary(took), "delayed": len(daemon.events("worker-retry"))}


def _nanoseconds(event):
    return int(datetime.fromisoformat(event["ts"].replace("Z", "+00:00")).timestamp() * 1e6) * 1000
