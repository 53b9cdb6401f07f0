"""The team is told that a deployment begins, with what it has to know, and how it ended: by every
notifier, whatever happens in between."""

import signal

import pytest
from ports import free_port
from prometheus import Alertmanager
from receiver import Receiver
from test_preflight import evidence, run, script, verdicts
from waiting import wait_for

OTHERS = ["credentials: not looked at here", "scaling: not looked at here",
          "monitoring: not looked at here", "rollback: not looked at here"]
SAYING = ["--responsible", "Ada", "--eta", "20min", "--release", "2.1", "--reason", "new prompts"]


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.close()


@pytest.fixture
def telling(sleeper_config):
    """telling(notifiers, sections, Key=value of [Preflight], ..)"""

    def build(notifiers, sections=None, **keys):
        made = {**sleeper_config(), "Preflight": {"Skip": OTHERS, "TestCommand": "/bin/true", **keys},
                **(sections or {})}
        for name, settings in notifiers.items():
            made[f"Notify {name}"] = {"RateLimit": "infinity", **settings}
        return made

    return build


def ended(receiver, **members):
    return receiver.wait(kind="ended", **members)


def records(daemon):
    """What the next instance would tell the end of."""
    found = (daemon.state / "deployments").glob("*-deployment-*")
    return [path.name for path in found if path.suffix != ".new"]


def kinds(receiver):
    return [body.get("kind") for body in receiver.told() if body.get("condition") == "deployment"]


def test_every_notifier_hears_of_the_begin_and_of_the_end(make_daemon, telling, receiver, directory):
    address, key = directory / "address", directory / "key"
    address.write_text(receiver.url.replace("/hook", "/slack") + "\n")
    key.write_text("routing-key-0123456789\n")
    told = directory / "told"
    daemon = make_daemon(telling({
        "hook": {"Url": receiver.url},
        "slack": {"Type": "slack", "UrlCredential": address},
        "pager": {"Type": "pagerduty", "Url": receiver.url.replace("/hook", "/v2/enqueue"), "KeyCredential": key},
        "script": {"Type": "exec", "Command": script(directory / "tell", f'cat >>{told}; echo " $VOXKEEPER_KIND" >>{told}')}}))
    daemon.wait_event("worker-verified")
    code, checks, operation = run(daemon, *SAYING)
    assert code == 0, checks
    rows = {f"start-notice {name}" for name in ("hook", "slack", "pager", "script")} | {"announcement"}
    assert rows <= verdicts(checks, "passed")
    assert "told that the deployment begins after" in evidence(checks["start-notice slack"])
    begun, end = receiver.wait(kind="begun"), ended(receiver)
    for body in begun, end:
        assert body["condition"] == "deployment" and body["severity"] == "P3" and body["subject"] == "2.1"
        assert body["incident"].endswith(f"-deployment-{operation['id']}")
        for line in ("What: new prompts", "Version: 2.1", "Responsible: Ada", ", 20min after it began"):
            assert line in body["details"]
        assert body["runbook_url"].endswith("runbook.md#preflight")
    assert begun["summary"] == "deployment of 2.1: the checklist before it runs; responsible: Ada"
    assert end["summary"].startswith("deployment of 2.1: the checklist passed")
    assert kinds(receiver) == ["begun", "ended"]

    def by_path(path):
        return [body for at, _, body in receiver.requests if at == path]

    slack = wait_for(lambda: len(found := by_path("/slack")) == 2 and found, what="Slack's end")
    assert [body["text"].split(":")[0] for body in slack] == ["begun", "ended"]
    changes = wait_for(lambda: len(found := by_path("/v2/change/enqueue")) == 2 and found, what="PagerDuty's end")
    assert not by_path("/v2/enqueue")  # nobody is paged
    assert changes[1]["payload"]["custom_details"]["version"] == "2.1"
    lines = wait_for(lambda: (found := told.read_text()).count("\n") == 2 and found, what="the command's end")
    assert [line.split()[-1] for line in lines.splitlines()] == ["begun", "ended"]
    daemon.wait_event("alert-sent", notifier="slack", kind="ended")
    wait_for(lambda: not records(daemon), what="the record to go")


