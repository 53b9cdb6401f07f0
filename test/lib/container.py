"""A booted Debian with real systemd, for tests.

    with Container("bookworm", install=tree) as box:
        box.run("systemctl", "start", "voxkeeper")
        box.wait_journal(VOXKEEPER_EVENT="worker-verified")

Each container is a fresh overlay over a cached tree (see `rootfs`): it boots in about a second,
what a test writes into it is gone afterwards, and several may run side by side. It has its own
processes, cgroups, network (loopback only) and journal. All of it ends with this process.
"""

import itertools
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import cgroups
import events_seen
from processes import children
from waiting import read_lines, wait_for

LIB = Path(__file__).resolve().parent
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/root",
    "TERM": "dumb",
    "SYSTEMD_PAGER": "",
}
# Where nspawn keeps a directory for each of its containers.
NSPAWN_DIRECTORY = "/run/systemd/nspawn/propagate"
numbers = itertools.count()


def tree_path(name):
    """The cached tree of that name; makes it, which takes a minute, if it is not there yet."""
    done = subprocess.run([LIB / "rootfs", name], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def remove_stale():
    """Removes what is left of test runs that were killed; their processes died with them."""
    cgroups.remove_stale()
    for parent in tempfile.gettempdir(), NSPAWN_DIRECTORY:
        for directory in Path(parent).glob(cgroups.PREFIX + "*"):
            if not Path("/proc", cgroups.owner_of(directory.name)).exists():
                # Another test process may be at it, too.
                shutil.rmtree(directory, ignore_errors=True)


def sequence_number(entry):
    """Counts the entries of a boot. (`--after-cursor` together with a condition on fields skips
    the first entry that fulfils it.)"""
    return int(dict(part.split("=", 1) for part in entry["__CURSOR"].split(";"))["i"], 16)


class Container:
    """tree: a name that `rootfs` knows. install: a directory (as `meson install --destdir` fills
    it) whose files are put over the tree before the boot. bind: host directories by the path at
    which the container sees them, read-only. unified=False: the host's own cgroup layout."""

    def __init__(self, tree="bookworm", install=None, bind=None, unified=True):
        self.name = f"{cgroups.PREFIX}{os.getpid()}-{next(numbers)}"
        self.install = install
        self.bind = bind or {}
        self.unified = unified
        self.tree = tree_path(tree)
        self.leader = None
        self._unshare = None
        self._work = None

    def __enter__(self):
        try:
            self.boot()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def boot(self, deadline=60.0):
        """Starts the container and returns when its systemd says `running`."""
        self._work = tempfile.TemporaryDirectory(prefix=self.name + "-")
        work = Path(self._work.name)
        (work / "mnt").mkdir()
        cgroups.create(self.name)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
            notify.bind(str(work / "notify"))
            with open(work / "console", "wb") as console:
                self._unshare = subprocess.Popen(
                    self._boot_command(work / "mnt"),
                    env=ENVIRONMENT | {"NOTIFY_SOCKET": str(work / "notify")},
                    stdin=subprocess.DEVNULL, stdout=console, stderr=console)
            self._await_ready(notify, deadline)
        state = self.run("systemctl", "is-system-running", "--wait", check=False).stdout.strip()
        if state != "running":
            failed = self.run("systemctl", "--failed", "--no-legend", check=False).stdout
            raise AssertionError(f'boot container: systemd is "{state}"\n{failed}{self.console()}')

    def _boot_command(self, mountpoint):
        binds = [f"--bind-ro={host}:{inside}" for inside, host in self.bind.items()]
        # Should this process die without cleaning up, unshare dies of setpriv's signal, nspawn of
        # --kill-child, and everything in the container with nspawn's process namespace. (nspawn
        # alone would not do: its payload outlives it.)
        return ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private",
                "--pid", "--fork", "--kill-child", "--mount-proc",
                LIB / "boot-container", self.name, self.tree, mountpoint,
                str(int(self.unified)), self.install or "", "--", *binds]

    def _await_ready(self, notify, deadline):
        end = time.monotonic() + deadline
        pidfd = os.pidfd_open(self._unshare.pid)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(notify, selectors.EVENT_READ)
                selector.register(pidfd, selectors.EVENT_READ)
                while True:
                    ready = selector.select(max(0.0, end - time.monotonic()))
                    if not any(key.fileobj is notify for key, _ in ready):
                        why = "nspawn exited" if ready else f"not up in {deadline:g} s"
                        raise AssertionError(f"boot container: {why}\n{self.console()}")
                    if "READY=1" in notify.recv(4096).decode().splitlines():
                        (nspawn,) = children(self._unshare.pid)
                        (self.leader,) = children(nspawn)
                        return
        finally:
            os.close(pidfd)

    def console(self):
        return Path(self._work.name, "console").read_text(errors="replace")

    def close(self):
        """Ends every process in the container and removes all traces of it."""
        if self.leader is not None and self._unshare.poll() is None:
            # By the kernel's word: what a test writes into the journal itself proves nothing.
            told = self.run("journalctl", "--quiet", "--output=json", "--all", "_COMM=voxkeeperd",
                            check=False).stdout.splitlines()
            events_seen.note_journal(map(json.loads, told))
        if self._unshare is not None:
            if self.leader is not None and self._unshare.poll() is None:
                os.kill(self.leader, signal.SIGKILL)
            elif self._unshare.poll() is None:
                self._unshare.kill()
            self._unshare.wait(30)
            self._unshare = None
            self.leader = None
            wait_for(lambda: cgroups.remove(self.name), what="the container's last process to go")
        if self._work is not None:
            self._work.cleanup()
            self._work = None

    def command(self, *argv, user=None):
        """The host command that runs argv inside; one string is a shell script."""
        if len(argv) == 1 and isinstance(argv[0], str):
            argv = ["sh", "-ec", argv[0]]
        if user is not None:
            argv = ["runuser", "-u", user, "--", *argv]
        return ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-p", "-n", "-C", "--", *argv]

    def run(self, *argv, check=True, deadline=30.0, user=None, env=None, text=True, **options):
        """Runs a command inside and returns the CompletedProcess, output captured."""
        done = subprocess.run(self.command(*argv, user=user), env=ENVIRONMENT | (env or {}),
                              capture_output=True, text=text, timeout=deadline, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"run {argv} in container: exit {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def popen(self, *argv, user=None, env=None, **options):
        """Starts a command inside and leaves it running; it ends with the container at the latest."""
        return subprocess.Popen(self.command(*argv, user=user), env=ENVIRONMENT | (env or {}),
                                **options)

    @staticmethod
    def _end(process):
        """Ends what popen started. Killing nsenter itself would leave its child running inside."""
        for pid in children(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()

    def in_network(self, *argv):
        """The host command that runs the host's own argv in the container's network."""
        return ["nsenter", "-t", str(self.leader), "-n", "--", *argv]

    def write(self, path, content, mode="0644", owner="root"):
        data = content if isinstance(content, bytes) else content.encode()
        self.run("install", "-D", "-m", mode, "-o", owner, "/dev/stdin", str(path),
                 input=data, text=False)

    def read(self, path):
        return self.run("cat", str(path)).stdout

    def push(self, source, directory):
        """Copies a file or the content of a directory from the host into a directory inside."""
        source = Path(source)
        what = ["-C", source, "."] if source.is_dir() else ["-C", source.parent, source.name]
        archive = subprocess.run(["tar", "-c", *what], stdout=subprocess.PIPE, check=True).stdout
        self.run("mkdir", "-p", str(directory))
        self.run("tar", "-x", "--no-same-owner", "-C", str(directory), input=archive, text=False)

    def pull(self, path, directory):
        """Copies a file or directory from inside into a directory of the host."""
        path = Path(path)
        archive = self.run("tar", "-c", "-C", str(path.parent), path.name, text=False).stdout
        subprocess.run(["tar", "-x", "--no-same-owner", "-C", directory], input=archive, check=True)

    def journal_end(self):
        """The number of the latest entry, for `after`."""
        self.run("journalctl", "--sync")
        return sequence_number(json.loads(self.run(*self._journalctl(None, {}, "-n1")).stdout))

    def journal(self, unit=None, after=0, **fields):
        """The journal's entries (dicts) that match, oldest first."""
        done = self.run(*self._journalctl(unit, fields))
        entries = [json.loads(line) for line in done.stdout.splitlines()]
        return [entry for entry in entries if sequence_number(entry) > after]

    def wait_journal(self, unit=None, deadline=15.0, count=1, after=0, **fields):
        """Waits until count entries match; returns the last of them."""
        follow = self.popen(*self._journalctl(unit, fields, "--follow", "--no-tail"),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            found = 0
            for line in read_lines(follow.stdout, deadline):
                entry = json.loads(line)
                found += sequence_number(entry) > after
                if found == count:
                    return entry
        finally:
            self._end(follow)
            follow.stdout.close()
        recent = self.run("journalctl", "--no-pager", "-n", "40", check=False).stdout
        raise AssertionError(f"waited {deadline:g} s for {fields} in the journal\n{recent}")

    @staticmethod
    def _journalctl(unit, fields, *options):
        return ["journalctl", "--output=json", "--all", "--no-pager", *options,
                *([f"--unit={unit}"] if unit else []),
                *(f"{name}={value}" for name, value in fields.items())]
