"""Workers are started, verified, restarted, and taken down with all that they started."""

import os
import signal

import pytest
from agent import fault, request
from neighbour import Neighbour
from processes import descendants, is_alive
from waiting import wait_for

FAULTS = {"FAULT_ROUTES": "1"}


def worker_pid(daemon):
    _, answer = daemon.request("GET", "/api/v1/workers")
    return answer["workers"][0]["pid"]


def test_ready_only_after_verification(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config({"FAULT_START_DELAY_MS": "700"}))
    daemon.wait_event("worker-started")
    status, ready = daemon.request("GET", "/readyz")
    assert status == 503 and "no verified worker" in ready["why"]
    verified = daemon.wait_event("worker-verified")
    assert int(verified["duration_usec"]) > 700_000
    daemon.wait_event("daemon-ready")
    assert daemon.request("GET", "/readyz")[0] == 200
    assert request(port, "GET", "/health")[1]["redis"] == "connected"


def test_a_crash_is_followed_by_an_immediate_start(make_daemon, agent_config):
    daemon = make_daemon(agent_config())
    first = daemon.wait_event("worker-verified")
    os.kill(int(first["worker_pid"]), signal.SIGKILL)
    crashed = daemon.wait_event("worker-crashed")
    assert crashed["cause"] == "crash" and crashed["exit"] == "signal 9 (SIGKILL)"
    assert daemon.events("worker-retry") == []
    second = daemon.wait_event("worker-verified", count=2)
    assert second["worker_pid"] != first["worker_pid"] and second["life"] == "2"


def test_a_crash_loop_is_told_once_and_never_given_up(make_daemon, agent_config):
    daemon = make_daemon(agent_config(
        {"FAULT_EXIT_CODE": "7"}, Restart={"Delay": "1ms", "MaxDelay": "20ms", "LoopAfter": "3"}))
    loop = daemon.wait_event("worker-crash-loop")
    assert loop["failures"] == "3" and loop["exit"] == "exit code 7"
    assert "elevenlabs-agent" in loop["last_output"]
    daemon.wait_event("worker-started", count=8)
    assert len(daemon.events("worker-crash-loop")) == 1
    assert daemon.events("worker-retry")[0]["failures"] == "2"


def test_a_missing_program_is_an_errno_with_its_path(make_daemon, agent_config):
    daemon = make_daemon(agent_config(Agent={"ExecStart": "/nonexistent/node index.js"}))
    failed = daemon.wait_event("worker-start-failed")
    assert '"/nonexistent/node"' in failed["message"]
    assert "No such file or directory" in failed["message"]


def test_a_working_directory_that_is_not_there_is_named(make_daemon, agent_config):
    daemon = make_daemon(agent_config(Agent={"WorkingDirectory": "/nonexistent"}))
    assert "/nonexistent" in daemon.wait_event("worker-start-failed")["message"]


@pytest.mark.parametrize("kind", ["group", "session"])
def test_a_grandchild_never_survives_its_worker(make_daemon, agent_config, port, kind):
    daemon = make_daemon(agent_config(FAULTS))
    daemon.wait_event("worker-verified")
    answer = fault(port, f"grandchild?kind={kind}")
    grandchild = answer[1]["pid"]
    assert grandchild in descendants(daemon.pid) and is_alive(grandchild)
    os.kill(worker_pid(daemon), signal.SIGKILL)
    daemon.wait_event("worker-leftovers")
    assert not is_alive(grandchild)
    daemon.wait_event("worker-verified", count=2)


