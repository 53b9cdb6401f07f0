"""A sweep by voxkeeperd beside a bare SCAN and UNLINK, and beside what operators do today, on one
Redis in one run. Compare the rows with each other: the machine is whatever it is."""

import argparse
import json
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import report
from processes import adopt_orphans
from sweep_ours import UNPACED, Ours
from sweep_redis import Swept
from sweep_report import tables

COUNT = 100  # of our SCAN when it begins


def median(rows):
    """Each figure's median; of the blocks, command by command."""
    merged = {key: statistics.median(row[key] for row in rows)
              for key in rows[0] if key != "block_p99"}
    commands = set().union(*(row["block_p99"] for row in rows))
    return merged | {"block_p99": {c: max(row["block_p99"].get(c, 0) for row in rows)
                                   for c in sorted(commands)}}


def shell_loop(redis, keys):
    """What one key costs in a loop of redis-cli processes, times all keys that it would ask for."""
    script = ('redis-cli -s "$1" --scan --pattern "cursor_task:*" | head -n "$2" |'
              ' while read -r key; do redis-cli -s "$1" TTL "$key"; redis-cli -s "$1" GET "$key";'
              ' done >/dev/null')
    began = time.monotonic()
    subprocess.run(["bash", "-c", script, "-", str(redis.server.socket), str(keys)], check=True)
    return (time.monotonic() - began) / keys


def recipe(redis):
    """redis-cli --scan into files, then TTL and GET of every key through one redis-cli each."""
    script = ('for p in "elevenlabs:session:*" "cursor_task:*"; do redis-cli -s "$1" --scan'
              ' --pattern "$p"; done >keys; for c in TTL GET; do sed "s/^/$c /" keys |'
              ' redis-cli -s "$1" >$c; done; paste keys TTL GET >all;'
              ' awk -F"\\t" \'$2 == -1 && /"pending":true/ {print "UNLINK " $1}\' all |'
              ' redis-cli -s "$1" >/dev/null')
    with tempfile.TemporaryDirectory(prefix="vk-") as directory:
        began = time.monotonic()
        subprocess.run(["bash", "-c", script, "-", str(redis.server.socket)], check=True,
                       cwd=directory)
        return {"wall": time.monotonic() - began}


class Bench:
    def __init__(self, options, directory):
        self.options = options
        self.directory = Path(directory)
        self.redis = Swept(self.directory / "redis", options.foreign, options.sessions,
                           options.tasks, options.stale)
        self.rows = {}
        self._made = 0

    def note(self, name, act, restores=True):
        row = self.redis.measure(act)
        self.rows.setdefault(name, []).append(row)
        if restores:
            self.redis.restore()

    def ours(self, *sweep, max_latency=None, act=None):
        """One sweep by a fresh daemon, or what else `act` lets it do; its lag, its probes and its
        memory with it."""
        self._made += 1
        ours = Ours(self.directory / f"d{self._made}", self.redis.server, max_latency)
        try:
            before, since = ours.memory(), time.monotonic()
            ours.turns.forget()
            with ours.lag() as lag:
                row = act(ours) if act else ours.sweep(*sweep)
            return (row | lag.row() | ours.turns.longest() | ours.cadence(since) |
                    {"growth_kib": ours.memory() - before})
        finally:
            ours.close()

    def floor(self):
        """Bare SCAN and then UNLINK of what somebody else found."""
        wall = self.redis.work("scan", COUNT)["wall"]
        return {"wall": wall + self.redis.work("unlink", self.options.tasks,
                                               self.options.stale)["wall"]}

    def round(self):
        redis = self.redis
        self.note("bare SCAN", lambda: redis.work("scan", COUNT), False)
        self.note("voxkeeperd idle", lambda: self.ours(act=lambda o: o.rest(self.options.idle)),
                  False)
        self.note("dry run", lambda: self.ours("--dry-run", max_latency=UNPACED), False)
        count = round(self.rows["dry run"][-1]["count"])
        self.note("bare SCAN, COUNT of the dry run", lambda: redis.work("scan", count), False)
        self.note("the same commands, bare", lambda: redis.work("examine", COUNT), False)
        self.note("bare SCAN + UNLINK", self.floor)
        self.note("sweep, unpaced", lambda: self.ours(max_latency=UNPACED))
        self.note("sweep, default pacing", self.ours)
        self.note("naive, COUNT 1000", lambda: redis.work("naive", 1000))
        self.note("naive, COUNT 5000", lambda: redis.work("naive", 5000))

    def busy_round(self):
        """The same while Redis is busy for half of its time with somebody's bursts of 0.3 ms."""
        redis = self.redis
        with redis.beside("load", 300):
            time.sleep(2)  # until it knows how much is half
            self.note("busy: load only", lambda: time.sleep(self.options.idle), False)
            self.note("busy: voxkeeperd idle",
                      lambda: self.ours(act=lambda o: o.rest(self.options.idle)), False)
            # It may slow down to a trickle: what others notice is the question, not how long it takes.
            self.note("busy: sweep, default pacing",
                      lambda: self.ours(act=lambda o: o.sweep_for(self.options.busy)))
            self.note("busy: naive, COUNT 1000", lambda: redis.work("naive", 1000))
            self.note("busy: naive, COUNT 5000", lambda: redis.work("naive", 5000))

    def others(self):
        options = self.options
        per_key = shell_loop(self.redis, options.shell_keys)
        self.rows["shell loop (scaled)"] = [{"wall": per_key * (options.sessions + options.tasks)}]
        self.note("synchronous client (scaled)",
                  lambda: self.redis.work("sync", 1000, options.sync_keys))
        self.note("redis-cli recipe", lambda: recipe(self.redis))

    def run(self):
        for _ in range(self.options.rounds):
            self.rows.setdefault("idle", []).append(self.redis.idle(self.options.idle))
            self.round()
        for _ in range(self.options.rounds):
            self.busy_round()
        self.others()
        return {"build": report.build(), "rounds": self.options.rounds,
                "data": {name: getattr(self.options, name)
                         for name in ("foreign", "sessions", "tasks", "stale")},
                "rows": {name: median(rows) if "block_p99" in rows[0] else rows[0]
                         for name, rows in self.rows.items()}}


def main():
    parser = argparse.ArgumentParser(prog="test/bench/sweep", description=__doc__)
    for name, preset, what in (
            ("foreign", 1_000_000, "keys of others"), ("sessions", 200_000, "sessions"),
            ("tasks", 100_000, "tasks"), ("stale", 50_000, "of the tasks, stuck ones"),
            ("rounds", 3, "times that everything is done; medians are shown"),
            ("idle", 5, "seconds of the prober alone"),
            ("busy", 10, "seconds of a sweep while Redis is busy"),
            ("shell-keys", 300, "keys for the shell loop, which is scaled"),
            ("sync-keys", 20_000, "keys of each kind for the synchronous client, scaled too")):
        parser.add_argument(f"--{name}", type=int, default=preset, metavar="N",
                            help=f"{what} (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON too")
    options = parser.parse_args()
    if min(options.sessions, options.stale, options.rounds, options.idle, options.shell_keys,
           options.sync_keys) < 1 or options.tasks < options.stale:
        parser.error("at least 1 of everything, and no more stale tasks than tasks")
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    adopt_orphans()
    directory = tempfile.mkdtemp(prefix="vk-")
    bench = Bench(options, directory)
    try:
        result = bench.run()
    finally:
        bench.redis.close()
        shutil.rmtree(directory, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    print(tables(result))


if __name__ == "__main__":
    main()
