"""Footprint and quickness of voxkeeperd, supervisord and s6, measured side by side in one run."""

import argparse
import json
import shutil
import signal
import tempfile
import time
from pathlib import Path

import measure
import probed
import report
from processes import adopt_orphans
from respawn import Respawn
from supervisors import S6, Probing, Quiet, Supervisord

SETTLE = 1.0  # seconds from the last worker's start to the look at a supervisor's memory
KINDS = Quiet, Probing, Supervisord, S6


def kill_each(respawns):
    """voxkeeperd's worker first, alone; then the others', which their supervisors leave dead for
    a second."""
    ours, *others = respawns
    ours.kill()
    ours.wait()
    for respawn in others:
        respawn.kill()
    for respawn in others:
        respawn.wait()


class Bench:
    def __init__(self, directory, url):
        self.directory = Path(directory)
        self.url = url
        self._made = 0
        self._open = []

    def make(self, kind, workers):
        self._made += 1
        more = {"url": self.url} if kind is Probing else {}
        made = kind(self.directory / str(self._made), workers, **more)
        self._open.append(made)
        return made

    def close(self):
        while self._open:
            self._open.pop().close()

    def alone(self, kind, workers):
        """A row with the memory of a supervisor while no second one shares its libraries."""
        supervisor = self.make(kind, workers)
        supervisor.start()
        time.sleep(SETTLE)
        pids = supervisor.processes()
        row = {"supervisor": kind.name, "workers": workers, "probes": kind.probes,
               "processes": len(pids), "pss_kib": measure.memory(pids)["pss"]}
        self.close()
        return row

    def idle_and_respawn(self, kills, counts):
        """({(kind, workers): what was measured of it}, rows of respawns): every supervisor idles
        while further ones see their workers killed."""
        idle = {(kind, workers): self.make(kind, workers) for kind in KINDS for workers in counts}
        respawns = [Respawn(self.make(kind, 1)) for kind in (Quiet, Supervisord, S6)]
        for supervisor in idle.values():
            supervisor.start()
        for respawn in respawns:
            respawn.start()
        time.sleep(SETTLE)
        began = time.monotonic()
        before = {key: measure.wakeups(s.processes()) for key, s in idle.items()}
        for _ in range(kills):
            kill_each(respawns)
        found = {}
        seconds = time.monotonic() - began
        for key, supervisor in idle.items():
            pids = supervisor.processes()
            memory = measure.memory(pids)
            woken = measure.wakeups(pids) - before[key]
            found[key] = {"rss_kib": memory["rss"], "anonymous_kib": memory["anonymous"],
                          "wakeups_per_second": round(woken / seconds, 2),
                          "window_seconds": round(seconds, 1)}
        rows = [respawn.row() for respawn in respawns]
        self.close()
        return found, rows


def run(kills, counts):
    directory = tempfile.mkdtemp(prefix="vk-")
    with probed.serve() as url:
        bench = Bench(directory, url)
        try:
            alone = {(kind, workers): bench.alone(kind, workers)
                     for kind in KINDS for workers in counts}
            found, respawn = bench.idle_and_respawn(kills, counts)
        finally:
            bench.close()
            shutil.rmtree(directory, ignore_errors=True)
    return {"build": report.build(), "idle": [alone[key] | found[key] for key in alone],
            "respawn": respawn, "goals": report.GOALS}


def main():
    parser = argparse.ArgumentParser(prog="test/bench/footprint", description=__doc__)
    parser.add_argument("--kills", type=int, default=30, metavar="N",
                        help="kill each supervisor's worker so often (default: %(default)s); the "
                             "others are watched idling meanwhile, over a second for each kill")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 8], metavar="N",
                        help="so many workers under each idle supervisor (default: 1 8)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON too")
    options = parser.parse_args()
    if min(options.kills, *options.workers) < 1:
        parser.error("--kills and --workers: at least 1")
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    adopt_orphans()
    result = run(options.kills, options.workers)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    print(report.tables(result))


if __name__ == "__main__":
    main()
