"""Handover=preload: callers notice neither restarts nor crashes, and no worker serves unproven."""

import os
import signal
import socket

import pytest
from agent import fault, request
from load import Load
from waiting import wait_for

PRELOAD = {"Handover": "preload"}
FAULTS = {"FAULT_ROUTES": "1"}


def workers(daemon):
    return daemon.request("GET", "/api/v1/workers")[1]["workers"]


def last_reason(daemon):
    """Of the latest probe of the first worker; "" before there was one."""
    return (workers(daemon)[0]["last_probe"] or {"reason": ""})["reason"]


def test_restarts_under_load_lose_no_request(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(Agent={**PRELOAD, "Workers": "2"}))
    daemon.wait_event("worker-verified", count=2)
    with Load(port) as load:
        for _ in range(3):
            daemon.cli("restart", check=True)
        wait_for(lambda: load.done > 500)
    assert load.failed == {} and load.done > 500


def test_a_single_worker_restarts_while_callers_queue(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(Agent=PRELOAD))
    daemon.wait_event("worker-verified")
    with Load(port) as load:
        daemon.cli("restart", check=True)
        done = load.done
        wait_for(lambda: load.done > done + 50)
    assert load.failed == {}


def test_a_crash_costs_only_what_was_in_flight(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(Agent={**PRELOAD, "Workers": "2"}))
    daemon.wait_event("worker-verified", count=2)
    with Load(port) as load:
        wait_for(lambda: load.done > 100)
        os.kill(workers(daemon)[0]["pid"], signal.SIGKILL)
        daemon.wait_event("worker-verified", count=3)
        done = load.done
        wait_for(lambda: load.done > done + 100)
    # Nobody is refused; who was being answered by the worker that died is cut.
    assert set(load.failed) <= {"ConnectionResetError", "RemoteDisconnected", "IncompleteRead"}
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


def test_a_program_that_drops_the_shim_is_told_precisely(make_daemon, agent_config):
    daemon = make_daemon(agent_config(
        Agent={**PRELOAD, "ExecStart": "/usr/bin/env -u LD_PRELOAD sleep 600"},
        Health={"Timeout": "300ms"}))
    daemon.wait_event("worker-started")
    wait_for(lambda: "bound no port" in last_reason(daemon))


def test_a_worker_on_another_port_is_told_precisely(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config({"PORT": str(port + 1 if port < 65535 else port - 1)},
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
