"""What workers wrote, and whose calls were cut, is read by those who may change something, and by
nobody else: callers may be quoted in it."""

import http.client
import json
import os
import shutil
import subprocess

import pytest
from api import Stream, ask, routes
from daemon import BUILD, UnixHttp
from receiver import Receiver
from waiting import wait_for

TOKEN = "0123456789abcdef-right"
QUOTED = "zanzibar"  # what a caller said; nothing else says it
BAD = f"""#!/bin/sh
test -e "$0.bad" || exec sleep 600
echo "error: Fault: Anna said {QUOTED}, and cannot be called back" >&2
exit 7
"""


@pytest.fixture
def receivers():
    made = {"hook": Receiver(), "slack": Receiver(), "pager": Receiver()}
    yield made
    for receiver in made.values():
        receiver.close()


@pytest.fixture
def quoting(make_daemon, sleeper_config, directory, port, receivers):
    """A daemon whose workers have quoted a caller, died of it again and again, and let a restart
    fail; everybody was told."""
    worker = directory / "worker"
    worker.write_text(BAD)
    worker.chmod(0o755)
    token, key = directory / "token", directory / "key"
    token.write_text(TOKEN)
    key.write_text(receivers["slack"].url)
    daemon = make_daemon({
        **sleeper_config(ExecStart=worker, Handover="none"), "Incidents": {"Patience": "0.01"},
        "Restart": {"Delay": "1ms", "MaxDelay": "100ms", "LoopAfter": "3"},
        "Admin": {"Listen": f"127.0.0.1:{port}", "TokenCredential": token},
        "LogWatch fault": {"Pattern": "Fault:", "Threshold": "1/1h", "Action": "incident"},
        "Notify hook": {"Url": receivers["hook"].url, "RateLimit": "infinity"},
        "Notify slack": {"Type": "slack", "UrlCredential": key, "RateLimit": "infinity"},
        "Notify pager": {"Type": "pagerduty", "KeyCredential": token, "RateLimit": "infinity",
                         "Url": receivers["pager"].url}})
    daemon.wait_event("daemon-ready")
    (directory / "worker.bad").touch()
    assert daemon.cli("restart").returncode == 1
    for condition in "crash-loop", "log-watch", "restart-failed":
        daemon.wait_event("incident-opened", condition=condition)
        receivers["hook"].wait(condition=condition)
    return daemon


def incidents(daemon):
    return [one["id"] for one in daemon.request("GET", "/api/v1/incidents")[1]["incidents"]]


def paths(daemon):
    """All that is read, with the ids that there are."""
    for route in routes():
        if route["get"] and route["path"] != "/api/v1/stream":
            below = incidents(daemon) if "incidents" in route["path"] else ["1"]
            yield from (f"{route['path']}/{id}" for id in below) if route["prefix"] else [route["path"]]


def told(port, daemon, **headers):
    """path -> text, of all answers that were given."""
    answers = {path: ask(port, "GET", path, **headers) for path in paths(daemon)}
    return {path: answer.text for path, answer in answers.items() if answer.status == 200}


def test_who_may_change_nothing_reads_nothing_of_it(quoting, port, receivers):
    answers = told(port, quoting)
    assert [path for path, text in answers.items() if QUOTED in text] == []
    assert len(answers) > 12 and "/api/v1/events" in answers
    for path in "/api/v1/logs", "/api/v1/operations/1":
        refused = ask(port, "GET", path)
        assert (refused.status, refused.code) == (403, "not-permitted")
        assert ask(port, "GET", path, Authorization="Bearer wrong-wrong-wrong").status == 403
    withheld = [event["withheld"] for event in json.loads(answers["/api/v1/events"])["events"]
                if "withheld" in event]
    assert ["VOXKEEPER_LAST_OUTPUT"] in withheld and ["VOXKEEPER_LINE"] in withheld
    for id in incidents(quoting):
        incident = json.loads(answers[f"/api/v1/incidents/{id}"])
        assert incident["withheld"] and incident["output"] == {"who": "worker 1", "lines": None}
    assert json.loads(answers["/api/v1/rollout"])["failure"]["last_output"] is None
    for receiver in receivers.values():
        wait_for(lambda receiver=receiver: len(receiver.requests) >= 3, what="three notices")
        assert QUOTED not in str(receiver.requests)
    assert "The whole story, and what to do: voxkeeper incidents 2" in str(receivers["hook"].requests)


def read_stream(connection, **headers):
    """Everything from the first event on, up to the opening of the incident."""
    stream = Stream(connection, Last_Event_ID="none", **headers)
    text = ""
    for frame in stream.frames():
        text += str(frame)
        if "incident-opened" in frame["data"] and "restart-failed" in frame["data"]:
            break
    stream.close()
    return text


def test_the_stream_tells_the_same(quoting, port):
    assert QUOTED not in read_stream(http.client.HTTPConnection("127.0.0.1", port, timeout=10))
    assert QUOTED in read_stream(http.client.HTTPConnection("127.0.0.1", port, timeout=10),
                                 Authorization=f"Bearer {TOKEN}")
    assert QUOTED in read_stream(UnixHttp(quoting.socket, 10))


def test_who_may_change_something_reads_it_all(quoting, port):
    answers = told(port, quoting, Authorization=f"Bearer {TOKEN}")
    assert {path.split("/")[3] for path, text in answers.items() if QUOTED in text} == {
        "events", "incidents", "rollout", "logs", "operations"}
    assert '"withheld":true' not in "".join(answers.values())
    for id in incidents(quoting):
        assert QUOTED in quoting.cli("incidents", id, check=True).stdout
        assert QUOTED in quoting.cli("postmortem", id, check=True).stdout
    assert QUOTED in quoting.cli("rollout", check=True).stdout


@pytest.mark.root
def test_strangers_on_the_machine_are_told_that_there_is_more(quoting):
    for directory in quoting.directory.parent, quoting.directory:
        directory.chmod(0o711)
    copy = quoting.directory / "voxkeeper"  # the build may lie where nobody else may look
    shutil.copy(BUILD / "src/cli/voxkeeper", copy)

    def say(*argv):
        done = subprocess.run([copy, "--socket", quoting.socket, *argv], capture_output=True,
                              text=True, timeout=30, user=65534, group=65534, extra_groups=[])
        assert done.returncode == 0 and QUOTED not in done.stdout + done.stderr
        return done.stdout

    for id in incidents(quoting):
        assert "is shown to those who may change\nsomething" in say("incidents", id)
        assert "## Log excerpt\n\nFor those who may change something" in say("postmortem", id)
    assert "its last lines: for those who may change something" in say("rollout")
    say("status")


def test_a_post_mortem_is_its_writers_alone(quoting, directory):
    path = directory / "postmortem.md"
    quoting.cli("postmortem", incidents(quoting)[0], "-o", path, check=True)
    assert QUOTED in path.read_text() and os.stat(path).st_mode & 0o777 == 0o600
