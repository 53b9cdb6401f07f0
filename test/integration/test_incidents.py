"""What is wrong becomes an incident, once; people see it, take it in hand, and it ends by itself."""

import json
import os
import re
import signal

import pytest
from agent import fault
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


def test_what_led_to_it_is_in_its_story(make_daemon, sleeper_config):
    """Also when something else was told while it was not clear yet whether it is an incident."""
    daemon = make_daemon({**sleeper_config(), "Incidents": {"Patience": "0.3"},
                          "Restart": {"Delay": "10min", "MaxDelay": "10min"}})
    daemon.wait_event("daemon-ready")
    for count in 2, 3:  # the first new life comes at once
        os.kill(daemon.workers()[0], signal.SIGKILL)
        daemon.wait_event("worker-crashed", count=count - 1)
        if count == 2:
            daemon.wait_event("worker-verified", count=count)
    daemon.cli("changelog", "add", "told meanwhile", check=True)
    story = incident(daemon, opened(daemon, "no-serving-worker"))
    texts = [entry["text"] for entry in story["timeline"]]
    crashes = [n for n, text in enumerate(texts) if "signal 9 (SIGKILL) (crash)" in text]
    opening = [entry["kind"] for entry in story["timeline"]].index("opened")
    (meanwhile,) = [n for n, text in enumerate(texts) if "told meanwhile" in text]
    assert len(crashes) == 2 and max(crashes) < meanwhile < opening, texts
    assert len(texts) == len({(entry["at"], entry["text"]) for entry in story["timeline"]}), "told twice"


@pytest.fixture
def daemon(make_daemon, agent_config):
    running = make_daemon(agent_config(Incidents=QUICK))
    running.wait_event("daemon-ready", deadline=30)
    return running


def test_a_hang_lasts_from_the_first_doubt_until_another_worker_serves(make_daemon, agent_config, port):
    """Not as long as the moment at which it was found; and a worker that is being ended is no new fault."""
    daemon = make_daemon(agent_config({"FAULT_ROUTES": "1"}, Health={
        "Interval": "200ms", "FastInterval": "100ms", "Timeout": "300ms", "Fall": "3"}))
    ready = daemon.wait_event("worker-verified")
    fault(port, "hang")
    event = opened(daemon, "worker-hangs")
    daemon.wait_event("worker-verified", count=2, deadline=30)
    daemon.wait_event("incident-examined", deadline=30, incident=event["incident"])
    told = incident(daemon, event)
    (doubt,) = [entry["at"] for entry in told["timeline"] if "worker 1 is suspect" in entry["text"]]
    (successor,) = [entry["at"] for entry in told["timeline"] if "verified after" in entry["text"]]
    assert ready["ts"] < told["began"] < told["opened"] and told["state"] == "passing"
    assert told["began"] == doubt and told["ceased"] == successor
    assert told["duration_usec"] >= 200_000
    assert told["callers"]["connections"] is not None and told["callers"]["tasks"] is None
    assert "agent-not-listening" not in [finding["check"] for finding in told["doctor"]["findings"]]
    page = daemon.cli("postmortem", event["incident"], check=True).stdout
    assert "pending tasks not counted" in page and "us (" not in page
    acknowledged = daemon.cli("acknowledge", event["incident"], check=True)
    assert acknowledged.returncode == 0 and incident(daemon, event)["ceased"] == told["ceased"]


def test_all_is_well_and_a_drain_on_purpose_is_no_incident(daemon):
    daemon.cli("drain", check=True)
    daemon.cli("resume", check=True)
    assert incidents(daemon) == []
    assert "0 incidents are open, 0 are over" in daemon.cli("incidents", check=True).stdout


