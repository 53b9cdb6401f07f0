"""What the agent writes when something of it fails becomes an incident, and is over by itself."""

import re

import pytest
from agent import request
from ports import free_port
from waiting import wait_for

QUICK = {"Patience": "0.001"}  # what takes five minutes takes a third of a second
TOOL = {"agent_id": "a", "session_id": "s1", "tool_name": "t"}
MATCHES = "voxkeeper_log_watch_matches_total"


def all_matches(daemon):
    lines = [line.removeprefix(MATCHES) for line in daemon.metrics() if line.startswith(MATCHES)]
    return {line.split('"')[1]: int(line.split()[1]) for line in lines}


def matches(daemon, watch):
    return all_matches(daemon)[watch]


def repeat_until_opened(daemon, condition, do):
    """However long each takes: three of them must fall into five seconds."""

    def once():
        assert do()
        return daemon.events("incident-opened", condition=condition, severity="P2")

    return wait_for(once, deadline=60)[0]


@pytest.fixture
def watched(make_daemon, agent_config, port):
    """Whatever the reference agent hands over is refused: there is no cursor runner."""

    def start(environment=None, **sections):
        pace = {"Threshold": "3/5s", "Cooldown": "1s"}
        config = agent_config(
            {"CURSOR_RUNNER_URL": f"http://127.0.0.1:{free_port()}", **(environment or {})},
            **{"Incidents": QUICK, "LogWatch webhook-failures": pace,
               "LogWatch callback-failures": pace, **sections})
        daemon = make_daemon(config)
        daemon.wait_event("daemon-ready", deadline=30)
        return daemon, config

    return start


def test_failed_webhooks_are_an_incident_until_they_stop(watched, port):
    daemon, config = watched()
    opened = repeat_until_opened(daemon, "webhook-failures",
                                 lambda: request(port, "POST", "/agent-tools", TOOL)[0] == 500)
    assert opened["runbook"].endswith("runbook.md#webhooks-fail")
    assert re.fullmatch(r"webhook-failures: \d+ lines in 5s, the latest of worker 1",
                        opened["reason"])
    story = daemon.cli("incidents", opened["incident"], check=True).stdout
    assert "said last\n  error: Failed to process tool request with cursor-runner" in story
    told = daemon.wait_event("log-watch-matched", log_watch="webhook-failures")
    assert int(told["lines"]) >= 3 and (told["window"], told["worker"]) == ("5s", "1")
    assert '"error":"fetch failed"' in told["line"]
    over = daemon.wait_event("incident-resolved", deadline=30, condition="webhook-failures")
    assert over["incident"] == opened["incident"]
    assert matches(daemon, "webhook-failures") == len(daemon.lines(
        message="error: Failed to process tool request with cursor-runner"))
    assert matches(daemon, "callback-failures") == 0


def test_callbacks_that_lead_to_the_wrong_agent_are_an_incident_until_they_stop(watched, port):
    daemon, config = watched()
    # Of a task that another agent began, whose ELEVENLABS_AGENT_URL leads here.
    foreign = {"requestId": "r1", "success": True}
    opened = repeat_until_opened(daemon, "callback-failures",
                                 lambda: request(port, "POST", "/callback", foreign)[0] == 200)
    story = daemon.cli("incidents", opened["incident"], check=True).stdout
    assert "warn: Attempted to update non-existent callback task" in story
    daemon.wait_event("incident-resolved", deadline=30, condition="callback-failures")
    assert daemon.events("incident-opened", condition="webhook-failures") == []


def test_ordinary_life_matches_nothing(watched, port):
    daemon, config = watched()
    assert request(port, "GET", "/health")[0] == 200
    assert request(port, "POST", "/callback", {})[0] == 400
    body = {"sessionUrl": "wss://h/", "sessionId": "s1"}
    assert request(port, "POST", "/agent-conversations/api/c1/session", body)[0] == 200
    daemon.wait_line(message="info: Session registered successfully")
    assert all_matches(daemon) == {"webhook-failures": 0, "callback-failures": 0, "api-key": 0,
                                   "webhook-secret": 0, "redis-connection": 0}


def test_an_urgent_watch_is_an_urgent_incident(watched, port):
    daemon, _ = watched(**{"LogWatch boom": {"Pattern": "Callback received", "Threshold": "1/1h",
                                             "Action": "incident", "Severity": "P1"}})
    request(port, "POST", "/callback", {"requestId": "x"})
    opened = daemon.wait_event("incident-opened", condition="log-watch-urgent", subject="boom")
    assert opened["severity"] == "P1"


def test_an_own_watch_has_its_own_severity_and_follows_the_configuration(watched, port):
    own = {"Pattern": "Callback received.*\"requestId\":\"boom\"", "Threshold": "1/1h",
           "Action": "incident", "Severity": "P3"}
    daemon, config = watched(**{"LogWatch boom": own})
    request(port, "POST", "/callback", {"requestId": "x"})
    request(port, "POST", "/callback", {"requestId": "boom"})
    opened = daemon.wait_event("incident-opened", condition="log-watch-minor", subject="boom")
    assert opened["severity"] == "P3" and opened["reason"] == "boom: 1 line in 1h, the latest of worker 1"
    shown = daemon.cli("show-config", check=True).stdout
    assert f"[LogWatch boom]\nPattern={own['Pattern']}\nThreshold=1/1h\n" in shown
    assert "[LogWatch api-key]\nPattern=ELEVENLABS_API_KEY" in shown
    del config["LogWatch boom"]
    daemon.configure(config)
    daemon.cli("reload", check=True)
    over = daemon.wait_event("incident-resolved", condition="log-watch-minor", subject="boom")
    assert over["incident"] == opened["incident"]
    assert "boom" not in all_matches(daemon)


def test_a_pattern_that_never_ends_costs_little_and_is_told_once(watched, port):
    """Each line takes it to its limits; the daemon answers as ever."""
    evil = {"Pattern": "^info: (\\s*\\S+\\s*)+$(?<=never)", "Action": "incident"}
    daemon, config = watched({"FAULT_LOG_RATE": "400"}, **{"LogWatch evil": evil})
    daemon.wait_event("log-watch-costly", log_watch="evil")
    daemon.wait_line(message="info: Fault: log flood", count=2000, deadline=60)
    assert len(daemon.events("log-watch-costly")) == 1
    assert daemon.request("GET", "/readyz")[0] == 200


def test_a_bad_pattern_is_refused_with_its_line_and_the_old_ones_stay(watched, port):
    daemon, config = watched()
    daemon.configure({**config, "LogWatch x": {"Pattern": "a(b"}})
    answer = daemon.cli("reload")
    assert answer.returncode == 1
    assert '"a(b" is no pattern: missing closing parenthesis at offset 3' in (
        answer.stdout + answer.stderr)
    repeat_until_opened(daemon, "webhook-failures",
                        lambda: request(port, "POST", "/agent-tools", TOOL)[0] == 500)
