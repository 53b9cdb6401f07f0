"""voxkeeperd as the benchmark sees it: sweeps by its own command, its memory, its loop's lag."""

import json
import signal
import subprocess
import threading
import time

import measure
import probed
from daemon import BUILD, TOP, Daemon, UnixHttp
from turns import Turns

UNPACED = "1s"  # MaxLatency= that nothing reaches
KNOWN = (TOP / "docs/config.md").read_text()


def config(redis, probed, max_latency):
    """Whatever sweeps by itself, or holds back a large one, is off."""
    sweep = {"Interval": "infinity", "MaxDelete": "infinity", "MaxLatency": max_latency}
    return {
        "Agent": {"ExecStart": "/bin/sleep infinity", "Handover": "none", "Listen": "127.0.0.1:9"},
        "Health": {"Url": probed, "Interval": "100ms", "StartInterval": "20ms"},
        "Drain": {"Linger": 0, "WaitFor": ""},
        "Redis": {"Url": redis.unix_url},
        "Sweep": {key: value for key, value in sweep.items() if value and f"`{key}`" in KNOWN},
    }


class Lag:
    """How late voxkeeperd answers GET /livez, asked without a pause in between: what is beyond the
    answers of an idle one is the loop's."""

    def __init__(self, socket):
        self._socket = socket
        self._end = threading.Event()
        self._took = []
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _ask(self):
        connection = UnixHttp(self._socket, 10)
        while not self._end.wait(0.002):
            began = time.perf_counter()
            connection.request("GET", "/livez")
            connection.getresponse().read()
            self._took.append(time.perf_counter() - began)
        connection.close()

    def row(self):
        took = sorted(self._took)
        return {f"lag_{name}": round(took[int(len(took) * share)] * 1e6)
                for name, share in (("p50", .5), ("p99", .99), ("max", 1 - 1e-9))} if took else {}


class Ours:
    def __init__(self, directory, redis, max_latency=None):
        self.probes = []  # when
        self._probed = probed.serve(lambda: self.probes.append(time.monotonic()))
        self.daemon = Daemon(directory, config(redis, self._probed.__enter__(), max_latency))
        self.turns = Turns(self.daemon.directory / "turns")
        self.daemon.start(env=self.turns.env())
        self.daemon.wait_event("redis-up", deadline=30)
        self.daemon.wait_event("worker-verified", deadline=30)

    def close(self):
        self.daemon.close()
        self._probed.__exit__(None, None, None)

    def cadence(self, since):
        """The median and the longest time between two health probes, in milliseconds."""
        times = [at for at in list(self.probes) if at >= since]
        gaps = sorted(b - a for a, b in zip(times, times[1:]))
        if not gaps:
            return {}
        return {"probe_gap": gaps[len(gaps) // 2] * 1e3, "probe_gap_max": gaps[-1] * 1e3}

    def sweep(self, *options):
        """What the sweep said of itself, in seconds."""
        done = self.daemon.cli("sweep", "--json", *options, deadline=3600)
        last = json.loads(done.stdout.splitlines()[-1])["operation"]
        assert last["state"] == "done", last
        result = last["result"]
        return {"wall": result["took_usec"] / 1e6, "seen": result["keys_seen"],
                "removed": result["removed"], "count": result["spent"]["count"]}

    def sweep_for(self, seconds):
        """The same for a part of a sweep: it is ended as Ctrl-C does."""
        process = subprocess.Popen([BUILD / "src/cli/voxkeeper", "--socket", self.daemon.socket,
                                    "sweep", "--json"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        result = json.loads(process.communicate()[0].splitlines()[-1])["operation"]["result"]
        return {"wall": result["took_usec"] / 1e6, "seen": result["keys_seen"],
                "removed": result["removed"]}

    def rest(self, seconds):
        """No sweep, for what the machine itself adds to the lag."""
        time.sleep(seconds)
        return {"wall": seconds, "seen": 0, "removed": 0}

    def memory(self):
        return measure.memory([self.daemon.pid])["rss"]

    def lag(self):
        return Lag(self.daemon.socket)
