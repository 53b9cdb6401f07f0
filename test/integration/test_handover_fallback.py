"""Handover=preload with programs that the listener shim cannot take hold of: it is told why, and one
worker that nobody was served by yet binds its port itself."""

import shutil
import subprocess

import pytest
from agent import request
from daemon import TOP
from ports import free_port
from waiting import wait_for

PRELOAD = {"Handover": "preload"}
QUICK = {"Bake": "200ms", "KeepWarm": "0"}


@pytest.fixture(scope="module")
def static_agent(tmp_path_factory):
    """A healthy agent that no library can be loaded into."""
    program = tmp_path_factory.mktemp("static") / "plain_agent"
    subprocess.run(["cc", "-static", "-O1", "-o", program, TOP / "test/lib/plain_agent.c"],
                   check=True)
    return program


def agent_of(daemon):
    return daemon.request("GET", "/api/v1/status")[1]["agent"]


def workers(daemon):
    return daemon.request("GET", "/api/v1/workers")[1]["workers"]


def test_a_static_program_binds_the_port_itself(make_daemon, agent_config, static_agent, port):
    daemon = make_daemon(agent_config(Agent={**PRELOAD, "ExecStart": f"{static_agent} {port}"}))
    fallback = daemon.wait_event("handover-fallback")
    assert "static program" in fallback["reason"]
    daemon.wait_event("daemon-ready")
    assert request(port, "GET", "/health")[0] == 200
    agent = agent_of(daemon)
    assert agent["handover"] == "none" and "static program" in agent["handover_why"]
    assert "handover none (the listener shim was not loaded: it is a static program)" in daemon.cli("status").stdout
    assert len(daemon.events("handover-fallback")) == 1


def test_after_the_fallback_restarts_are_in_place(make_daemon, agent_config, static_agent, port):
    daemon = make_daemon(agent_config(Agent={**PRELOAD, "ExecStart": f"{static_agent} {port}"}))
    daemon.wait_event("daemon-ready")
    first = workers(daemon)[0]["pid"]
    daemon.cli("restart", check=True)
    second, = workers(daemon)
    assert second["pid"] != first and second["state"] == "serving"
    ended = [event for event in daemon.events("worker-exited") if int(event["worker_pid"]) == first]
    verified = daemon.events("worker-verified")[-1]
    assert ended and ended[0]["ts"] < verified["ts"]
    assert request(port, "GET", "/health")[0] == 200


def test_more_workers_are_refused_after_the_fallback(make_daemon, agent_config, static_agent, port):
    config = {**PRELOAD, "ExecStart": f"{static_agent} {port}"}
    daemon = make_daemon(agent_config(Agent=config))
    daemon.wait_event("daemon-ready")
    daemon.configure(agent_config(Agent={**config, "Workers": "2"}))
    refused = daemon.cli("reload")
    assert refused.returncode == 1 and "refuse Workers=2" in refused.stderr
    assert "static program" in refused.stderr
    assert request(port, "GET", "/health")[0] == 200


def test_a_wrapper_whose_child_complains_is_told_from_its_output(make_daemon, agent_config,
                                                                 static_agent, port):
    daemon = make_daemon(agent_config(Agent={
        **PRELOAD, "ExecStart": f"/bin/sh -c '{static_agent} {port}; exit $?'"}))
    reason = daemon.wait_event("handover-fallback")["reason"]
    assert "a child of it" in reason and "address is in use" in reason
    daemon.wait_event("daemon-ready")
    assert request(port, "GET", "/health")[0] == 200


def test_a_wrapper_whose_child_keeps_silent_is_told_from_the_child(make_daemon, agent_config,
                                                                   agent_directory, port):
    """Like `npm start`: the agent does not mind that it could not listen."""
    script = f"{shutil.which('node')} {agent_directory}/src/index.js; exit $?"
    daemon = make_daemon(agent_config(Agent={
        **PRELOAD, "ExecStart": f"/bin/sh -c '{script}'", "TimeoutStartSec": "3s"}))
    assert "as it seems" in daemon.wait_event("handover-fallback")["reason"]
    daemon.wait_event("daemon-ready")
    assert request(port, "GET", "/health")[0] == 200


def test_another_port_that_is_well_is_left_to_the_worker(make_daemon, agent_config):
    other = free_port()
    daemon = make_daemon(agent_config(
        {"PORT": other}, Agent={**PRELOAD, "TimeoutStartSec": "2s"},
        Health={"Url": f"http://127.0.0.1:{other}/health"}))
    daemon.wait_event("worker-started")
    # It answers, but at no address that callers know: that is no verification.
    wait_for(lambda: workers(daemon) and (workers(daemon)[0]["last_probe"] or {}).get("reason") ==
             f"it listens on port {other}, which is none of Listen=")
    assert daemon.events("worker-verified") == []
    assert f"port {other}" in daemon.wait_event("handover-fallback")["reason"]
    daemon.wait_event("daemon-ready")


def test_several_workers_are_not_left_to_bind_one_port(make_daemon, agent_config, static_agent,
                                                       port):
    daemon = make_daemon(agent_config(Agent={
        **PRELOAD, "ExecStart": f"{static_agent} {port}", "Workers": "2"}))
    missed = daemon.wait_event("handover-missed")
    assert "Workers= above 1" in missed["message"] and "static program" in missed["reason"]
    assert daemon.events("handover-fallback") == []


def test_a_bad_release_does_not_take_the_port_from_callers(make_daemon, agent_config, static_agent,
                                                           port):
    daemon = make_daemon(agent_config(Agent=PRELOAD, Rollout=QUICK))
    daemon.wait_event("daemon-ready")
    before = workers(daemon)[0]["pid"]
    daemon.configure(agent_config(Agent={**PRELOAD, "ExecStart": f"{static_agent} {port}"},
                                  Rollout=QUICK))
    back = daemon.cli("reload")
    assert back.returncode == 4 and "rolled back" in back.stderr
    missed = daemon.wait_event("handover-missed")
    assert "callers are served" in missed["message"] and "static program" in missed["reason"]
    assert workers(daemon)[0]["pid"] == before
    assert request(port, "GET", "/health")[0] == 200
    assert agent_of(daemon)["handover"] == "preload"


def test_a_boot_failure_is_no_fallback(make_daemon, agent_config):
    daemon = make_daemon(agent_config({"FAULT_EXIT_CODE": "3"}, Agent=PRELOAD))
    daemon.wait_event("worker-crashed", count=3)
    assert daemon.events("handover-fallback") == []
    assert agent_of(daemon) | {"handover": "preload", "handover_why": ""} == agent_of(daemon)


def test_env_i_keeps_the_shim(make_daemon, agent_config, agent_directory, redis, port):
    """The shim hands itself on when the worker replaces itself, whatever the environment."""
    node = shutil.which("node")
    daemon = make_daemon(agent_config(Agent={
        **PRELOAD, "ExecStart": f"/usr/bin/env -i PORT={port} REDIS_URL={redis.url} "
                                f"ELEVENLABS_AGENT_ENABLED=true {node} {agent_directory}/src/index.js"}))
    daemon.wait_event("daemon-ready")
    assert agent_of(daemon)["handover"] == "preload"
    assert request(port, "GET", "/health")[0] == 200
