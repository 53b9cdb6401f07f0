"""Handover=preload: callers notice neither restarts nor crashes, and no worker serves unproven."""

import os
import shutil
import signal
import socket
import subprocess

import pytest
from agent import fault, request
from load import Load, tools
from ports import free_port
from waiting import wait_for

PRELOAD = {"Handover": "preload"}
FAULTS = {"FAULT_ROUTES": "1"}
QUICK = {"Bake": "200ms"}


def workers(daemon):
    return daemon.request("GET", "/api/v1/workers")[1]["workers"]


def last_reason(daemon):
    """Of the latest probe of the first worker; "" before there was one."""
    return (workers(daemon)[0]["last_probe"] or {"reason": ""})["reason"]


def test_restarts_under_load_lose_no_request(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(Agent={**PRELOAD, "Workers": "2"}, Rollout=QUICK))
    daemon.wait_event("worker-verified", count=2)
    with Load(port, *tools()) as load:
        for _ in range(3):
            daemon.cli("restart", check=True)
        wait_for(lambda: load.done > 500)
    assert load.failed == {} and load.done > 500


def test_a_single_worker_restarts_without_a_gap(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(Agent=PRELOAD, Rollout={**QUICK, "KeepWarm": "0"}))
    first = daemon.wait_event("worker-verified")["worker_pid"]
    with Load(port, *tools()) as load, Load(port, *tools(2, keep_alive=True)) as regulars:
        done = daemon.cli("restart", check=True)
        wait_for(lambda: load.done > 100 and regulars.done > 100)
    assert load.failed == {} and regulars.failed == {}
    assert "beside the others" in done.stderr
    # The new one served before the old one went.
    assert int(daemon.wait_event("worker-exited")["worker_pid"]) == int(first)
    assert daemon.events("worker-verified")[1]["ts"] < daemon.events("worker-exited")[0]["ts"]


def test_who_has_not_said_that_it_is_paused_is_not_stopped(make_daemon, agent_config):
    """It may have taken a caller since its connections were counted, or be about to."""
    daemon = make_daemon(agent_config(Agent=PRELOAD, Rollout=QUICK,
                                      Health={"Timeout": "500ms", "FastInterval": "100ms"}))
    first = daemon.wait_event("worker-verified")
    os.kill(int(first["worker_pid"]), signal.SIGSTOP)
    daemon.cli("restart", check=True)
    # So it is still probed when it has been silent for too long.
    hung = daemon.wait_event("worker-hung")
    assert hung["worker_pid"] == first["worker_pid"]


def test_a_bad_release_goes_back_and_nobody_notices(make_daemon, agent_config, port):
    agent = {**PRELOAD, "Workers": "2"}
    daemon = make_daemon(agent_config(Agent=agent, Rollout=QUICK))
    daemon.wait_event("worker-verified", count=2)
    before = {worker["pid"] for worker in workers(daemon)}
    with Load(port, *tools()) as load:
        for fault_of_release in {"FAULT_HEALTH": "wrong"}, {"FAULT_CRASH": "1"}, {"FAULT_EXIT_CODE": "3"}:
            daemon.configure(agent_config(fault_of_release, Agent={**agent, "TimeoutStartSec": "3s"},
                                          Rollout=QUICK))
            back = daemon.cli("reload")
            assert back.returncode == 4 and "rolled back" in back.stderr
        done = load.done
        wait_for(lambda: load.done > done + 50)
    assert load.failed == {}
    wait_for(lambda: {worker["pid"] for worker in workers(daemon)} == before)


def test_a_release_that_fails_under_callers_goes_back(make_daemon, agent_config, port):
    config = {"Agent": {**PRELOAD, "Workers": "2"}, "Rollout": {"Bake": "30s"}}
    daemon = make_daemon(agent_config(**config))
    daemon.wait_event("worker-verified", count=2)
    daemon.configure(agent_config({"FAULT_HEALTH_AFTER_PROBES": "10", "FAULT_HEALTH": "wrong"}, **config))
    back = daemon.cli("reload")
    assert back.returncode == 4 and "take over again" in back.stderr
    assert request(port, "GET", "/health")[1]["status"] == "ok"


