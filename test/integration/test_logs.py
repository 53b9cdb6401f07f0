"""`voxkeeper logs` where there is no journal, and events that outlive the daemon."""

import json
import shutil
import signal
import subprocess
from datetime import datetime

import pytest
from daemon import BUILD
from waiting import Lines, read_lines, wait_for

CHATTY = """i=0; echo "<6>worker says hello"; echo "<3>worker says error" >&2
while :; do i=$((i+1)); sleep 0.1; echo "tick $i"; done"""


@pytest.fixture
def chatty_config(sleeper_config, directory):
    program = directory / "chatty"
    program.write_text("#!/bin/sh\n" + CHATTY)
    program.chmod(0o755)
    return sleeper_config(ExecStart=program)


@pytest.fixture
def follow():
    """follow(daemon, option...): a running `voxkeeper logs -f`, ended after the test."""
    running = []

    def begin(daemon, *options):
        process = subprocess.Popen(
            [BUILD / "src/cli/voxkeeper", "--socket", daemon.socket, "logs", "-f", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def lines_of(daemon, *options):
    out = daemon.cli("logs", "--json", *options, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def wait_said(daemon, message):
    wait_for(lambda: any(line["message"] == message for line in lines_of(daemon)), what=message)


def wait_follow(lines, holds, deadline=20.0):
    while line := lines.next(deadline):
        if holds(json.loads(line)):
            return
    raise AssertionError("the line did not come")


def test_lines_of_workers_and_our_own(make_daemon, chatty_config):
    daemon = make_daemon(chatty_config)
    daemon.wait_event("daemon-ready")
    wait_said(daemon, "worker says hello")
    wait_said(daemon, "worker says error")  # by another pipe
    lines = lines_of(daemon)
    hello = next(line for line in lines if line["message"] == "worker says hello")
    assert (hello["worker"], hello["level"], hello["stream"]) == ("1", "info", "stdout")
    ready = next(line for line in lines if line.get("event") == "daemon-ready")
    assert ready == daemon.wait_event("daemon-ready") | {"ts": ready["ts"]}
    text = daemon.cli("logs", check=True).stdout
    assert "\x1b" not in text
    (error,) = [line for line in text.splitlines() if line.endswith("worker says error")]
    assert error.split()[2:5] == ["err", "worker", "1"]
    assert datetime.strptime(error[:24], "%Y-%m-%d %H:%M:%S%z"), "a time without a zone says little"
    assert any(line.endswith("[daemon-ready]") and " notice " in line for line in text.splitlines())


def test_only_what_was_asked_for(make_daemon, chatty_config):
    daemon = make_daemon(chatty_config)
    daemon.wait_event("daemon-ready")
    wait_said(daemon, "worker says hello")
    assert {line["event"] for line in lines_of(daemon, "--event", "worker-started")} == {"worker-started"}
    assert all(line["worker"] == "1" for line in lines_of(daemon, "--worker=1"))
    assert lines_of(daemon, "--worker", "2") == []
    assert len(lines_of(daemon, "--lines=2")) == 2
    assert lines_of(daemon, "--since=1h")[0]["event"] == "daemon-started"
    assert lines_of(daemon, "--since=2100-01-01") == []
    for option, said in {"--worker=0": "--worker=0 is not the number", "--lines=-1": "--lines=-1",
                         "--event=worker-crash": 'did you mean "worker-crashed"?',
                         "--since=soon": "--since=soon is neither"}.items():
        done = daemon.cli("logs", option)
        assert done.returncode == 2 and said in done.stderr, done.stderr


def test_following_over_a_restart_of_the_daemon(make_daemon, chatty_config, follow):
    daemon = make_daemon(chatty_config)
    daemon.wait_event("daemon-ready")
    process = follow(daemon, "--json")
    lines = Lines(process.stdout)
    wait_follow(lines, lambda line: line.get("event") == "daemon-ready")
    pid = daemon.pid
    daemon.process.send_signal(signal.SIGUSR2)
    daemon.wait()
    daemon.start()
    wait_follow(lines, lambda line: line.get("event") == "daemon-resumed")
    assert daemon.pid != pid
    wait_follow(lines, lambda line: line["message"].startswith("tick"))
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == -signal.SIGINT
    assert process.stderr.read().count(b"\n") <= 1


def test_following_ends_with_its_reader(make_daemon, sleeper_config, follow):
    daemon = make_daemon(sleeper_config())
    daemon.wait_event("daemon-ready")
    process = follow(daemon)
    next(read_lines(process.stdout, 10))
    process.stdout.close()
    process.wait(10)


def test_neither_journal_nor_daemon(directory):
    done = subprocess.run([BUILD / "src/cli/voxkeeper", "--socket", directory / "none", "logs"],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 3
    assert "no logs to show" in done.stderr and "voxkeeper.service" in done.stderr
    assert str(directory / "none") in done.stderr


@pytest.mark.root
def test_strangers_read_no_lines(make_daemon, sleeper_config):
    daemon = make_daemon(sleeper_config())
    daemon.wait_event("daemon-ready")
    daemon.directory.parent.chmod(0o711)
    daemon.directory.chmod(0o711)
    copy = daemon.directory / "voxkeeper"  # the build may lie where nobody else may look
    shutil.copy(BUILD / "src/cli/voxkeeper", copy)
    done = subprocess.run([copy, "--socket", daemon.socket, "logs"], capture_output=True, text=True,
                          timeout=30, user=65534, group=65534, extra_groups=[])
    assert done.returncode == 1 and done.stdout == ""
    assert "those who may change something" in done.stderr and "systemd-journal" in done.stderr
    for query in "after=x", "limit=2001", "worker=0", "event=none", "since=yesterday":
        assert daemon.request("GET", f"/api/v1/logs?{query}")[0] == 400


@pytest.mark.parametrize("how", ["kill", "handover", "upgrade"])
def test_events_outlive_the_daemon(make_daemon, sleeper_config, how):
    daemon = make_daemon(sleeper_config())
    daemon.wait_event("daemon-ready")

    def kept():
        return [json.loads(line) for line in (daemon.state / "events.jsonl").read_text().splitlines()]

    before = kept()
    told = daemon.request("GET", "/api/v1/events")[1]
    assert "daemon-ready" in [line.get("event") for line in before]
    if how == "upgrade":
        daemon.cli("upgrade", check=True)
    else:
        daemon.send(signal.SIGKILL if how == "kill" else signal.SIGUSR2)
        daemon.wait()
        daemon.start()
    daemon.wait_event("daemon-resumed")
    after = kept()
    assert after[:len(before)] == before
    numbers = [line["seq"] for line in after[1:]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert "daemon-resumed" in [line.get("event") for line in after[len(before):]]
    now = daemon.request("GET", "/api/v1/events")[1]
    assert now["boot"] == told["boot"] and now["events"][:len(told["events"])] == told["events"]
