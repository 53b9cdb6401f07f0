"""What the listener shim costs: the same Node server with and without it, in turns.

Two servers live at the same time. A block is four rounds of the same load in the order plain, shim,
shim, plain, so that a drift of the machine falls on both; its ratio is shim / plain. A server's CPU
time does not depend on its neighbours much, its requests a second do. Two processes of the same
program differ by themselves, by how they lie in memory: there are new ones for each pair, and pairs
of two plain servers show how far apart equals are."""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from daemon import BUILD, TOP

SERVER = """
require('node:http').createServer((request, response) => {
    response.setHeader('Content-Length', 2);
    response.end('ok');
}).listen(Number(process.argv[1]), '127.0.0.1', () => console.log('listening'));
"""
LOADS = {"keep-alive": "keep", "new connections": "new"}
GOAL = 1.02


class Server:
    """A Node server on one CPU; with the shim: active, as voxkeeperd starts and activates it."""

    def __init__(self, with_shim, cpu):
        self.sockets = []
        environment, prefix = {}, ""
        if with_shim:
            environment, prefix = self._hand_over()
        else:
            with socket.create_server(("127.0.0.1", 0)) as probe:
                self.port = probe.getsockname()[1]
        # Its own process id is in its environment, which only a shell knows before exec.
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", prefix + 'exec "$@"', "sh", shutil.which("node"), "-e", SERVER, str(self.port)],
            stdout=subprocess.PIPE, env=os.environ | environment,
            pass_fds=[own.fileno() for own in self.sockets],
            preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
        assert self.process.stdout.readline() == b"listening\n", "the server does not start"
        if with_shim:
            self._activate()

    def _hand_over(self):
        public, private = (socket.create_server(("127.0.0.1", 0), backlog=1024) for _ in range(2))
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sockets = [public, private, theirs]
        self.port = public.getsockname()[1]
        environment = {
            "UV_USE_IO_URING": "0",
            "NODE_OPTIONS": f"--require={TOP / 'src/preload/drain.cjs'}",
            "VOXKEEPER_HANDOVER_CONTROL": str(theirs.fileno()),
            "VOXKEEPER_HANDOVER_LISTEN_1": f"{public.fileno()} {private.fileno()} {self.port}"}
        library = BUILD / "src/preload/libvoxkeeper-listen.so"
        return environment, f"export VOXKEEPER_HANDOVER_PID=$$ LD_PRELOAD='{library}'; "

    def _activate(self):
        self.control.settimeout(20)
        self.control.send(b"A\0\0\0")
        while self.control.recv(4)[:1] != b"a":
            pass

    def cpu_ns(self):
        """Of all its threads (the clock of another process: clock_getcpuclockid(3))."""
        return time.clock_gettime_ns(~self.process.pid << 3 | 2)

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        for own in self.sockets:
            own.close()


def load(server, how, requests, connections, cpus):
    """(CPU nanoseconds of the server for a request, requests a second)."""
    before = server.cpu_ns()
    done = subprocess.run([BUILD / "test/bench/bench-load", str(server.port), str(connections),
                           str(requests), how], stdout=subprocess.PIPE, check=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, cpus))
    return (server.cpu_ns() - before) / requests, requests / (int(done.stdout) / 1e9)


def block(pair, how, options, cpus):
    """Ratios of one block ABBA: CPU time for a request, requests a second."""
    rounds = [load(pair[i], how, options.requests, options.connections, cpus) for i in (0, 1, 1, 0)]
    return {"cpu": (rounds[1][0] + rounds[2][0]) / (rounds[0][0] + rounds[3][0]),
            "rate": (rounds[1][1] + rounds[2][1]) / (rounds[0][1] + rounds[3][1]),
            "plain_cpu_us": (rounds[0][0] + rounds[3][0]) / 2000,
            "plain_rate": (rounds[0][1] + rounds[3][1]) / 2}


def measure(kinds, how, options, cpu, cpus):
    """The medians of the blocks of each pair of servers."""
    found = []
    for _ in range(options.pairs):
        pair = [Server(with_shim, cpu) for with_shim in kinds]
        try:
            for server in pair:
                load(server, how, options.requests, options.connections, cpus)  # the compiler's turn
            blocks = [block(pair, how, options, cpus) for _ in range(options.blocks)]
        finally:
            for server in pair:
                server.end()
        found.append({name: statistics.median(one[name] for one in blocks) for name in blocks[0]})
    return found


def summary(pairs, name):
    values = sorted(pair[name] for pair in pairs)
    return {"median": statistics.median(values), "min": values[0], "max": values[-1]}


def show(title, row):
    def ratio(of):
        return f"{of['median']:.3f} ({of['min']:.3f} .. {of['max']:.3f})"
    print(f"{title:38} {ratio(row['cpu'])}   {ratio(row['rate'])}   "
          f"{row['plain_cpu_us']['median']:7.1f} us   {row['plain_rate']['median']:8.0f}/s")


def arguments():
    parser = argparse.ArgumentParser(prog="shim", description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=9, help="pairs of servers for each figure")
    parser.add_argument("--blocks", type=int, default=24, help="blocks of four rounds for each pair")
    parser.add_argument("--requests", type=int, default=1000, help="requests of a round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args()
    if min(options.pairs, options.blocks, options.requests, options.connections) < 1:
        parser.error("every number must be at least 1")
    return options


def main():
    options = arguments()
    cpus = sorted(os.sched_getaffinity(0))
    server_cpu, others = cpus[-1], set(cpus[:-1]) or set(cpus)
    print(f"{'':38} {'CPU time a request, ratio':27} {'requests a second, ratio':27} without the shim")
    result = {"goal": GOAL, "rows": []}
    for title, how in LOADS.items():
        for kinds, what in (((False, True), "shim / plain"), ((False, False), "plain / plain")):
            pairs = measure(kinds, how, options, server_cpu, others)
            row = {name: summary(pairs, name) for name in pairs[0]}
            show(f"{title}, {what}", row)
            sys.stdout.flush()
            result["rows"].append({"load": title, "what": what, **row})
    print(f"goal: {GOAL} at most, by CPU time; plain / plain shows what equals differ by")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