def test_somebody_takes_it_in_hand_and_all_see_it(looping):
    event = opened(looping, "crash-loop")
    name = event["incident"]
    page = looping.cli("status", check=True).stdout
    assert "P2 a worker crashes again and again" in page
    assert re.search(r"voxkeeper acknowledge \S+-(crash-loop|no-serving-worker)\n", page), "the worst"
    done = looping.cli("acknowledge", name, "--reason", "I look at it", check=True)
    assert f"{name} is acknowledged" in done.stdout
    told = looping.wait_event("incident-acknowledged", incident=name)
    assert told["reason"] == "I look at it" and told["author"]
    again = looping.cli("acknowledge", name)
    assert again.returncode == 1 and "did so already: I look at it" in again.stderr
    story = looping.cli("incidents", name, check=True).stdout
    assert "in hand: P2" in story and "has it in hand: I look at it" in story
    assert "runbook.md#crash-loop" in story and "What worker 1 said last" in story
    row = next(line for line in looping.cli("incidents", check=True).stdout.splitlines()
               if name in line)
    assert row.startswith("in hand") and "P2" in row
    listed = json.loads(looping.cli("incidents", "--json", check=True).stdout)
    assert [one["acknowledged"]["reason"] for one in listed if one["id"] == name] == ["I look at it"]


@pytest.mark.parametrize("name, code, words", [
    ("20200101-000000-crash-loop", 1, "there is no such incident"), ("../x", 2, "is no incident"),
    (None, 2, "needs an ID")])
def test_what_is_no_incident_is_told(daemon, name, code, words):
    done = daemon.cli("acknowledge", *filter(None, [name]))
    assert done.returncode == code and words in done.stderr


def test_an_unknown_path_below_an_incident_is_refused(looping):
    name = opened(looping, "crash-loop")["incident"]
    status, answer = looping.request("POST", f"/api/v1/incidents/{name}/resolve", {})
    assert status == 400 and "can be acknowledged, nothing else" in answer["error"]["message"]
    assert looping.request("GET", "/api/v1/incidents/x")[0] == 404


def test_a_crash_of_voxkeeper_is_one_and_the_next_instance_goes_on(looping):
    event = opened(looping, "crash-loop")
    looping.cli("acknowledge", event["incident"], "--reason", "mine", check=True)
    path = looping.state / "incidents" / f"{event['incident']}.json"
    wait_for(lambda: path.exists() and "mine" in path.read_text(), what="the incident on disk")
    looping.send(signal.SIGKILL)
    looping.wait()
    mark = looping.mark()
    looping.start()
    restarted = looping.wait_event("incident-opened", since=mark, condition="voxkeeper-restarted")
    assert restarted["severity"] == "P3" and "nobody watched for" in restarted["reason"]
    looping.wait_event("worker-crashed", since=mark, count=5)
    assert looping.events("incident-opened", since=mark, condition="crash-loop") == []
    told = incident(looping, event)
    assert told["resolved"] is None and told["acknowledged"]["reason"] == "mine"
    assert [entry["text"] for entry in told["timeline"] if "voxkeeperd 0" in entry["text"]]


@pytest.mark.parametrize("how", ["handover", "upgrade"])
def test_an_end_on_purpose_is_no_incident(daemon, how):
    mark = daemon.mark()
    if how == "upgrade":
        daemon.cli("upgrade", check=True)
    else:
        daemon.send(signal.SIGUSR2)
        daemon.wait()
        daemon.start()
    daemon.wait_event("daemon-resumed", since=mark)
    wait_for(lambda: daemon.request("GET", "/readyz")[0] == 200, what="readiness")
    assert incidents(daemon) == []


def test_what_is_over_when_the_next_instance_comes_is_resolved(looping, agent_config):
    event = opened(looping, "crash-loop")
    looping.stop()
    mark = looping.mark()
    looping.configure(agent_config(Incidents=QUICK))
    looping.start()
    over = looping.wait_event("incident-resolved", since=mark, condition="crash-loop")
    assert over["incident"] == event["incident"]


def test_redis_away_is_one_incident_until_it_is_back(daemon, redis):
    redis.stop()
    event = opened(daemon, "redis-unreachable")
    assert event["severity"] == "P2" and daemon.request("GET", "/readyz")[0] == 200
    redis.start()
    daemon.wait_event("incident-resolved", condition="redis-unreachable")
    assert event["incident"] == incidents(daemon, "redis-unreachable")[0]["id"]


