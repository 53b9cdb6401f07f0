"""What the doctor finds comes along with an incident: bounded, one look at a time, kept on disk."""

import json
import signal

import pytest
from agent import request
from openapi import Description
from ports import free_port
from waiting import wait_for

QUICK = {"Patience": "0.001"}
# The incidents here may be examined before the first worker was started.
PLAIN = {"Provider": "", "Ignore": "host-disk host-inodes host-memory host-memory-pressure host-descriptors "
                                   "host-journal-suppressed host-time-sync host-oom-kills agent-not-running"}


@pytest.fixture
def away(make_daemon, sleeper_config):
    """A daemon whose Redis is not there."""

    def start(**sections):
        config = sleeper_config()
        config.update({"Redis": {"Url": f"redis://127.0.0.1:{free_port()}"}, "Incidents": QUICK,
                       "Doctor": PLAIN})
        for section, keys in sections.items():
            config[section] = {**config.get(section, {}), **keys}
        return make_daemon(config), config

    return start


def whole(daemon, name):
    status, answer = daemon.request("GET", f"/api/v1/incidents/{name}")
    assert status == 200
    return answer


def checks(answer):
    return [finding["check"] for finding in answer["doctor"]["findings"]]


def test_findings_are_wherever_the_incident_is(away, directory):
    daemon, _ = away()
    told = daemon.wait_event("incident-examined", condition="redis-unreachable", deadline=30)
    name = told["incident"]
    assert told["reason"] == "1 error, 0 warnings: redis-refused"
    answer = whole(daemon, name)
    assert checks(answer) == ["redis-refused"] and answer["doctor"]["errors"] == 1
    finding = answer["doctor"]["findings"][0]
    assert finding["area"] == "redis" and "127.0.0.1" in finding["evidence"]
    assert finding["runbook"] == "redis-is-down" and finding["command"] and finding["cause"]
    listed = daemon.request("GET", "/api/v1/incidents")[1]["incidents"]
    brief = {**answer["doctor"], "findings": [{**finding, "evidence": ""}]}  # it may name callers
    assert [one["doctor"] for one in listed if one["id"] == name] == [brief]
    assert f"the doctor found {told['reason']}" in [entry["text"] for entry in answer["timeline"]]
    shown = daemon.cli("incidents", name, check=True).stdout
    assert "What the doctor found, " in shown and "ERROR   redis-refused" in shown
    assert finding["evidence"] in shown and finding["command"] in shown
    page = directory / "postmortem.md"
    daemon.cli("postmortem", name, "-o", str(page), check=True)
    assert "## What the doctor found (" in page.read_text()
    assert "| redis-refused |  |" in page.read_text()


def test_they_survive_voxkeeperd(away):
    daemon, _ = away()
    name = daemon.wait_event("incident-examined", condition="redis-unreachable",
                             deadline=30)["incident"]
    before = whole(daemon, name)["doctor"]
    path = daemon.state / "incidents" / f"{name}.json"
    wait_for(lambda: path.exists() and "redis-refused" in path.read_text(), what="them on disk")
    daemon.send(signal.SIGKILL)
    daemon.wait()
    mark = daemon.mark()
    daemon.start()
    daemon.wait_event("daemon-resumed", since=mark)
    assert whole(daemon, name)["doctor"] == before


def test_who_waits_for_the_doctor_is_not_forgotten_by_the_next_instance(away):
    daemon, config = away(Doctor={"OnIncident": "no"})
    name = daemon.wait_event("incident-opened", condition="redis-unreachable")["incident"]
    assert whole(daemon, name)["doctor"] is None
    daemon.stop(signal.SIGUSR2)
    config["Doctor"] = PLAIN
    daemon.configure(config)
    daemon.start()
    told = daemon.wait_event("incident-examined", deadline=30, incident=name)
    assert "redis-refused" in told["reason"]


def test_it_is_switched_off(away):
    daemon, _ = away(Doctor={"OnIncident": "no"})
    name = daemon.wait_event("incident-opened", condition="redis-unreachable")["incident"]
    daemon.cli("doctor")  # looks for whoever waits: nobody does
    assert daemon.events("incident-examined") == []
    assert whole(daemon, name)["doctor"] is None
    assert "What the doctor found" not in daemon.cli("incidents", name, check=True).stdout


@pytest.fixture
def writes(make_daemon, agent_config, port):
    """writes(action, ..names): a daemon that watches for what boom() lets the worker write."""

    def start(action, *names, **incidents):
        watches = {f"LogWatch {name}": {"Pattern": f"Callback received.*{name}", "Action": action,
                                        "Threshold": "1/1h", "Cooldown": "1s"}
                   for name in names or ["boom"]}
        daemon = make_daemon(agent_config(
            {"CURSOR_RUNNER_URL": f"http://127.0.0.1:{free_port()}"},
            Incidents=incidents or QUICK, Doctor=PLAIN, **watches))
        daemon.wait_event("daemon-ready", deadline=30)
        return daemon

    return start


def boom(port, name="boom"):
    assert request(port, "POST", "/callback", {"requestId": name})[0] == 200


def test_an_incident_of_a_log_watch_has_findings_once(writes, port):
    daemon = writes("incident")
    boom(port)
    told = daemon.wait_event("incident-examined", subject="boom", deadline=30)
    assert "callback-runner" in told["reason"]
    assert whole(daemon, told["incident"])["summary"].startswith("boom: 1 line in 1h")

    def twice():
        boom(port)
        return len(daemon.events("log-watch-matched")) > 2

    wait_for(twice, deadline=30)
    daemon.cli("doctor")
    assert len(daemon.events("incident-examined", subject="boom")) == 1


def test_a_log_watch_calls_the_doctor_each_time_that_it_is_told(writes, port):
    daemon = writes("doctor")
    boom(port)
    first = daemon.wait_event("incident-examined", subject="boom", deadline=30)

    def again():
        boom(port)
        return len(daemon.events("incident-examined", subject="boom")) > 1

    wait_for(again, deadline=60)
    assert daemon.events("incident-examined", subject="boom")[1]["incident"] == first["incident"]
    looks = len(daemon.events("incident-examined", subject="boom"))
    assert looks <= len(daemon.events("log-watch-matched", log_watch="boom"))
    assert len(daemon.events("incident-opened", subject="boom")) == 1
    answer = whole(daemon, first["incident"])
    assert "callback-runner" in checks(answer)
    Description().judge("GET", "/api/v1/incidents/{id}", 200, "application/json", json.dumps(answer))


def test_looks_are_far_apart_but_an_operators_serves_those_who_wait(writes, port):
    daemon = writes("incident", "boom", "bang", Patience="60")  # half an hour apart
    boom(port)
    daemon.wait_event("incident-examined", subject="boom", deadline=30)
    boom(port, "bang")
    second = daemon.wait_event("incident-opened", subject="bang")
    assert whole(daemon, second["incident"])["doctor"] is None
    looks = daemon.cli("--json", "doctor")
    assert looks.returncode == 1
    told = daemon.wait_event("incident-examined", subject="bang")
    assert told["incident"] == second["incident"]
    found = json.loads(looks.stdout)["findings"]
    assert checks(whole(daemon, told["incident"])) == [finding["check"] for finding in found]
    assert [event["subject"] for event in daemon.events("incident-examined")] == ["boom", "bang"]
