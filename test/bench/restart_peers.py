"""The reference agent under each supervisor: started, restarted, its serving process found, ended.

Each keeps its own defaults, except for what would make it give up while its worker is killed again
and again. One worker each.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

from agent import request
from daemon import TOP, Daemon
from processes import TIED, Family, children, descendants
from waiting import wait_for

AGENT = TOP / "examples/elevenlabs-agent/src/index.js"
PM2 = TOP / "test/bench/pm2"
PROGRAMS = b"/src/index.js", b"/pm2/agent.mjs"
NODE = shutil.which("node")


def runs_agent(pid):
    """Whether this process is the agent itself and nothing that only starts it."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    # PM2 writes all of them into one word.
    program, _, rest = b" ".join(words).partition(b" ")
    return program.endswith(b"node") and rest.split(b" ")[0].endswith(PROGRAMS)


class Peer:
    """`restarts`: a name for each way of restarting, and its command; a callable or an argv."""

    name = ""

    def __init__(self, directory, port, environment):
        self.directory = Path(directory)
        self.directory.mkdir()
        self.port = port
        self.environment = {name: str(value) for name, value in environment.items()}
        self._family = Family()
        self._process = None

    def start(self):
        self.launch()
        wait_for(self.is_ready, 30.0, f"{self.name} to serve")

    def is_ready(self):
        try:
            return request(self.port, "GET", "/health")[0] == 200
        except OSError:
            return False

    def prefix(self):
        """What a command has to begin with to see the agent's network."""
        return []

    def root(self):
        return self._process.pid

    def serving(self):
        """The process that serves callers; 0 when none does."""
        return next((pid for pid in descendants(self.root()) if runs_agent(pid)), 0)

    def prove(self):
        """Waits until it is as good as it gets, such that the next crash is a first one."""

    def run(self, *argv):
        done = subprocess.run([str(word) for word in argv], env=os.environ | self.environment,
                              cwd=self.directory, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{argv}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def spawn(self, *argv):
        with open(self.directory / "output", "wb") as output:
            self._process = subprocess.Popen(
                [*TIED, *map(str, argv)], env=os.environ | self.environment, cwd=self.directory,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def script(self, path):
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\nexec {NODE} {AGENT}\n")
        path.chmod(0o755)

    def close(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._family.end()


class Voxkeeper(Peer):
    name = "voxkeeper"
    standby = 0

    def launch(self):
        self.daemon = Daemon(self.directory / "d", {
            "Agent": {"ExecStart": f"{NODE} {AGENT}", "Listen": f"127.0.0.1:{self.port}",
                      "Environment": [f"{k}={v}" for k, v in self.environment.items()],
                      "Handover": "preload", "Standby": self.standby},
            "Health": {"Url": "/health", "ExpectJson": "status=ok redis=connected",
                       "DependencyJson": "redis"},
            # A worker counts as well after a second, as with the others.
            "Restart": {"StableAfter": "1s", "Delay": "1ms", "MaxDelay": "1ms"},
            "Rollout": {"Bake": "500ms", "KeepWarm": 0},
            "Drain": {"Linger": 0}, "Redis": {"Url": self.environment["REDIS_URL"]}})
        self.daemon.start()
        self._process = self.daemon.process

    def workers(self, state):
        found = self.daemon.request("GET", "/api/v1/workers")[1]["workers"]
        return [worker["pid"] for worker in found if worker["state"] == state]

    def serving(self):
        return next(iter(self.workers("serving")), 0)

    def prove(self):
        wait_for(lambda: len(self.workers("standby")) >= self.standby, 30.0, "a standby")

    def restart(self):
        self.daemon.cli("restart", check=True)

    restarts = {"restart": restart}


class Standby(Voxkeeper):
    name = "voxkeeper, Standby=1"
    standby = 1


class Pm2(Peer):
    name = "PM2, fork"
    mode = ()

    def pm2(self, *argv):
        return self.run(PM2 / "node_modules/.bin/pm2", *argv)

    def launch(self):
        self.environment |= {"PM2_HOME": str(self.directory / "home"),
                             "PM2_DISABLE_VERSION_CHECK": "true"}
        self.pm2("start", PM2 / "agent.mjs", "--name", "agent", "--no-vizion", *self.mode)

    def root(self):
        return int(Path(self.directory, "home/pm2.pid").read_text())

    def close(self):
        # Its daemon left us at once; our being a subreaper makes it one of the family again.
        if (self.directory / "home/pm2.pid").exists():
            self.pm2("kill")
        super().close()

    restarts = {"restart": lambda self: self.pm2("restart", "agent"),
                "reload": lambda self: self.pm2("reload", "agent")}


class Pm2Cluster(Pm2):
    name = "PM2, cluster"
    mode = "-i", "1"
    restarts = {"reload": lambda self: self.pm2("reload", "agent")}


class Supervisord(Peer):
    name = "supervisord"

    def launch(self):
        self.config = self.directory / "supervisord.conf"
        socket = self.directory / "socket"
        self.config.write_text(
            f"[supervisord]\nnodaemon=true\nlogfile={self.directory}/log\n"
            f"pidfile={self.directory}/pid\nchildlogdir={self.directory}\n"
            f"[unix_http_server]\nfile={socket}\n[supervisorctl]\nserverurl=unix://{socket}\n"
            "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory ="
            " supervisor.rpcinterface:make_main_rpcinterface\n"
            f"[program:agent]\ncommand={NODE} {AGENT}\nautorestart=true\n")
        self.spawn("supervisord", "-c", self.config)

    restarts = {"restart": lambda self: self.run("supervisorctl", "-c", self.config, "restart",
                                                 "agent")}


class S6(Peer):
    name = "s6"

    def launch(self):
        self.service = self.directory / "scan/agent"
        self.script(self.service / "run")
        self.spawn("s6-svscan", self.directory / "scan")

    restarts = {"restart": lambda self: self.run("s6-svc", "-r", self.service)}


class Runit(Peer):
    name = "runit"

    def launch(self):
        self.service = self.directory / "agent"
        self.script(self.service / "run")
        self.spawn("runsv", self.service)

    restarts = {"restart": lambda self: self.run("sv", "restart", self.service)}


KINDS = Voxkeeper, Standby, Pm2, Pm2Cluster, Supervisord, S6, Runit