def test_only_what_is_listed_is_inherited(make_daemon, agent_config):
    daemon = make_daemon(agent_config())
    pid = int(daemon.wait_event("worker-verified")["worker_pid"])
    links = {number: os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")}
    assert links["0"] == "/dev/null"
    assert links["1"].startswith("pipe:") and links["2"].startswith("pipe:")
    assert not [link for link in links.values() if str(daemon.directory) in link]


def test_limits_environment_and_directory(make_daemon, agent_config, directory):
    (directory / "env").write_text("# a comment\nexport FROM_FILE='of file'\nOVERRIDDEN=file\n")
    daemon = make_daemon(agent_config(
        {"OVERRIDDEN": "config"},
        Agent={"EnvironmentFile": directory / "env", "LimitNOFILE": "4321",
               "WorkingDirectory": directory}))
    pid = int(daemon.wait_event("worker-verified")["worker_pid"])
    with open(f"/proc/{pid}/environ", "rb") as file:
        environment = file.read().split(b"\0")
    for entry in b"FROM_FILE=of file", b"OVERRIDDEN=config", b"VOXKEEPER_WORKER=1":
        assert entry in environment
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        limit = next(line for line in file if line.startswith("Max open files"))
    assert limit.split()[3:5] == ["4321", "4321"]
    assert os.readlink(f"/proc/{pid}/cwd") == str(directory)
    assert os.getpgid(pid) == pid


@pytest.mark.root
def test_user_and_group(make_daemon, sleeper_config):
    daemon = make_daemon(sleeper_config(User="nobody"))
    pid = int(daemon.wait_event("worker-verified")["worker_pid"])
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = file.read()
    assert "Uid:\t65534\t65534\t65534\t65534" in status
    assert "Gid:\t65534\t65534\t65534\t65534" in status
    with open(f"/proc/{pid}/environ", "rb") as file:
        environment = file.read().split(b"\0")
    assert b"USER=nobody" in environment and b"HOME=/nonexistent" in environment


def test_output_becomes_structured_lines(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(FAULTS))
    daemon.wait_event("worker-verified")
    line = daemon.wait_line(message="info: HTTP Server started")
    assert line["level"] == "info" and line["worker"] == "1" and line["agent_port"] == str(port)
    assert line["stream"] == "stdout" and "\x1b" not in line["message"]
    fault(port, "long-line?bytes=50000")
    fault(port, "binary?bytes=2000")
    parts = wait_for(lambda: daemon.lines(line_part="1") and daemon.lines(line_part="2"))
    assert len(parts[0]["message"]) <= 16 * 1024
    assert request(port, "GET", "/health")[0] == 200


def test_a_log_flood_is_counted_and_holds_nobody_up(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(FAULTS))
    daemon.wait_event("worker-verified")
    fault(port, "flood?rate=20000")
    dropped = daemon.wait_event("worker-output-dropped", deadline=20)
    assert dropped["worker"] == "1"
    assert request(port, "GET", "/health", timeout=30)[0] == 200
    fault(port, "flood?rate=0")
    assert daemon.cli("status").returncode == 0
    assert daemon.events("worker-exited") == []


def test_a_worker_that_ignores_the_stop_signal_is_killed(make_daemon, agent_config):
    daemon = make_daemon(agent_config({"FAULT_IGNORE_SIGTERM": "1"}, Agent={"TimeoutStopSec": "300ms"}))
    daemon.wait_event("worker-verified")
    assert daemon.stop() == 0
    assert daemon.events("worker-killed")[0]["worker"] == "1"
    assert daemon.survivors() == []


def test_a_restart_by_the_operator_has_a_verdict(make_daemon, agent_config):
    daemon = make_daemon(agent_config())
    first = daemon.wait_event("worker-verified")
    done = daemon.cli("restart", "--reason", "because", check=True)
    assert "restarted" in done.stdout and "worker 1 verified" in done.stderr
    second = daemon.wait_event("worker-verified", count=2)
    assert second["worker_pid"] != first["worker_pid"]
    assert daemon.wait_event("restart-done")["reason"] == "because"


@pytest.fixture
def health():
    """Whoever answers for workers, at once, how long they take to start."""
    server = Neighbour()
    yield server
    server.close()


def test_a_restart_that_fails_says_why(make_daemon, sleeper_config, health):
    # Nobody asks about a worker that serves: the answer changes before the next one starts.
    daemon = make_daemon({**sleeper_config(TimeoutStartSec="4s", TimeoutStopSec="1s"), "Health": {
        "Url": f"{health.url}/health", "ExpectJson": "status=ok", "Interval": "1h",
        "StartInterval": "50ms"}})
    daemon.wait_event("worker-verified")
    health.body = '{"status":"broken"}'
    failed = daemon.cli("restart")
    assert failed.returncode == 1
    assert "failed (boot): health: " in failed.stderr and "it answered: " in failed.stderr
    daemon.wait_event("restart-failed")
    assert daemon.events("worker-not-verified")
    health.body = '{"status":"ok"}'
    daemon.wait_event("worker-verified", count=2)


def test_a_restart_whose_worker_ends_says_how(make_daemon, sleeper_config, directory):
    program, well = directory / "program", directory / "well"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    well.touch()
    daemon = make_daemon({**sleeper_config(ExecStart=program),
                          "Probe alive": {"Type": "exec", "Command": f"/usr/bin/test -e {well}"},
                          "Health": {"Interval": "1h", "StartInterval": "50ms"}})
    daemon.wait_event("worker-verified")
    well.unlink()  # so that the next one is not verified before it ends, however slow that is
    program.write_text("#!/bin/sh\necho no such table\nexit 3\n")
    failed = daemon.cli("restart")
    assert failed.returncode == 1
    assert "the new worker 1 failed (boot)" in failed.stderr and "it ended with exit code 3" in failed.stderr
    told = daemon.wait_event("restart-failed")
    assert (told["cause"], told["exit"]) == ("boot", "exit code 3")
    assert "it ended with exit code 3" in told["reason"]


def test_a_second_restart_at_the_same_time_is_refused(make_daemon, agent_config):
    daemon = make_daemon(agent_config())
    daemon.wait_event("worker-verified")
    status, _ = daemon.request("POST", "/api/v1/restart", {"reason": "first"})
    assert status == 202
    status, answer = daemon.request("POST", "/api/v1/restart", {"reason": "second"})
    assert status == 409 and "under way" in answer["error"]["message"]
    daemon.wait_event("restart-done")