def test_what_the_team_has_to_know_is_asked_for(make_daemon, telling, receiver, directory):
    daemon = make_daemon(telling({"hook": {"Url": receiver.url}}))
    daemon.wait_event("worker-verified")
    code, checks, operation = run(daemon)
    assert code == 1 and verdicts(checks, "failed") == {"announcement"}
    for option in ("--responsible", "--release", "--eta"):
        assert option in evidence(checks["announcement"])
    assert operation["message"] == "the checklist failed: team"
    assert "the checklist failed: team" in ended(receiver)["summary"]
    # The configuration may know it.
    release = directory / "release"
    release.write_text("2.2\n")
    configured = telling({"hook": {"Url": receiver.url}}, Responsible="Grace Hopper", Duration="45min")
    configured["Agent"] = {**configured["Agent"], "Release": release}
    daemon.configure(configured)
    daemon.cli("reload", check=True)
    code, checks, _ = run(daemon)
    assert code == 0, checks
    begun = receiver.wait(kind="begun", subject="2.2")
    assert "Responsible: Grace Hopper" in begun["details"] and ", 45min after" in begun["details"]
    run(daemon, "--responsible", "Ada")
    receiver.wait(kind="ended", summary="deployment of 2.2: the checklist passed; skipped: "
                  "credentials, scaling, monitoring, rollback")
    assert "Responsible: Ada" in receiver.told(kind="begun")[-1]["details"]
    for wrong in (["--eta", "yesterday"], ["--eta", "0"], ["--eta", "2020-01-01"], ["--responsible", " "]):
        assert daemon.cli("preflight", *wrong).returncode == 2
    for wrong in ({"eta": "18:30"}, {"eta": "2020-01-01T00:00:00Z"}, {"release": "a\nb"}, {"responsible": ""}):
        assert daemon.request("POST", "/api/v1/preflight", wrong)[0] == 400


def test_who_cannot_be_told_is_named_and_told_later(make_daemon, telling, receiver):
    port = free_port()
    daemon = make_daemon(telling({"hook": {"Url": receiver.url}, "gone": {"Url": f"http://127.0.0.1:{port}/hook"},
                                  "alarms": {"Url": receiver.url, "Kinds": "opened resolved"},
                                  "nights": {"Url": receiver.url, "Severity": "P1"}}))
    daemon.wait_event("worker-verified")
    code, checks, _ = run(daemon, *SAYING)
    assert code == 1 and verdicts(checks, "failed") == {"start-notice gone"}
    assert "cannot be told now" in evidence(checks["start-notice gone"])
    for name in "alarms", "nights":
        assert checks[f"start-notice {name}"]["verdict"] == "skipped"
        assert "Kinds= leaves out" in evidence(checks[f"start-notice {name}"])
    assert kinds(receiver) == ["begun", "ended"] or ended(receiver)
    late = Receiver(port)
    try:
        late.wait(kind="ended")
        assert kinds(late) == ["begun", "ended"]
    finally:
        late.close()


def test_who_is_paused_after_failures_is_not_waited_for(make_daemon, telling):
    """Its queue tries again later and later: the checklist has a deadline of its own for that."""
    daemon = make_daemon(telling({"gone": {"Url": f"http://127.0.0.1:{free_port()}/hook"}},
                                 NotifyTimeout="1s"))
    daemon.wait_event("worker-verified")
    run(daemon, *SAYING)
    code, checks, operation = run(daemon, *SAYING)
    assert code == 1 and verdicts(checks, "failed") == {"start-notice gone"}
    assert evidence(checks["start-notice gone"]) == \
        "nothing was sent to it within 1s (NotifyTimeout=); it is told as soon as that is possible"
    assert 10**6 <= checks["start-notice gone"]["took_usec"] < 15 * 10**6
    assert operation["result"]["verdict"] == "failed"


