"""Handover=listen-fds: agents that know socket activation lose no caller in a restart."""

import shutil
import sys
from pathlib import Path

import pytest
from agent import request
from load import Load, tools
from waiting import wait_for

PROGRAMS = Path(__file__).parent / "programs"
NODE = f"{shutil.which('node')} {PROGRAMS}/activated.cjs"
PYTHON = f"{sys.executable} {PROGRAMS}/activated.py"
QUICK = {"Bake": "200ms", "KeepWarm": "0"}


def activated(command, **agent):
    return {"Handover": "listen-fds", "ExecStart": command, **agent}


def workers(daemon):
    return daemon.request("GET", "/api/v1/workers")[1]["workers"]


@pytest.mark.parametrize("command", [f"{NODE} --public-only", PYTHON], ids=["node", "python"])
def test_in_place_restarts_refuse_nobody(make_daemon, agent_config, port, command):
    daemon = make_daemon(agent_config(Agent=activated(command)))
    daemon.wait_event("daemon-ready")
    with Load(port, *tools()) as load:
        for _ in range(3):
            before = request(port, "GET", "/health")[1]["pid"]
            daemon.cli("restart", check=True)
            assert request(port, "GET", "/health")[1]["pid"] != before
        done = load.done
        wait_for(lambda: load.done > done + 50)
    assert load.failed == {}
    # One went before the next came: callers waited in the socket's queue.
    gone, came = daemon.events("worker-exited"), daemon.events("worker-verified")[1:]
    assert len(gone) == len(came) == 3
    assert all(gone[i]["ts"] < came[i]["ts"] for i in range(3))


def test_with_a_private_listener_workers_are_replaced_side_by_side(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(
        Agent=activated(NODE, ListenPrivate="yes", Workers="2"), Rollout=QUICK))
    daemon.wait_event("worker-verified", count=2)
    assert request(port, "GET", "/health")[1]["names"] == ["public", "private"]
    before = {worker["pid"] for worker in workers(daemon)}
    with Load(port, *tools()) as load:
        done = daemon.cli("restart", check=True)
        assert "beside the others" in done.stderr
        wait_for(lambda: not {worker["pid"] for worker in workers(daemon)} & before)
        count = load.done
        wait_for(lambda: load.done > count + 50)
    assert load.failed == {}
    assert daemon.events("worker-verified")[2]["ts"] < daemon.events("worker-exited")[0]["ts"]


def test_a_private_listener_that_is_not_served_is_told(make_daemon, agent_config):
    config = agent_config(
        Agent=activated(f"{NODE} --public-only", ListenPrivate="yes", TimeoutStartSec="2s"),
        Health={"Timeout": "300ms"}, Rollout=QUICK)
    make_daemon(config).wait_given_up('does not serve the descriptor "private" (4)', config)


def test_a_bad_release_goes_back(make_daemon, agent_config, port):
    config = {"Agent": activated(NODE, ListenPrivate="yes"), "Rollout": QUICK}
    daemon = make_daemon(agent_config(**config))
    daemon.wait_event("daemon-ready")
    before = request(port, "GET", "/health")[1]["pid"]
    config["Agent"] = activated("/bin/false", ListenPrivate="yes")
    daemon.configure(agent_config(**config))
    assert daemon.cli("reload").returncode == 4
    assert request(port, "GET", "/health")[1]["pid"] == before


def test_status_names_the_handover(make_daemon, agent_config):
    daemon = make_daemon(agent_config(Agent=activated(PYTHON)))
    daemon.wait_event("daemon-ready")
    assert "handover listen-fds" in daemon.cli("status").stdout
