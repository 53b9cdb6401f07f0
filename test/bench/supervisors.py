"""voxkeeperd, supervisord and s6, each made to supervise the benchmark's worker.

One interface: start(), processes() (what the supervisor itself consists of), close(). No shell
stands between a supervisor and its worker anywhere, and each keeps its own defaults otherwise.
"""

import os
import shutil
import subprocess
from pathlib import Path

from daemon import BUILD, Daemon
from ports import free_port
from processes import TIED, Family, children
from starts import Starts

WORKER = BUILD / "test/bench/bench-worker"


class Supervisor:
    name = ""
    probes = ""
    stable = 0.0  # seconds after proven() until a worker's restart is again an undelayed one

    def __init__(self, directory, workers):
        self.directory = Path(directory)
        self.directory.mkdir()
        self.workers = workers
        self.starts = Starts(self.directory / "starts")
        self.environment = {"BENCH_STARTS": str(self.starts.path)}
        self._family = Family()
        self._process = None

    def start(self):
        """Returns when every worker runs, with their process ids."""
        self._launch()
        return [self.starts.next()[0] for _ in range(self.workers)]

    def proven(self, lives):
        """Waits until the worker counts as well in the given one of its lives."""

    def _spawn(self, *argv):
        with open(self.directory / "output", "wb") as output:
            self._process = subprocess.Popen(
                [*TIED, *argv], env=os.environ | self.environment, cwd=self.directory,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def processes(self):
        return [self._process.pid]

    def close(self):
        self._process.kill()
        self._process.wait()
        self._family.end()
        self.starts.close()


class Voxkeeperd(Supervisor):
    name = "voxkeeperd"

    def _launch(self):
        self.daemon = Daemon(self.directory / "d", self._sections())
        self.daemon.start()
        self._process = self.daemon.process

    def _sections(self):
        port = free_port()
        return {
            "Agent": {"ExecStart": WORKER, "Workers": self.workers,
                      "Environment": [f"{k}={v}" for k, v in self.environment.items()]},
            "Admin": {"Listen": f"127.0.0.1:{port}"},
            "Drain": {"Linger": 0, "WaitFor": ""},
            **self._more(),
        }

    def proven(self, lives):
        self.daemon.wait_event("worker-verified", worker=1, count=lives)

    def start(self):
        pids = super().start()
        for worker in range(1, self.workers + 1):
            self.daemon.wait_event("worker-verified", worker=worker)
        return pids


class Quiet(Voxkeeperd):
    """Some probe is required: one that always passes, hours apart once the worker is proven. A
    worker that was verified for a second before it is killed has no failure behind it, so that its
    restart is an immediate one."""

    probes = "none due"
    stable = 1.05

    def _more(self):
        return {"Probe alive": {"Type": "exec", "Command": "/bin/true"},
                "Health": {"Interval": "1h", "Rise": 1, "StartInterval": "20ms"},
                "Restart": {"Delay": "1ms", "MaxDelay": "1ms", "StableAfter": "1s"}}


class Probing(Voxkeeperd):
    """The default pace of probes, over HTTP."""

    probes = "default"

    def __init__(self, directory, workers, url):
        super().__init__(directory, workers)
        self.url = url

    def _more(self):
        return {"Health": {"Url": self.url}}


class Supervisord(Supervisor):
    name = "supervisord"

    def _launch(self):
        config = self.directory / "supervisord.conf"
        config.write_text(
            "[supervisord]\nnodaemon=true\n"
            f"logfile={self.directory}/log\npidfile={self.directory}/pid\n"
            f"childlogdir={self.directory}\n"
            # startsecs: a short life is no failed start, for which it would wait longer.
            f"[program:worker]\ncommand={WORKER}\nautorestart=true\nstartsecs=0\n"
            f"numprocs={self.workers}\nprocess_name=%(program_name)s_%(process_num)d\n")
        self._spawn("supervisord", "-c", config)


class S6(Supervisor):
    name = "s6"

    def _launch(self):
        for number in range(self.workers):
            service = self.directory / f"scan/worker{number}"
            service.mkdir(parents=True)
            shutil.copy(WORKER, service / "run")
        self._spawn("s6-svscan", self.directory / "scan")

    def processes(self):
        return [self._process.pid, *children(self._process.pid)]
