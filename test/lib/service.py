"""voxkeeper.service in a booted container, as an operator of that machine sees it."""

import json

from daemon import config_text
from waiting import wait_for

UNIT = "voxkeeper.service"
CONFIG = "/etc/voxkeeper/voxkeeper.conf"
DROP_IN = f"/run/systemd/system/{UNIT}.d/test.conf"
PORT = 3004
REDIS = "redis://127.0.0.1:6379/0"
# Puts a program into every directory that it may write to, and runs it there.
WRITE_AND_EXECUTE = """
    find / -path /proc -prune -o -path /sys -prune -o -type d -writable -print 2>/dev/null |
    while read -r directory; do
        cp /bin/true "$directory/x" || continue
        chmod 755 "$directory/x"
        echo "written $directory"
        "$directory/x" 2>/dev/null && echo "executed $directory"
        rm "$directory/x"
    done"""
CGROUP = f"/sys/fs/cgroup/system.slice/{UNIT}"
GATE = "/run/gate"
# The agent, as soon as the gate is open.
GATED = {"ExecStart": f"/bin/sh -c 'until [ -e {GATE} ]; do sleep 0.05; done;"
                      " exec /usr/bin/node /opt/elevenlabs-agent/src/index.js'"}


def configuration(environment=None, **sections):
    """The reference agent on Debian's node and Redis, probed quickly. environment: the agent's,
    knobs included; sections: what to change."""
    variables = {"PORT": PORT, "REDIS_URL": REDIS, "ELEVENLABS_AGENT_ENABLED": "true",
                 "FAULT_ROUTES": 1, **(environment or {})}
    config = {
        "Agent": {"ExecStart": "/usr/bin/node /opt/elevenlabs-agent/src/index.js",
                  "Environment": [f"{name}={value}" for name, value in variables.items()],
                  "Listen": f"127.0.0.1:{PORT}"},
        "Health": {"Url": "/health", "ExpectJson": "status=ok redis=connected",
                   "DependencyJson": "redis", "Interval": "200ms", "StartInterval": "50ms",
                   "FastInterval": "100ms", "Timeout": "2s"},
        "Restart": {"Delay": "50ms"},
        "Drain": {"Linger": "0", "Timeout": "30s", "CountInterval": "100ms"},
        "Redis": {"Url": REDIS},
    }
    for section, keys in sections.items():
        config[section] = {**config.get(section, {}), **keys}
    return config


