"""What callers notice of a restart and of a crash, under voxkeeperd and under others, in one run."""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import restart_report
from ports import free_port
from processes import adopt_orphans
from redis_server import RedisServer
from restart_peers import KINDS
from restart_systemd import Systemd
from waiting import wait_for

CALLERS = Path(__file__).with_name("restart_callers.py")
WARM_UP = 0.2  # seconds that callers call before something happens
AFTERMATH = 1.0  # and after it, for what comes late
STABLE = 1.1  # a life that lasted so long is no failed start to any of them
ALL = {kind.__name__.lower(): kind for kind in (*KINDS, Systemd)}


class Callers:
    """restart_callers.py where the agent's network is."""

    def __init__(self, peer):
        self._process = subprocess.Popen(
            [*peer.prefix(), sys.executable, "-B", CALLERS, str(peer.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the callers' process ended"
        return json.loads(answer)

    def close(self):
        self._process.stdin.close()
        self._process.wait()


def restart_once(peer, callers, how):
    before = peer.serving()
    callers.ask("begin", "callback")
    time.sleep(WARM_UP)
    how(peer)
    wait_for(lambda: peer.serving() not in (0, before) and peer.is_ready(), 30.0,
             "another process to serve")
    time.sleep(AFTERMATH)
    seen = callers.ask("end")
    peer.prove()
    return seen


def restarts(peer, callers, name, how, count):
    seen = [restart_once(peer, callers, how) for _ in range(count)]
    failed = sum((Counter(one["failed"]) for one in seen), Counter())
    return {"supervisor": peer.name, "how": name, "restarts": count,
            "calls": sum(one["done"] for one in seen) + sum(failed.values()),
            "failed": dict(failed), "worst_ms": max(one["worst_ms"] for one in seen)}


def kill_once(peer, callers, what):
    time.sleep(STABLE)
    callers.ask("begin", what)
    time.sleep(WARM_UP)
    answer = callers.ask("kill", peer.serving(), what)
    seen = callers.ask("end")
    peer.prove()
    return answer, seen


def crashes(peer, callers, what, count):
    found = [kill_once(peer, callers, what) for _ in range(count)]
    took = [answer["ms"] for answer, _ in found]
    return {"supervisor": peer.name, "kills": count,
            "median_ms": round(statistics.median(took), 2), "min_ms": min(took),
            "max_ms": max(took),
            "asking_failed": dict(sum((Counter(a["failed"]) for a, _ in found), Counter())),
            "failed": dict(sum((Counter(s["failed"]) for _, s in found), Counter()))}


def measure(peer, options, result):
    peer.start()
    peer.prove()
    callers = Callers(peer)
    try:
        for name, how in peer.restarts.items():
            result["restarts"].append(restarts(peer, callers, name, how, options.restarts))
        result["crashes"].append(crashes(peer, callers, options.ask, options.kills))
    finally:
        callers.close()


def run(options):
    result = {"restarts": [], "crashes": []}
    directory = Path(tempfile.mkdtemp(prefix="vk-"))
    redis = RedisServer(directory / "redis").start()
    try:
        for name in options.only:
            port = free_port()
            peer = ALL[name](directory / name, port, {
                "PORT": port, "REDIS_URL": redis.url, "ELEVENLABS_AGENT_ENABLED": "true"})
            try:
                measure(peer, options, result)
            finally:
                peer.close()
            print(f"{peer.name}: done", file=sys.stderr)
    finally:
        redis.stop()
        shutil.rmtree(directory, ignore_errors=True)
    return result


def main():
    parser = argparse.ArgumentParser(prog="test/bench/restart", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, metavar="N",
                        help="kill each serving worker so often (default: %(default)s)")
    parser.add_argument("--restarts", type=int, default=5, metavar="N",
                        help="restart each so often, in each of its ways (default: %(default)s)")
    parser.add_argument("--ask", choices=["health", "callback"], default="health",
                        help="what callers want during crashes: GET /health, which every worker "
                             "has answered before, or POST /callback, for which the agent loads "
                             "more of itself at the first one (default: %(default)s)")
    parser.add_argument("--only", nargs="+", choices=ALL, metavar="NAME",
                        default=[name for name in ALL if name != "systemd" or os.geteuid() == 0],
                        help=f"of {', '.join(ALL)} (default: all; systemd needs root)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON too")
    options = parser.parse_args()
    if min(options.kills, options.restarts) < 1:
        parser.error("--kills and --restarts: at least 1")
    # Also where the shell has us ignore SIGINT, as in the background.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    adopt_orphans()
    result = run(options)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    print(restart_report.tables(result))


if __name__ == "__main__":
    main()
