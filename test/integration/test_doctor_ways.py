"""voxkeeper doctor: a worker that is there and hard to reach, and one that is not there at all."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from agent import fault, request
from daemon import BUILD
from diagnosing import alone, apart, diagnosis, names, neighbour, report, start, well  # noqa: F401
from neighbour import certificate
from ports import is_listening
from processes import stop
from terminal import Terminal
from waiting import wait_for

PUBLIC = "192.0.2.1"


def test_no_worker_runs(make_daemon, well):
    daemon = make_daemon(well(Agent={"ExecStart": "/nowhere/agent"}, Restart={"Delay": "1h", "MaxDelay": "1h"}))
    daemon.wait_event("worker-start-failed", 30, count=2)
    finding = diagnosis(daemon, "agent-not-running")["agent-not-running"]
    assert "none of 1 workers runs" in finding["evidence"]
    assert "No such file or directory" in finding["evidence"]


def test_a_worker_that_starts_is_no_finding(make_daemon, well):
    # Nobody listens yet.
    daemon = make_daemon(well({"FAULT_START_DELAY_MS": 4000}))
    daemon.wait_event("worker-started", 30)
    assert diagnosis(daemon) == {}
    daemon.wait_event("worker-verified", 30)
    assert diagnosis(daemon) == {}


def test_an_event_loop_that_stalls(start, port):
    daemon = start()
    seen = []

    def look():
        # It stands still for a while from the moment that this is answered.
        assert request(port, "POST", "/__fault/hang?ms=1800")[0] == 200
        seen.append(report(daemon)["findings"])
        return seen[-1]

    found = wait_for(look, 60, "the doctor to come in time")
    assert all(earlier == [] for earlier in seen[:-1]), seen
    assert [one["check"] for one in found] == ["agent-slow"]
    assert found[0]["subject"] == "worker 1" and "/health took 1." in found[0]["evidence"]


# The worker is probed and asked on a private port, and well; webhooks come by the public address.

@pytest.fixture
def public(apart, port):
    """A daemon whose public address is not the loopback's."""
    daemon = apart(environment={"ELEVENLABS_AGENT_URL": ""},
                   Agent={"Listen": f"{PUBLIC}:{port}", "Handover": "preload"},
                   Doctor={"Provider": ""})
    diagnosis(daemon)
    return daemon


def inside(daemon, script):
    subprocess.run(["nsenter", "-t", str(daemon.pid), "-n", "sh", "-ec", script], check=True)


def test_a_public_address_that_went_to_a_machine_that_is_gone(public, port):
    inside(public, f"ip addr del {PUBLIC}/24 dev near; ip addr add 192.0.2.9/24 dev near;"
                   f"ip neigh add {PUBLIC} lladdr 02:00:00:00:00:02 dev near")
    finding = diagnosis(public, "webhook-timeout")["webhook-timeout"]
    assert f"{PUBLIC}:{port}" in finding["evidence"]
    assert "waited for: TCP connection" in finding["evidence"]


def test_a_public_address_that_went_to_a_machine_where_nobody_listens(public, port, directory):
    ready = directory / "ready"
    inside(public, f"ip addr del {PUBLIC}/24 dev near; ip addr add 192.0.2.9/24 dev near")
    other = subprocess.Popen(["unshare", "--net", "sh", "-ec", f"touch {ready}; exec sleep 600"])
    try:
        wait_for(ready.exists, 10, "a network of its own")
        inside(public, f"ip link set far netns {other.pid}")
        inside(other, f"ip addr add {PUBLIC}/24 dev far; ip link set far up")
        finding = diagnosis(public, "webhook-refused")["webhook-refused"]
        assert f"{PUBLIC}:{port}" in finding["evidence"] and "refused" in finding["evidence"]
    finally:
        other.kill()
        other.wait()


def test_a_provider_that_is_reached_late(start, neighbour, directory):
    pair = certificate(directory, "good")
    late = neighbour(certificate=pair, dawdle=2.5)
    daemon = start(Doctor={"Provider": late.url, "CaFile": pair[0]})
    finding = diagnosis(daemon, "network-slow")["network-slow"]
    assert "secured after 2." in finding["evidence"], finding


def test_an_agent_that_is_switched_off_and_supervised_by_nobody(
        make_daemon, well, port, agent_directory):
    variables = well({"ELEVENLABS_AGENT_ENABLED": "false"})["Agent"]["Environment"]
    daemon = make_daemon(well(), start=False)
    agent = subprocess.Popen([shutil.which("node"), agent_directory / "src/index.js"],
                             env=os.environ | dict(line.split("=", 1) for line in variables))
    try:
        wait_for(lambda: is_listening(port), 30, "the agent to listen")
        code, found = alone(daemon)
    finally:
        stop(agent)
    assert code == 1 and names(found) == ["voxkeeperd-not-running", "webhook-disabled"], found


def test_a_daemon_that_hangs_while_everything_is_down(make_daemon, well, neighbour, redis, port):
    mute = neighbour(mute=True)
    daemon = make_daemon(well({"CURSOR_RUNNER_URL": mute.url},
                              Doctor={"Provider": mute.url, "PublicUrl": mute.url}))
    daemon.wait_event("worker-verified", 30)
    fault(port, "hang")
    redis.pause()
    daemon.send(signal.SIGSTOP)
    try:
        began = time.monotonic()
        code, found = alone(daemon)
        took = time.monotonic() - began
    finally:
        daemon.send(signal.SIGCONT)
        redis.resume()
    assert code == 1 and names(found) == ["callback-runner", "network-answer", "redis-silent",
                                          "voxkeeperd-hangs", "webhook-timeout"], found
    assert took < 10, f"{took:.1f} s"


def timeless(text):
    return re.sub(r"[\d.]+(us|ms|s)\b", "", " ".join(text.split()))


def test_it_fits_a_terminal(start, redis):
    daemon = start(Doctor={"Provider": "http://127.0.0.1:1/a-path-that-is-long"})
    redis.stop()
    daemon.wait_event("redis-down", 20)
    shown = Terminal([BUILD / "src/cli/voxkeeper", "--socket", daemon.socket, "doctor"], rows=60)
    with contextlib.closing(shown):
        assert shown.end() == 1
    text = shown.text()
    # What is to be pasted stays in one piece.
    assert [line for line in text.splitlines() if len(line) > 80 and "  do  " not in line] == []
    for finding in diagnosis(daemon, "redis-refused", "network-tcp").values():
        for words in finding["evidence"], finding["cause"], finding["symptom"]:
            assert timeless(words) in timeless(text)
        assert f"  do        {finding['command']}" in text
