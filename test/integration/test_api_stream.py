"""The stream of a real daemon: what changes comes, and nothing is lost when voxkeeper is replaced."""

import json
import os
import signal

import pytest
from api import Stream
from daemon import UnixHttp
from waiting import wait_for


@pytest.fixture
def daemon(make_daemon, sleeper_config):
    running = make_daemon(sleeper_config())
    running.wait_event("daemon-ready")
    return running


@pytest.fixture
def listen(daemon):
    """listen(**headers): a Stream of the daemon."""
    streams = []

    def make(**headers):
        streams.append(Stream(UnixHttp(daemon.socket, 30), **headers))
        return streams[-1]

    yield make
    for stream in streams:
        stream.close()


def is_event(name):
    return lambda data: data["event"] == name


def sequence(frame):
    boot, _, number = frame["id"].rpartition("-")
    return boot, int(number)


def test_a_crash_is_seen(daemon, listen):
    stream = listen()
    assert stream.wait("status")["data"]["state"] == "serving"
    (pid,) = daemon.workers()
    os.kill(pid, signal.SIGKILL)
    assert stream.wait("event", is_event("worker-crashed"))["data"]["fields"]["VOXKEEPER_WORKER"] == "1"
    stream.wait("workers", lambda data: data["workers"][0]["pid"] not in (None, pid))
    assert stream.wait("status", lambda data: data["ready"])["data"]["state"] == "serving"


def test_an_upgrade_ends_it_cleanly_and_loses_no_event(daemon, listen):
    stream = listen()
    first = stream.wait("status")
    daemon.cli("upgrade", check=True)
    before = [frame for frame in stream.frames() if "id" in frame]  # to its end: no broken answer
    assert json.loads(before[-1]["data"])["event"] == "upgrade-began"
    stream = listen(Last_Event_ID=before[-1]["id"])
    after = stream.wait("event")
    boot, last = sequence(before[-1])
    assert sequence(after) == (boot, last + 1)
    numbers = [sequence(frame)[1] for frame in before]
    assert numbers == list(range(sequence(first)[1] + 1, last + 1))


def test_a_crash_of_voxkeeper_loses_no_event(daemon, listen):
    stream = listen()
    first = stream.wait("status")
    daemon.send(signal.SIGKILL)
    daemon.wait()
    mark = daemon.mark()
    daemon.start()
    daemon.wait_event("daemon-started", since=mark)
    wait_for(lambda: daemon.request("GET", "/livez")[0] == 200, what="an answer")
    again = listen(Last_Event_ID=first["id"])
    next_one = again.wait("event")
    assert sequence(next_one) == (sequence(first)[0], sequence(first)[1] + 1)


def test_a_stop_ends_it_cleanly(daemon, listen):
    stream = listen()
    stream.wait("status")
    daemon.send(signal.SIGTERM)
    events = [json.loads(frame["data"]) for frame in stream.frames() if frame["event"] == "event"]
    assert events[-1]["event"] == "daemon-stopped"
    assert daemon.wait() == 0
