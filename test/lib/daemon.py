"""voxkeeperd as a test sees it: a configuration, a process, its events and its control socket."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import events_seen
from processes import TIED, Family, children, stop
from waiting import Patience

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("VOXKEEPER_BUILD", TOP / "build"))


def config_text(sections):
    """{"Agent": {"Workers": 2, "Environment": ["A=1", "B=2"]}} as a configuration file. A list
    becomes one line per item; None leaves a key out."""
    lines = []
    for section, keys in sections.items():
        lines.append(f"[{section}]")
        for key, value in keys.items():
            values = value if isinstance(value, (list, tuple)) else [value]
            lines += [f"{key}={item}" for item in values if item is not None]
    return "\n".join(lines) + "\n"


def parse_line(line):
    """One line of the daemon's stderr; what is no JSON object becomes a bare message."""
    try:
        parsed = json.loads(line)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        return {"message": "", **parsed}
    return {"message": line.decode(errors="replace").rstrip("\n")}


class UnixHttp(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """Not started yet. `directory` must be new and its path short: a unix socket goes into it.
    sections: the configuration, see config_text; [Admin] gets our socket and state directory."""

    def __init__(self, directory, sections):
        self.directory = Path(directory)
        self.socket = self.directory / "control.sock"
        self.state = self.directory / "state"
        self.config = self.directory / "voxkeeper.conf"
        self.log = self.directory / "stderr"
        self.process = None
        self._lines = []
        self._read_to = 0
        self._family = None
        self.state.mkdir(parents=True)
        self.configure(sections)

    def configure(self, sections):
        """Writes the configuration; a running daemon sees it when told to reload."""
        # No TCP listener: its default port is one for the whole machine.
        admin = {"ControlSocket": self.socket, "StateDirectory": self.state, "Listen": ""}
        sections = {**sections, "Admin": {**admin, **sections.get("Admin", {})}}
        self.config.write_text(config_text(sections))

    @property
    def pid(self):
        return self.process.pid

    def start(self, *options, env=None, program=None):
        self._family = self._family or Family()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*TIED, program or BUILD / "src/daemon/voxkeeperd", "--config", self.config, *options],
                env=os.environ | {"VOXKEEPER_PRELOAD_DIR": str(BUILD / "src/preload")} | (env or {}),
                stdin=subprocess.DEVNULL, stderr=log)
        return self

    def _read(self):
        """Takes in what was written since. A file and not a pipe: nothing that survives the daemon
        can hold it open, and it is whole whenever and however the daemon ends."""
        with open(self.log, "rb") as log:
            log.seek(self._read_to)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._read_to += len(line)
                self._lines.append(parse_line(line))
        return self._lines

    def mark(self):
        """The present point in the output, for `since`."""
        return len(self._read())

    def lines(self, since=0, **fields):
        """Lines so far whose fields have these values (compared as text)."""
        return [line for line in self._read()[since:]
                if all(str(line.get(name)) == str(value) for name, value in fields.items())]

    def events(self, name, since=0, **fields):
        return self.lines(since, event=name, **fields)

    def wait_event(self, name, deadline=10.0, since=0, count=1, **fields):
        """The count-th event of that name with these fields, as a dict; waits for it."""
        return self.wait_line(deadline, since, count, event=name, **fields)

    def wait_line(self, deadline=10.0, since=0, count=1, **fields):
        patience = Patience(deadline)
        while True:
            # In this order, or lines written just before the end would be missed.
            ended = self.process.poll() is not None
            found = self.lines(since, **fields)
            if len(found) >= count:
                return found[count - 1]
            if ended or patience.left() < 0:
                why = "voxkeeperd ended" if ended else f"waited {deadline:g} s"
                raise AssertionError(f"{why} for {fields}; its output:\n{self.output()}")
            time.sleep(0.01)

    def output(self):
        """For failure messages: what the daemon said last, and the last words of its workers."""
        said, worker = [], []
        for line in self._read():
            text = f"{line.get('ts', '')} {line.get('event', '')} {line['message']}"
            (said if "stream" not in line else worker).append(text)
        return "\n".join([*said[-40:], "its workers:", *worker[-15:]])

    def metrics(self):
        """The lines of /metrics that are no comments."""
        connection = UnixHttp(self.socket, 10.0)
        try:
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
            return [line for line in lines if not line.startswith("#")]
        finally:
            connection.close()

    def request(self, method, path, body=None, timeout=10.0):
        """(status, parsed JSON) from the control socket."""
        connection = UnixHttp(self.socket, timeout)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text else None
        finally:
            connection.close()

    def cli(self, *argv, deadline=30.0, check=False):
        """Runs the operator's command against this daemon; CompletedProcess with its output."""
        done = subprocess.run([BUILD / "src/cli/voxkeeper", "--socket", self.socket, *argv],
                              capture_output=True, text=True, timeout=deadline)
        if check and done.returncode != 0:
            raise AssertionError(f"voxkeeper {' '.join(argv)}: exit {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}\n{self.output()}")
        return done

    def wait_given_up(self, words, sections):
        """The worker-not-verified whose reason has these words. One that had not come so far by the
        end of TimeoutStartSec=, two seconds at first, is given twice as long the next time."""
        for span in 2, 4, 8, 16, 32:
            given_up = self.wait_event("worker-not-verified", deadline=2 * span + 10,
                                       count=span.bit_length() - 1)
            if words in given_up["reason"]:
                return given_up
            self.configure({**sections, "Agent": {**sections["Agent"], "TimeoutStartSec": f"{2 * span}s"}})
            self.cli("reload", check=True)
        raise AssertionError(f"no start was given up for {words!r}; its output:\n{self.output()}")

    def workers(self):
        """Process ids of its direct children of which it told that they are workers: others are
        probes, commands, and the keeper of its descriptors."""
        told = {event.get("worker_pid") for event in self.events("worker-started")}
        return [pid for pid in children(self.pid) if str(pid) in told]

    def send(self, number):
        self.process.send_signal(number)

    def wait(self, deadline=30.0):
        """Waits for its own end and returns the exit status."""
        return self.process.wait(deadline)

    def stop(self, how=signal.SIGTERM, deadline=30.0):
        return stop(self.process, how, deadline)

    def survivors(self):
        """Processes that it started and that live though it has ended."""
        assert self.process.poll() is not None, "voxkeeperd still runs"
        return self._family.orphans()

    def close(self):
        """For fixtures: ends it and whatever it left behind, by force if need be."""
        if self.log.exists():
            events_seen.note(self._read())
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self._family.end()