def test_a_standby_takes_over_at_once(make_daemon, agent_config, agent_directory, directory, port):
    gate, program = directory / "gate", directory / "program"
    gate.touch()
    program.write_text(f"#!/bin/sh\nuntil [ -e {gate} ]; do sleep 0.05; done\n"
                       f"exec {shutil.which('node')} {agent_directory}/src/index.js\n")
    program.chmod(0o755)
    daemon = make_daemon(agent_config(Agent={**PRELOAD, "ExecStart": program, "Standby": "1"}))
    daemon.wait_event("worker-verified", count=2)
    serving = next(worker for worker in workers(daemon) if worker["state"] == "serving")
    assert [worker["state"] for worker in workers(daemon)].count("standby") == 1
    gate.unlink()
    os.kill(serving["pid"], signal.SIGKILL)
    # Answered by the spare: the one that is started for the dead waits at the gate.
    assert request(port, "GET", "/health", timeout=30)[0] == 200
    assert len(daemon.events("worker-verified")) == 2
    gate.touch()
    daemon.wait_event("worker-verified", count=3)
    states = sorted(worker["state"] for worker in workers(daemon))
    assert states == ["serving", "standby"]


def test_a_crash_costs_only_what_was_in_flight(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(Agent={**PRELOAD, "Workers": "2"}))
    daemon.wait_event("worker-verified", count=2)
    with Load(port, *tools()) as load:
        wait_for(lambda: load.done > 100)
        os.kill(workers(daemon)[0]["pid"], signal.SIGKILL)
        daemon.wait_event("worker-verified", count=3)
        done = load.done
        wait_for(lambda: load.done > done + 100)
    # Nobody is refused; who was being answered by the worker that died is cut.
    assert "refused" not in load.failed and "timeout" not in load.failed
    assert sum(load.failed.values()) <= 4


def test_no_caller_reaches_a_worker_that_is_not_verified(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config({"FAULT_HEALTH": "wrong"},
                                      Agent={**PRELOAD, "TimeoutStartSec": "2s"}))
    daemon.wait_event("worker-started")
    # The listener is ours: the connection is taken, and waits for a worker that is proven.
    with socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
        caller.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        daemon.wait_event("worker-not-verified")
        caller.setblocking(False)
        with pytest.raises(BlockingIOError):
            caller.recv(1)


def test_each_worker_is_probed_by_itself(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(FAULTS, Agent={**PRELOAD, "Workers": "2"},
                                      Health={"Timeout": "500ms", "FastInterval": "100ms"}))
    daemon.wait_event("worker-verified", count=2)
    fault(port, "hang")
    hung = daemon.wait_event("worker-hung")
    replaced = daemon.wait_event("worker-verified", count=3)
    assert replaced["worker"] == hung["worker"]
    assert len(daemon.events("worker-exited")) == 1


def test_a_program_that_never_listens_is_told_precisely(make_daemon, agent_config):
    # The shim follows into what replaces the worker, also when that one is given no environment.
    daemon = make_daemon(agent_config(
        Agent={**PRELOAD, "ExecStart": "/usr/bin/env -i /bin/sleep 600"},
        Health={"Timeout": "300ms"}))
    daemon.wait_event("worker-started")
    wait_for(lambda: "bound no port" in last_reason(daemon))
    with open(f"/proc/{daemon.events('worker-started')[0]['worker_pid']}/maps") as maps:
        assert "libvoxkeeper-listen.so" in maps.read()


def test_a_program_that_cannot_load_the_shim_is_told_precisely(make_daemon, agent_config, directory):
    source, program = directory / "static.c", directory / "static"
    source.write_text("#include <unistd.h>\nint main(void) { pause(); return 0; }\n")
    subprocess.run(["gcc", "-static", "-o", program, source], check=True)
    daemon = make_daemon(agent_config(Agent={**PRELOAD, "ExecStart": str(program)},
                                      Health={"Timeout": "300ms"}))
    daemon.wait_event("worker-started")
    wait_for(lambda: "not loaded" in last_reason(daemon))


def test_a_worker_on_another_port_is_told_precisely(make_daemon, agent_config):
    daemon = make_daemon(agent_config({"PORT": str(free_port())},
                                      Agent=PRELOAD, Health={"Timeout": "300ms"}))
    daemon.wait_event("worker-started")
    wait_for(lambda: "listens on port" in last_reason(daemon))


def test_grandchildren_are_untouched(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(FAULTS, Agent=PRELOAD))
    daemon.wait_event("worker-verified")
    pid = fault(port, "grandchild?kind=group")[1]["pid"]
    with open(f"/proc/{pid}/environ", "rb") as file:
        environment = file.read()
    assert b"LD_PRELOAD" not in environment and b"VOXKEEPER_HANDOVER" not in environment
    assert request(port, "GET", "/health")[0] == 200


def test_a_missing_shim_is_refused_at_the_start(make_daemon, agent_config, directory):
    daemon = make_daemon(agent_config(Agent=PRELOAD), start=False)
    daemon.start(env={"VOXKEEPER_PRELOAD_DIR": str(directory)})
    assert daemon.wait() == 70
    assert "libvoxkeeper-listen.so" in daemon.lines()[-1]["message"]
