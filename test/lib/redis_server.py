"""A private redis-server that a test may stop, kill, freeze and bring back on the same port."""

import signal
import subprocess
from pathlib import Path

from ports import free_port
from processes import TIED, stop
from resp import RedisError, Resp
from waiting import wait_for


class RedisServer:
    """Listens on a loopback port of its own and on a unix socket in `directory`. Starts empty
    again after a restart unless persist=True. options: configuration as on its command line.
    program: the words that start another redis-server than the system's."""

    def __init__(self, directory, *options, persist=False, program=("redis-server",)):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = None
        self.socket = self.directory / "redis.sock"
        self.log = self.directory / "redis.log"
        self.program = program
        self.options = [*options, "--appendonly", "yes" if persist else "no"]
        self.process = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def unix_url(self):
        return f"unix://{self.socket}"

    def start(self, wait=True):
        """Starts it, or starts it again on the same port. wait=False: returns while it loads."""
        if self.port is None:
            self._start_on_a_free_port()
        else:
            self._spawn()
        if wait:
            wait_for(self.answers, what="Redis to answer")
        return self

    def _start_on_a_free_port(self, tries=5):
        # Somebody else may take the port between our look and Redis' bind.
        for _ in range(tries):
            self.port = free_port()
            self._spawn()
            wait_for(lambda: self.answers() or self.process.poll() is not None,
                     what="Redis to answer")
            if self.process.poll() is None:
                return
        raise AssertionError(f"start redis-server: {self.log.read_text()}")

    def _spawn(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*TIED, *self.program, "--port", str(self.port), "--bind", "127.0.0.1",
                 "--unixsocket", self.socket, "--dir", self.directory, "--save", "",
                 "--daemonize", "no", *self.options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def answers(self):
        try:
            return self.command("PING") == b"PONG"
        except (OSError, RedisError):
            return False

    def connect(self):
        return Resp(self.socket)

    def command(self, *words):
        with self.connect() as connection:
            return connection.command(*words)

    def stop(self):
        """An orderly stop; the port refuses connections afterwards."""
        if self.process is not None:
            self.resume()
            stop(self.process)
            self.process = None

    def kill(self):
        stop(self.process, signal.SIGKILL)
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def pause(self):
        """Freezes it: connections are accepted by the kernel, but nothing answers."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)