def test_a_disk_that_is_nearly_full(daemon, agent_config):
    os.kill(daemon.workers()[0], signal.SIGKILL)
    daemon.wait_event("worker-verified", count=2)
    daemon.configure(agent_config(Incidents={**QUICK, "MinDiskFree": "524288G"}))
    daemon.cli("reload", check=True)
    event = opened(daemon, "disk-low")
    assert "MiB are free, less than MinDiskFree=512T" in event["reason"]
    assert incident(daemon, event)["output"] is None, "what a worker said before has nothing to do with it"
    daemon.configure(agent_config(Incidents=QUICK))
    daemon.cli("reload", check=True)
    daemon.wait_event("incident-resolved", condition="disk-low", deadline=20)


def test_a_refused_configuration_is_one_until_one_is_accepted(daemon, agent_config):
    daemon.config.write_text(daemon.config.read_text() + "[Agent]\nLisen=1\nPort=2\n")
    assert daemon.cli("reload").returncode == 1
    event = opened(daemon, "configuration-refused")
    assert "Lisen" in event["reason"]
    summary = incident(daemon, event)["summary"]
    assert "\n" not in summary and re.search(r"Lisen.*; .*Port", summary), "one line, whatever is wrong"
    daemon.configure(agent_config(Incidents=QUICK))
    daemon.cli("reload", check=True)
    daemon.wait_event("incident-resolved", condition="configuration-refused")


def test_a_sweep_that_is_held(make_daemon, agent_config, redis):
    daemon = make_daemon(agent_config(Incidents=QUICK, Sweep={"MaxDelete": "2"}))
    daemon.wait_event("redis-up")
    for i in range(3):
        redis.command("SET", f"cursor_task:{i}", '{"pending":true,"createdAt":1700000000}')
    daemon.cli("sweep")
    opened(daemon, "sweep-held")
    daemon.cli("sweep", "--confirm", daemon.wait_event("sweep-held")["token"], check=True)
    daemon.wait_event("incident-resolved", condition="sweep-held")


def test_without_a_place_on_disk_incidents_are_known_all_the_same(make_daemon, agent_config):
    daemon = make_daemon(agent_config({"FAULT_EXIT_CODE": "7"}, Incidents=QUICK,
                                      Restart={"Delay": "1ms", "LoopAfter": "2"}), start=False)
    (daemon.state / "incidents").write_text("in the way")
    daemon.start()
    event = opened(daemon, "crash-loop")
    daemon.wait_line(level="warning", deadline=10, message=next(
        line["message"] for line in wait_for_lines(daemon, "it is tried again")))
    assert incident(daemon, event)["id"] == event["incident"]
    daemon.stop()


def wait_for_lines(daemon, words):
    found = []

    def look():
        found[:] = [line for line in daemon.lines() if words in line["message"]]
        return found

    wait_for(look, what=f"a line with {words!r}")
    return found


def test_a_torn_file_is_set_aside_and_leftovers_go(make_daemon, agent_config):
    daemon = make_daemon(agent_config(Incidents=QUICK), start=False)
    kept = daemon.state / "incidents"
    kept.mkdir()
    torn = "20260101-000000-crash-loop"
    (kept / f"{torn}.json").write_text('{"id": "20260101-000000-cra')
    (kept / f"{torn}.json.new").write_text("half")
    daemon.start()
    daemon.wait_event("daemon-ready", deadline=30)
    assert sorted(path.name for path in kept.iterdir()) == [f"{torn}.json.broken"]
    assert any("setting the incident" in line["message"] for line in daemon.lines())
    assert incidents(daemon) == []


