"""What is wrong becomes an incident, once; people see it, take it in hand, and it ends by itself."""

import json
import os
import signal

import pytest
from waiting import wait_for

QUICK = {"Patience": "0.01"}  # what takes ten seconds takes a tenth of one


def incidents(daemon, condition=None, is_open=None):
    """The newest first."""
    listed = daemon.request("GET", "/api/v1/incidents")[1]["incidents"]
    return [incident for incident in listed if condition in (None, incident["condition"])
            and is_open in (None, incident["resolved"] is None)]


def incident(daemon, event):
    status, answer = daemon.request("GET", f"/api/v1/incidents/{event['incident']}")
    assert status == 200
    return answer


def kinds(answer):
    return [entry["kind"] for entry in answer["timeline"] if entry["kind"] != "event"]


def opened(daemon, condition, **fields):
    return daemon.wait_event("incident-opened", condition=condition, **fields)


@pytest.fixture
def looping(make_daemon, agent_config):
    """A daemon whose worker dies again and again, until the configuration changes."""
    sections = agent_config({"FAULT_EXIT_CODE": "7"}, Incidents=QUICK,
                            Restart={"Delay": "1ms", "MaxDelay": "20ms", "LoopAfter": "3",
                                     "StableAfter": "1s"})
    return make_daemon(sections)


def test_a_crash_loop_is_one_incident_with_a_story(looping, agent_config):
    event = opened(looping, "crash-loop")
    assert event["severity"] == "P2" and event["incident"].endswith("-crash-loop")
    assert event["runbook"].endswith("runbook.md#crash-loop")
    assert "worker 1 is in a crash loop: 3 failures in a row" in event["reason"]
    looping.wait_event("worker-started", count=8)
    assert len(looping.events("incident-opened", condition="crash-loop")) == 1
    told = incident(looping, event)
    texts = [entry["text"] for entry in told["timeline"]]
    assert any("worker 1 ended after" in text and "exit code 7" in text for text in texts)
    assert "elevenlabs-agent" in told["output"]["lines"] and told["output"]["who"] == "worker 1"
    assert told["unserved_usec"] > 0
    assert opened(looping, "no-serving-worker")["severity"] == "P1"
    looping.configure(agent_config(Incidents=QUICK, Restart={"StableAfter": "1s"}))
    looping.cli("reload")
    over = looping.wait_event("incident-resolved", deadline=30, condition="crash-loop")
    assert over["incident"] == event["incident"] and int(over["duration_usec"]) > 0
    looping.wait_event("incident-resolved", deadline=30, condition="no-serving-worker")
    assert kinds(incident(looping, event))[0] == "opened"
    assert kinds(incident(looping, event))[-2:] == ["ceased", "resolved"]
    assert looping.request("GET", "/readyz")[0] == 200
