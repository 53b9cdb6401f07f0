"""Public listeners of every kind: unix sockets, several of them, both versions of IP."""

import http.client
import json
import shutil
import socket
from contextlib import closing
from pathlib import Path

from daemon import UnixHttp
from load import Load, tools
from ports import free_port
from waiting import wait_for

PROGRAM = Path(__file__).parent / "programs/listening.cjs"
QUICK = {"Bake": "200ms", "KeepWarm": "0"}


def listening(*addresses, **agent):
    node = shutil.which("node")
    return {"Handover": "preload", "ExecStart": " ".join([node, str(PROGRAM), *addresses]), **agent}


def workers(daemon):
    return daemon.request("GET", "/api/v1/workers")[1]["workers"]


def callers(daemon):
    return daemon.request("GET", "/api/v1/status")[1]["callers"]["connections"]


def served_at(path):
    """What the server of a unix socket takes for its address."""
    with closing(UnixHttp(path, 5)) as connection:
        connection.request("GET", "/health")
        return json.loads(connection.getresponse().read())["at"]


def test_a_unix_socket_is_handed_over(make_daemon, agent_config, directory):
    path = directory / "agent.sock"
    daemon = make_daemon(agent_config(
        Agent=listening(str(path), Listen=str(path), Workers="2"), Rollout=QUICK))
    daemon.wait_event("worker-verified", count=2)
    before = {worker["pid"] for worker in workers(daemon)}
    with Load(path, *tools()) as load:
        for _ in range(2):
            daemon.cli("restart", check=True)
            # Workers remove the path when they begin and when they end; it is voxkeeper's.
            assert path.is_socket()
        done = load.done
        wait_for(lambda: load.done > done + 50)
        wait_for(lambda: not {worker["pid"] for worker in workers(daemon)} & before)
    assert load.failed == {}
    assert served_at(path) == str(path)


def test_callers_of_a_unix_socket_are_counted_and_waited_for(make_daemon, agent_config, directory):
    path = directory / "agent.sock"
    daemon = make_daemon(agent_config(Agent=listening(str(path), Listen=str(path)), Rollout=QUICK))
    daemon.wait_event("daemon-ready")
    caller = socket.socket(socket.AF_UNIX)
    caller.connect(str(path))
    wait_for(lambda: callers(daemon) == 1)
    old, = workers(daemon)
    wait_for(lambda: workers(daemon)[0]["connections"] == 1)
    daemon.cli("restart", check=True)
    states = {worker["pid"]: worker["state"] for worker in workers(daemon)}
    assert states.pop(old["pid"]) == "draining" and list(states.values()) == ["serving"]
    assert daemon.events("worker-exited") == []
    caller.close()
    assert int(daemon.wait_event("worker-exited")["worker_pid"]) == old["pid"]


def test_several_listeners_are_handed_over_together(make_daemon, agent_config, directory, port):
    path, other = directory / "agent.sock", free_port()
    addresses = [f"127.0.0.1:{port}", f"127.0.0.1:{other}", str(path)]
    daemon = make_daemon(agent_config(
        Agent=listening(*addresses, Listen=" ".join(addresses)), Rollout=QUICK))
    daemon.wait_event("daemon-ready")
    with Load(port, *tools(1)) as one, Load(other, *tools(1)) as two, \
            Load(path, *tools(1)) as three:
        daemon.cli("restart", check=True)
        for load in one, two, three:
            done = load.done
            wait_for(lambda load=load, done=done: load.done > done + 20)
    assert [load.failed for load in (one, two, three)] == [{}, {}, {}]


def test_a_listener_that_the_worker_leaves_out_is_named(make_daemon, agent_config, port):
    other = free_port()
    config = agent_config(Agent=listening(f"127.0.0.1:{port}", TimeoutStartSec="2s",
                                          Listen=f"127.0.0.1:{port} 127.0.0.1:{other}"))
    daemon = make_daemon(config)
    failed = daemon.wait_given_up("it has not bound", config)
    assert failed["reason"] == f"it has not bound 127.0.0.1:{other} of Listen="


def test_one_listener_takes_both_versions_of_ip(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(Agent=listening(str(port), Listen=str(port)), Rollout=QUICK))
    daemon.wait_event("daemon-ready")
    for address in "127.0.0.1", "::1":
        with closing(http.client.HTTPConnection(address, port, timeout=5)) as caller:
            caller.request("GET", "/health")
            assert json.loads(caller.getresponse().read())["at"]["port"] == port


def test_a_unix_socket_without_handover_is_probed_where_it_is(make_daemon, agent_config, directory):
    path = directory / "agent.sock"
    daemon = make_daemon(agent_config(
        Agent=listening(str(path), Listen=str(path), Handover="none")))
    daemon.wait_event("daemon-ready")
    assert served_at(path) == str(path)
