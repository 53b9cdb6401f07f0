"""voxkeeper doctor: each failure is made for real, and it names exactly that."""

import ctypes
import json
import os
import signal
import time

import pytest
from agent import fault, request
from daemon import BUILD
from neighbour import Neighbour
from ports import free_port, is_listening
from waiting import wait_for

# What this machine itself may have; each is provoked in a place of its own.
MACHINE = ["host-disk", "host-inodes", "host-memory", "host-memory-pressure", "host-oom-kills",
           "host-time-sync"]


@pytest.fixture
def neighbour():
    """neighbour(..): a Neighbour that ends with the test."""
    made = []

    def make(**options):
        made.append(Neighbour(**options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def well(agent_config, neighbour, port):
    """A configuration in which nothing is wrong. Call it with the agent's variables and sections to
    change."""
    runner, providers = neighbour(), [neighbour(), neighbour()]

    def build(environment=None, **sections):
        config = agent_config({"ELEVENLABS_API_KEY": "key-of-a-test", "WEBHOOK_SECRET": "sesame",
                               "ELEVENLABS_AGENT_ID": "agent-1", "FAULT_ROUTES": 1,
                               "ELEVENLABS_AGENT_URL": f"http://127.0.0.1:{port}",
                               "CURSOR_RUNNER_URL": runner.url, **(environment or {})})
        config["Doctor"] = {"Provider": " ".join(one.url for one in providers),
                            "Ignore": " ".join(MACHINE)}
        # The doctor sees them before anybody mends them.
        config["Health"]["Fall"] = 100
        for section, keys in sections.items():
            config[section] = {**config.get(section, {}), **keys}
        return config

    build.runner, build.providers = runner, providers
    return build


@pytest.fixture
def start(make_daemon, well):
    """start(..): a daemon by well(..) whose worker serves."""

    def run(environment=None, **sections):
        daemon = make_daemon(well(environment, **sections))
        daemon.wait_event("worker-verified", 30)
        return daemon

    return run


def report(daemon, exit_code=None):
    done = daemon.cli("--json", "doctor", deadline=60)
    assert exit_code is None or done.returncode == exit_code, done.stdout + done.stderr
    return json.loads(done.stdout)


def names(found):
    return sorted(finding["check"] for finding in found["findings"])


def diagnosis(daemon, *checks):
    """Asserts that exactly these are found, and returns the findings by name."""
    found = report(daemon)
    assert names(found) == sorted(checks), json.dumps(found, indent=1)
    for finding in found["findings"]:
        for member in "symptom", "evidence", "cause", "command", "runbook":
            assert finding[member], finding
    errors = [finding for finding in found["findings"] if finding["severity"] == "error"]
    assert report(daemon, exit_code=1 if errors else 0)
    return {finding["check"]: finding for finding in found["findings"]}


# The agent.

def test_a_healthy_agent_has_nothing(start):
    daemon = start()
    assert diagnosis(daemon) == {}
    done = daemon.cli("doctor")
    assert done.returncode == 0 and "nothing is wrong" in done.stdout


def test_a_stopped_redis_is_one_finding(start, redis):
    daemon = start()
    redis.stop()
    daemon.wait_event("redis-down", 20)
    finding = diagnosis(daemon, "redis-refused")["redis-refused"]
    assert str(redis.port) in finding["evidence"] and "refused" in finding["evidence"]
