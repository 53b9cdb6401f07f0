"""The quickstart: its tour does what it says, and Ctrl-C leaves nothing behind."""

import json
import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest
from daemon import TOP
from ports import is_listening
from processes import is_alive
from waiting import wait_for

RUN = TOP / "examples/quickstart/run"
READY = "Where to look:"


def marked(directory):
    """Living processes that were started by the quickstart of this temporary directory. Redis
    writes its title over its environment, but works in the directory."""
    mark = b"VOXKEEPER_QUICKSTART=" + os.fsencode(directory) + b"/"
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            works_there = os.readlink(path / "cwd").startswith(f"{directory}/")
            if works_there or mark in (path / "environ").read_bytes():
                found.append(int(path.name))
        except OSError:
            pass
    return [pid for pid in found if is_alive(pid)]


def status_of(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/status", timeout=10) as answer:
        return json.load(answer)


class Quickstart:
    """A running examples/quickstart/run, as a terminal would start it."""

    def __init__(self, directory, *options):
        self.directory = directory
        self.output = directory.parent / f"{directory.name}.out"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [RUN, *options], env={**os.environ, "TMPDIR": str(directory)},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    def said(self):
        return self.output.read_text(errors="replace")

    def wait_said(self, text, deadline=60.0):
        def look():
            assert self.process.poll() is None or text in self.said(), f"it ended:\n{self.said()}"
            return text in self.said()
        wait_for(look, deadline, f'"{text}" in:\n{self.said()}')

    def interrupt(self):
        """Ctrl-C: the terminal sends it to the whole foreground process group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def port(self, name):
        """A port from the page that tells where to look."""
        return int(re.search(rf"^  {name} .*?(\d+)(?=/|$)", self.said(), re.MULTILINE)[1])

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pid in marked(self.directory):
            os.kill(pid, signal.SIGKILL)
        self.output.unlink()

    def assert_nothing_left(self):
        assert marked(self.directory) == []
        assert list(self.directory.iterdir()) == []


@pytest.fixture
def quickstart(directory):
    started = []

    def start(*options):
        started.append(Quickstart(directory, *options))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_tour_does_all_it_says(quickstart):
    tour = quickstart("--tour")
    status = tour.process.wait(100)
    said = tour.said()
    assert status == 0, said
    assert re.search(r"^All 7 steps did what they should", said, re.MULTILINE), said
    assert said.endswith("Everything is stopped and removed.\n"), said
    tour.assert_nothing_left()


def test_ctrl_c_drains_and_leaves_nothing(quickstart):
    run = quickstart()
    run.wait_said(READY)
    ports = [run.port(name) for name in ("agent", "voxkeeper", "Redis")]
    assert [is_listening(port) for port in ports] == [True] * 3
    # voxkeeperd, Redis, the worker, the callers.
    wait_for(lambda: len(marked(run.directory)) == 4, what="four processes")
    wait_for(lambda: status_of(ports[1])["callers"]["connections"] >= 2, what="callers")
    run.interrupt()
    assert run.process.wait(60) == 0, run.said()
    assert re.search(r"drain-progress +draining: [1-9]", run.said()), run.said()
    assert "drained: no worker is left" in run.said()
    assert "callers were cut" not in run.said()
    assert [is_listening(port) for port in ports] == [False] * 3
    run.assert_nothing_left()


def test_ctrl_c_while_it_starts_leaves_nothing(quickstart):
    run = quickstart()
    run.wait_said("daemon-started")
    run.interrupt()
    assert run.process.wait(60) == 0, run.said()
    run.assert_nothing_left()


def test_killed_it_takes_its_programs_along(quickstart):
    run = quickstart()
    run.wait_said(READY)
    run.process.kill()
    run.process.wait()
    wait_for(lambda: not marked(run.directory), 60, "everything to end")


def test_interrupted_tour_says_so_and_leaves_nothing(quickstart):
    tour = quickstart("--tour")
    tour.wait_said("2. ")
    tour.interrupt()
    assert tour.process.wait(60) == 1, tour.said()
    assert "interrupted" in tour.said()
    tour.assert_nothing_left()


def test_a_tour_that_fails_says_what_and_ends_with_1(quickstart, directory, monkeypatch):
    """A voxkeeper whose every answer is a failure."""
    build = directory.parent / f"{directory.name}.build"
    (build / "src/cli").mkdir(parents=True)
    (build / "src/daemon").mkdir()
    (build / "src/daemon/voxkeeperd").symlink_to(TOP / "build/src/daemon/voxkeeperd")
    (build / "src/preload").symlink_to(TOP / "build/src/preload")
    (build / "src/cli/voxkeeper").write_text("#!/bin/sh\necho no answer >&2\nexit 3\n")
    (build / "src/cli/voxkeeper").chmod(0o755)
    monkeypatch.setenv("VOXKEEPER_BUILD", str(build))
    try:
        tour = quickstart("--tour")
        assert tour.process.wait(60) == 1, tour.said()
        assert "did not work: voxkeeper status: exit 3: no answer" in tour.said()
        assert "Step 2 of 7 failed" in tour.said()
        tour.assert_nothing_left()
    finally:
        subprocess.run(["rm", "-r", build], check=True)


@pytest.mark.parametrize("options, status", [(["--help"], 0), (["--tuor"], 2)])
def test_usage(options, status):
    done = subprocess.run([RUN, *options], capture_output=True, text=True)
    assert done.returncode == status
    assert "usage: examples/quickstart/run [--tour]" in done.stdout + done.stderr