class Service:
    """The shipped unit in `box`, with Debian's Redis running. Several tests may share a box, one
    after the other: reset() in between. Events before the latest mark() are not seen."""

    def __init__(self, box):
        self.box = box
        box.run("systemctl", "start", "redis-server")
        self.configure()
        self.mark()

    def reset(self):
        """Everything as before the first start, whatever state a test has left."""
        self.box.run("systemctl kill --signal=KILL voxkeeper; systemctl stop voxkeeper;"
                     "systemctl reset-failed voxkeeper", check=False, deadline=60.0)
        self.box.run(f"rm -rf {DROP_IN} /run/systemd/system/redis-server.service.d"
                     " /etc/voxkeeper/voxkeeper.conf.d/* /var/lib/voxkeeper/*;"
                     "systemctl daemon-reload; systemctl restart redis-server;"
                     "redis-cli flushall")

    # Configuration.

    def write_config(self, text):
        self.box.write(CONFIG, text, mode="0640")
        self.box.run("chgrp", "voxkeeper", CONFIG)

    def configure(self, environment=None, **sections):
        self.write_config(config_text(configuration(environment, **sections)))

    def drop_in(self, text, unit=UNIT):
        self.box.write(DROP_IN.replace(UNIT, unit), text)
        self.box.run("systemctl", "daemon-reload")

    # What an operator types.

    def systemctl(self, *argv, check=True, deadline=60.0):
        return self.box.run("systemctl", *argv, UNIT, check=check, deadline=deadline)

    def start(self, environment=None, **sections):
        if environment or sections:
            self.configure(environment, **sections)
        self.systemctl("start")
        return self

    def show(self, name):
        return self.systemctl("show", "--value", "-p", name).stdout.strip()

    def status_page(self):
        return self.systemctl("status", "--no-pager", check=False).stdout

    def wait_show(self, name, value, deadline=15.0):
        wait_for(lambda: self.show(name) == value, deadline, f"{name}={value}")

    def cli(self, *argv, check=True, user=None, deadline=30.0):
        return self.box.run("voxkeeper", *argv, check=check, user=user, deadline=deadline)

    def workers(self):
        return json.loads(self.cli("--json", "workers").stdout)["workers"]

    def worker_pid(self):
        """Of the one that serves; one from before may be kept warm beside it."""
        (worker,) = (worker for worker in self.workers() if worker["state"] == "serving")
        return worker["pid"]

    def kill(self, pid, signal="KILL"):
        self.box.run("kill", "-s", signal, str(pid))

    def is_alive(self, pid):
        state = self.box.run("ps", "-o", "state=", "-p", str(pid), check=False).stdout.strip()
        return state not in ("", "Z")

    # The sandbox, as a worker sees it.

    def writable_mounts(self, pid, *directories):
        """Those that root can write to: there only the modes of files protect them."""
        enter = ["nsenter", "-t", str(pid), "-m", "touch"]
        return [directory for directory in directories
                if "Read-only file system" not in
                self.box.run(*enter, f"{directory}/x", check=False).stderr]

    def written_and_executed(self, pid):
        """Where the service's user can write, and where it can execute what it wrote."""
        uid, gid = self.box.run("id -u voxkeeper; id -g voxkeeper").stdout.split()
        enter = ["nsenter", "-t", str(pid), "-m", "-S", uid, "-G", gid]
        lines = self.box.run(*enter, "sh", "-c", WRITE_AND_EXECUTE).stdout.splitlines()
        found = [line.split(" ", 1) for line in lines]
        return [[directory for word, directory in found if word == which]
                for which in ("written", "executed")]

    # The agent.

    def open_gate(self):
        """Workers that are GATED begin."""
        self.box.run("touch", GATE)

    def shut_gate(self):
        self.box.run("rm", "-f", GATE)

    def ask(self, path, method="GET", body=None, check=True):
        """What the agent answers, parsed."""
        data = ["-H", "Content-Type: application/json", "-d", json.dumps(body)] if body else []
        done = self.box.run("curl", "-sS", "--max-time", "5", "-X", method, *data,
                            f"http://127.0.0.1:{PORT}{path}", check=check)
        return json.loads(done.stdout) if done.stdout else None

    def fault(self, what, check=True):
        return self.ask(f"/__fault/{what}", "POST", check=check)

    # The journal.

    def mark(self):
        """From now on only later entries are looked at."""
        self.marked = self.box.journal_end()

    def event(self, name, deadline=20.0, count=1, **fields):
        """The count-th event of that name since the mark; waits for it."""
        return self.box.wait_journal(deadline=deadline, count=count, after=self.marked,
                                     VOXKEEPER_EVENT=name, **fields)

    def events(self, name, **fields):
        """Those since the mark that are there now."""
        self.box.run("journalctl", "--sync")
        return self.box.journal(after=self.marked, VOXKEEPER_EVENT=name, **fields)

    def given_up(self, words, configure):
        """The worker-not-verified whose reason has these words. One that had not come so far is given
        more time: configure(TimeoutStartSec=)."""
        for count, more in (1, "10s"), (2, "30s"), (3, "60s"):
            failed = self.event("worker-not-verified", count=count, deadline=70)
            if words in failed["VOXKEEPER_REASON"]:
                return failed
            configure(more)
            self.cli("reload")
        raise AssertionError(f"no start was given up for {words!r}: {failed['VOXKEEPER_REASON']}")

    def entry(self, deadline=20.0, count=1, **fields):
        return self.box.wait_journal(deadline=deadline, count=count, after=self.marked, **fields)

    # Control groups.

    def worker_cgroups(self):
        found = self.box.run(f"ls {CGROUP} 2>/dev/null || true").stdout.split()
        return [name for name in found if name.startswith("worker-")]