def test_without_a_notifier_nobody_is_told(make_daemon, telling):
    daemon = make_daemon(telling({}))
    daemon.wait_event("worker-verified")
    code, checks, _ = run(daemon, *SAYING)
    assert code == 1 and verdicts(checks, "failed") == {"start-notice"}
    assert "no [Notify NAME]" in evidence(checks["start-notice"])


def test_who_is_not_to_be_told_is_not(make_daemon, telling, receiver):
    daemon = make_daemon(telling({"hook": {"Url": receiver.url}}, Skip=[*OTHERS, "team: it is only me"]))
    daemon.wait_event("worker-verified")
    assert run(daemon)[0] == 0
    daemon.cli("alert-test", check=True)
    assert [body["kind"] for body in receiver.told()] == ["test"]


def test_a_silence_keeps_nobody_from_hearing_of_it(make_daemon, telling, receiver):
    daemon = make_daemon(telling({"hook": {"Url": receiver.url}}))
    daemon.wait_event("worker-verified")
    daemon.cli("silence", "30m", "--reason", "maintenance", check=True)
    assert run(daemon, *SAYING)[0] == 0
    ended(receiver)


def test_a_rollout_ends_when_it_is_over(make_daemon, telling, receiver, directory):
    notifiers = {"hook": {"Url": receiver.url}}
    team = {"Responsible": "Ada", "Duration": "20min"}
    daemon = make_daemon(telling(notifiers, **team))
    daemon.wait_event("worker-verified")
    done = daemon.cli("restart", "--preflight", "--release", "2.1", "--reason", "new prompts", check=True)
    begun, end = receiver.wait(kind="begun"), ended(receiver)
    assert begun["summary"].startswith("deployment of 2.1: the checklist runs, then the rollout")
    assert end["summary"] == f"deployment of 2.1 done: {done.stdout.strip().splitlines()[-1]}"
    assert end["incident"] == begun["incident"] and "(restart, operation" in end["details"]
    # Not before the rollout is.
    rolled = daemon.wait_event("restart-done")
    assert daemon.wait_event("alert-sent", kind="ended")["ts"] >= rolled["ts"]
    # One that is refused.
    daemon.configure(telling(notifiers, {"Rollout": {"RequirePreflight": "yes"}}, **{**team, "TestCommand": "/bin/false"}))
    daemon.cli("reload", check=True)
    assert daemon.cli("restart", "--release", "2.2").returncode == 1
    assert "deployment of 2.2 failed: refused: the checklist failed: tests" in ended(receiver, subject="2.2")["summary"]
    # One that somebody wants all the same.
    daemon.cli("restart", "--preflight", "--override", "now", "--release", "2.3", check=True)
    assert "deployment of 2.3 done: restarted" in ended(receiver, subject="2.3")["summary"]


def test_a_reload_that_is_rolled_back_says_so(make_daemon, telling, receiver):
    notifiers = {"hook": {"Url": receiver.url}}
    sections = {"Rollout": {"RequirePreflight": "yes"}}
    team = {"Responsible": "Ada", "Duration": "20min"}
    daemon = make_daemon(telling(notifiers, sections, **team))
    daemon.wait_event("worker-verified")
    changed = telling(notifiers, sections, **team)
    changed["Agent"] = {**changed["Agent"], "ExecStart": "/bin/false"}
    daemon.configure(changed)
    assert daemon.cli("reload", "--release", "2.1").returncode == 4
    end = ended(receiver)
    assert end["summary"].startswith("deployment of 2.1 rolled back: the configuration is rolled back")
    assert kinds(receiver) == ["begun", "ended"]


