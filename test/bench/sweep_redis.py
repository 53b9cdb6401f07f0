"""The Redis that is swept, its data, its figures, and what else is done to it."""

import contextlib
import signal
import subprocess
import time

from daemon import BUILD
from processes import TIED
from redis_server import RedisServer
from turns import Turns

WORK = BUILD / "test/bench/bench-redis-work"


def figures(text):
    """{"wall": 1.5} of `name value` lines."""
    return {name: float(value) for name, _, value in map(lambda l: l.partition(" "),
                                                          text.splitlines())}


class Swept:
    """A server with `foreign` other keys, `sessions`, and `tasks` of which `stale` are stuck."""

    def __init__(self, directory, foreign, sessions, tasks, stale):
        self.turns = Turns(directory / "turns")
        env = [f"{name}={value}" for name, value in self.turns.env().items()]
        self.server = RedisServer(directory, program=("env", *env, "redis-server")).start()
        self.keys = foreign + sessions + tasks
        self.tasks, self.stale = tasks, stale
        self.work("fill", foreign, sessions, tasks, stale)

    def close(self):
        self.server.stop()

    def command(self, *words):
        return [WORK, self.server.socket, *map(str, words)]

    def work(self, *words):
        done = subprocess.run(self.command(*words), stdout=subprocess.PIPE, text=True, check=True)
        return figures(done.stdout)

    def restore(self):
        """The stale ones are there again."""
        self.work("stale", self.tasks, self.stale)
        found = self.server.command("DBSIZE")
        assert found == self.keys, f"{found} keys instead of {self.keys}"

    def info(self, section):
        text = self.server.command("INFO", section).decode()
        return dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)

    def cpu(self):
        """Seconds of its main thread."""
        info = self.info("cpu")
        return sum(float(info[f"used_cpu_{kind}_main_thread"]) for kind in ("sys", "user"))

    @contextlib.contextmanager
    def beside(self, *words):
        """Something goes on meanwhile; its figures are in the dictionary afterwards."""
        found = {}
        process = subprocess.Popen([*TIED, *self.command(*words)], stdout=subprocess.PIPE, text=True)
        try:
            yield found
        finally:
            process.send_signal(signal.SIGTERM)
            found.update(figures(process.communicate()[0]))

    def measure(self, act):
        """A row: what `act` says of itself, what Redis spent and how long its commands took, what
        the prober saw. CPU is net of the prober's."""
        self.server.command("CONFIG", "RESETSTAT")
        self.turns.forget()
        with self.beside("probe") as probed:
            began, cpu = time.monotonic(), self.cpu()
            row = act() or {}
            wall = time.monotonic() - began
            cpu = self.cpu() - cpu
            waits = self.turns.waits(wall)
        row.setdefault("wall", wall)
        row |= {"cpu": max(cpu - self.probe_cpu * wall, 0.001),
                "probe_p50": probed["p50"], "probe_p99": probed["p99"],
                "block_p99": self.blocks()} | waits
        return row

    probe_cpu = 0.0  # seconds a second

    def idle(self, seconds):
        """The prober alone; from now on its CPU is known."""
        self.probe_cpu = 0.0
        row = self.measure(lambda: time.sleep(seconds))
        self.probe_cpu = row["cpu"] / row["wall"]
        return row

    def blocks(self):
        """{command: p99 in microseconds}, of those that a sweep sends."""
        found = {}
        for name, value in self.info("latencystats").items():
            command = name.removeprefix("latency_percentiles_usec_")
            if command in ("scan", "pttl", "dump", "evalsha", "object|idletime", "memory|usage",
                           "unlink", "del", "get", "ttl"):
                found[command] = float(value.split("p99=")[1].split(",")[0])
        return found
