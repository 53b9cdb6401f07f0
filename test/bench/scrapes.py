"""What a scrape of /metrics costs voxkeeperd that supervises so many workers.

CPU time is the kernel's count in nanoseconds over many scrapes, so what the workers' probes cost
meanwhile is in it; the clock is the client's, from the first byte asked to the last one read. Callers
hold a number of connections for each worker, which the kernel is asked about in each scrape."""

import argparse
import json
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path

from daemon import Daemon
from ports import free_port
from processes import adopt_orphans
from redis_server import RedisServer
from scrape import scrape

GOAL_MS = 2.0
WORKER = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
kept = []
while True:
    kept.append(server.accept())
"""


def cpu_ns(pid):
    """Of all its threads, as the scheduler counts it."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in Path(f"/proc/{pid}/task").iterdir())


def build(directory, redis, port, workers):
    program = directory / "worker.py"
    program.write_text(WORKER)
    return Daemon(directory / "daemon", {
        "Agent": {"ExecStart": f"/usr/bin/python3 {program} {port}", "Workers": workers,
                  "Listen": f"127.0.0.1:{port}", "Handover": "preload"},
        "Probe alive": {"Type": "tcp"},
        "Health": {"Interval": "1h", "StartInterval": "100ms"},
        "Redis": {"Url": redis.url}})


def measure(daemon, number):
    seen = scrape(daemon)
    clock = []
    before = cpu_ns(daemon.pid)
    for _ in range(number):
        begin = time.perf_counter()
        daemon.metrics()
        clock.append((time.perf_counter() - begin) * 1000)
    cpu = (cpu_ns(daemon.pid) - before) / number / 1e6
    return {"series": len(seen.samples), "bytes": len(seen.text), "cpu_ms": cpu,
            "median_ms": statistics.median(clock), "p99_ms": statistics.quantiles(clock, n=100)[98]}


def positive(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"at least 1, not \"{text}\"")
    return int(text)


def options():
    parser = argparse.ArgumentParser(prog="test/bench/scrape", description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=positive, default=8)
    parser.add_argument("--connections", type=int, default=100, help="for each worker")
    parser.add_argument("--scrapes", type=positive, default=1000)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    return parser.parse_args()


def main():
    args = options()
    adopt_orphans()  # whoever is killed leaves its workers to us
    with tempfile.TemporaryDirectory(prefix="vk-") as directory:
        redis = RedisServer(Path(directory) / "redis").start()
        port = free_port()
        daemon = build(Path(directory), redis, port, args.workers)
        callers = []
        try:
            daemon.start().wait_event("worker-verified", count=args.workers, deadline=60)
            daemon.wait_event("redis-up")
            callers += [socket.create_connection(("127.0.0.1", port))
                        for _ in range(args.workers * args.connections)]
            found = measure(daemon, max(2, args.scrapes))
        finally:
            for caller in callers:
                caller.close()
            daemon.close()
            redis.stop()
    print(f"{args.workers} workers, {args.connections} callers for each: {found['series']} series, "
          f"{found['bytes']} bytes\nCPU time {found['cpu_ms']:.2f} ms a scrape; by the clock "
          f"{found['median_ms']:.2f} ms (median), {found['p99_ms']:.2f} ms (99 %); goal: {GOAL_MS:g} ms")
    if args.json:
        args.json.write_text(json.dumps(found))
    return 0


sys.exit(main())