def test_an_end_that_nobody_saw_is_told_by_the_next_instance(make_daemon, telling, receiver, directory):
    hanging = script(directory / "hanging", "exec sleep 600")
    daemon = make_daemon(telling(
        {"hook": {"Url": receiver.url}},
        {"Probe alive": {"Type": "tcp", "Address": f"127.0.0.1:{receiver.port}"}},
        Responsible="Ada", Duration="20min", TestCommand=hanging))
    daemon.wait_event("worker-verified")
    daemon.request("POST", "/api/v1/preflight", {"release": "2.1"})
    begun = receiver.wait(kind="begun")
    wait_for(lambda: records(daemon), what="the record of it")
    daemon.wait_event("alert-sent", kind="begun")  # what is not noted as sent is sent again
    daemon.send(signal.SIGKILL)
    daemon.wait()
    daemon.start()
    end = ended(receiver)
    assert end["incident"] == begun["incident"] and "nobody knows how" in end["summary"]
    wait_for(lambda: not records(daemon), what="the record to go")
    daemon.wait_event("alert-sent", kind="ended")
    # Nor is it told again.
    daemon.send(signal.SIGKILL)
    daemon.wait()
    daemon.start()
    daemon.wait_event("daemon-started", count=3)
    wait_for(lambda: daemon.request("GET", "/api/v1/status")[1]["alerts"]["notifiers"][0]["waiting"] == 0,
             what="an empty queue")
    assert kinds(receiver) == ["begun", "ended"]


def test_a_rollout_that_goes_on_is_told_by_the_instance_that_sees_its_end(make_daemon, telling, receiver):
    """A new worker is verified as long as the door is open."""
    door = Receiver()
    probe = {"Type": "tcp", "Address": f"127.0.0.1:{door.port}", "Kind": "startup"}
    daemon = make_daemon(telling({"hook": {"Url": receiver.url}}, {
        "Probe alive": {"Type": "tcp", "Address": f"127.0.0.1:{receiver.port}"}, "Probe started": probe},
        Responsible="Ada", Duration="20min"))
    daemon.wait_event("worker-verified")
    door.close()
    daemon.request("POST", "/api/v1/restart", {"release": "2.1", "preflight": True})
    begun = receiver.wait(kind="begun")
    daemon.wait_event("worker-started", count=2)  # which the next instance is to know of
    wait_for(lambda: records(daemon), what="the record of it")
    daemon.wait_event("alert-sent", kind="begun")  # what is not noted as sent is sent again
    daemon.send(signal.SIGKILL)
    daemon.wait()
    daemon.start()
    daemon.wait_event("daemon-started", count=2)
    assert kinds(receiver) == ["begun"]
    door = Receiver(door.port)
    try:
        end = ended(receiver)
    finally:
        door.close()
    assert end["incident"] == begun["incident"]
    assert end["summary"].startswith("deployment of 2.1 done: restarted: every worker is verified")


@pytest.mark.timeout(120)
def test_alertmanager_has_it_as_long_as_it_lasts(make_daemon, telling, receiver, directory):
    hook = directory / "go"
    waiting = script(directory / "tests", f"while [ ! -e {hook} ]; do sleep 0.05; done")
    server = Alertmanager(directory / "alertmanager", receiver.url, {})

    def deployments():
        return [alert for alert in server.get("/api/v2/alerts") if alert["labels"]["alertname"] == "deployment"]

    try:
        daemon = make_daemon(telling({"am": {"Type": "alertmanager", "Url": server.url}}, TestCommand=waiting))
        daemon.wait_event("worker-verified")
        daemon.request("POST", "/api/v1/preflight", {
            "release": "2.1", "responsible": "Ada", "eta": "20min", "reason": "new prompts"})
        alert = wait_for(deployments, 30, "an alert")[0]
        assert alert["labels"]["subject"] == "2.1" and alert["labels"]["severity"] == "ticket"
        assert "Responsible: Ada" in alert["annotations"]["description"]
        hook.touch()
        daemon.wait_event("alert-sent", kind="ended")
        wait_for(lambda: not deployments(), 30, "the end of the alert")
    finally:
        server.close()