def test_only_the_latest_are_kept(make_daemon, agent_config):
    daemon = make_daemon(agent_config(Incidents={**QUICK, "Keep": "1"}))
    daemon.wait_event("daemon-ready", deadline=30)
    for count in (1, 2, 3):
        daemon.config.write_text(daemon.config.read_text() + "[Agent]\nLisen=1\n")
        daemon.cli("reload")
        daemon.configure(agent_config(Incidents={**QUICK, "Keep": "1"}))
        daemon.cli("reload", check=True)
        last = daemon.wait_event("incident-resolved", count=count)["incident"]
    assert [one["id"] for one in incidents(daemon)] == [last]
    kept = daemon.state / "incidents"
    wait_for(lambda: [path.name for path in kept.iterdir()] == [f"{last}.json"], what="one file")


def test_the_post_mortem(looping, directory):
    name = opened(looping, "crash-loop")["incident"]
    changed = incidents(looping, "crash-loop")[0]["began"][:14] + "00:00Z"
    (looping.state / "changelog.jsonl").write_text(
        json.dumps({"time": changed, "author": "anna", "kind": "reload", "text": "more workers",
                    "reason": "load"}) + '\n{"time": "1999-01-01T00:00:00Z"}\nnonsense\n')
    printed = looping.cli("postmortem", name, check=True).stdout
    assert f"| Incident | {name} |" in printed and "| Severity | P2 |" in printed
    assert "**Alert fired**: worker 1 is in a crash loop" in printed
    assert "| anna | reload: more workers | load |" in printed and "1999" not in printed
    assert "not known (`SessionValue=` of `[Cost]`" in printed
    path = directory / "postmortem.md"
    looping.cli("postmortem", name, "-o", path, check=True)
    refused = looping.cli("postmortem", name, "-o", path)
    assert refused.returncode == 1 and "it exists; --force overwrites it" in refused.stderr
    looping.cli("postmortem", name, "-o", path, "--force", check=True)
    check_it(looping, path)


def check_it(daemon, path):
    """As it was written it is refused; once answered it is not. No daemon is needed."""
    daemon.stop()
    checked = daemon.cli("postmortem", "--check", path)
    assert checked.returncode == 1
    assert f"{path}:" in checked.stdout and "the root cause is still the prompt" in checked.stdout
    assert "there is no action item" in checked.stdout
    text = path.read_text()
    cause = ("The new release reads a variable that only the old unit sets, and nothing checks at "
             "the start that it is there.")
    text = text.replace("_Why could this happen, and why was it not noticed before? Name the "
                        "mechanism, not a person._", cause)
    path.write_text(text.replace("| _what will be done_ | _who_ | _YYYY-MM-DD_ |",
                                 "| Check it at the start | | 2026-12-01 |"))
    line = path.read_text().splitlines().index("| Check it at the start | | 2026-12-01 |") + 1
    checked = daemon.cli("postmortem", "--check", path, "--json")
    assert checked.returncode == 1 and json.loads(checked.stdout)["faults"] == [
        {"line": line, "message": 'the action item "Check it at the start" has no owner'}]
    path.write_text(path.read_text().replace("start | |", "start | anna |"))
    assert daemon.cli("postmortem", "--check", path).returncode == 0
    assert daemon.cli("postmortem", "--check").returncode == 2
    assert daemon.cli("postmortem", "--check", path.parent).returncode == 1


def test_what_comes_again_is_the_same_incident_and_told_again(make_daemon, agent_config, redis):
    daemon = make_daemon(agent_config(Incidents={"Patience": "0.001"}))
    (daemon.state / "backups").write_text("in the way")
    daemon.wait_event("daemon-ready", deadline=30)
    redis.command("SET", "cursor_task:1", '{"pending":true,"createdAt":1700000000}')

    def told_again():
        assert daemon.cli("sweep").returncode == 1
        return daemon.events("incident-updated", condition="backup-failed")

    wait_for(told_again, what="an update")
    event = opened(daemon, "backup-failed")
    assert told_again()[0]["incident"] == event["incident"]
    assert len(daemon.events("incident-opened", condition="backup-failed")) == 1
    assert incident(daemon, event)["times"] >= 2
