"""The checklist before a deployment: every item runs for real, passes, fails, or is skipped for a
reason; and what a pipeline gets of it."""

import json
import os
import socket
import xml.etree.ElementTree as ElementTree

import pytest
from ports import free_port
from prometheus import Alertmanager, Prometheus
from receiver import Receiver
from waiting import wait_for

SKIPPED = {"Skip": ["tests: the pipeline ran them", "scaling: one worker is enough",
                    "rollback: there is nothing to go back to",
                    "monitoring: another host looks after that",
                    "credentials: the agent has none", "team: it is me"]}
ELSEWHERE = ["monitoring: not looked at here", "credentials: not looked at here",
             "team: not looked at here"]


def script(path, *lines):
    path.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def checklist(directory, sleeper_config):
    """checklist(Key=value, ..): a configuration with which every item passes, but for what is
    changed; None leaves a key out."""

    def build(sections=None, **keys):
        release = directory / "previous"
        release.mkdir(exist_ok=True)
        (release / "index.js").write_text("1\n")
        preflight = {"Skip": ELSEWHERE, "TestCommand": script(directory / "tests", "echo 12 passed"),
                     "SessionsPerWorker": 10, "ExpectedPeak": ["Mon..Fri 9..17 8", "2"],
                     "DescriptorsPerSession": 2, "WorkerMemory": "1M",
                     "RollbackDryRun": "--dry-run", "PreviousRelease": release, **keys}
        rollback = script(directory / "rollback", f'echo "$* $VOXKEEPER_DRY_RUN" >>{directory}/rolled')
        return {**sleeper_config(Workers=2), "Rollback": {"ExecRollback": f"{rollback} --to previous"},
                "Preflight": preflight, **(sections or {})}

    return build


def run(daemon, *options):
    """(exit code, the checks by name, the operation)"""
    done = daemon.cli("preflight", "--json", *options, deadline=120)
    operation = json.loads(done.stdout)
    assert "result" in operation, (done.stdout, done.stderr, daemon.output())
    checks = {" ".join(filter(None, (check["check"], check.get("subject")))): check
              for item in operation["result"]["items"] for check in item["checks"]}
    return done.returncode, checks, operation


def fits(text):
    """Whether a terminal of 80 columns shows it as it is."""
    return all(len(line) <= 80 and line == line.rstrip() for line in text.splitlines())


def verdicts(checks, verdict):
    return {name for name, check in checks.items() if check["verdict"] == verdict}


def evidence(check):
    return "\n".join(check["evidence"])


def test_every_item_passes(make_daemon, checklist, directory):
    daemon = make_daemon(checklist())
    daemon.wait_event("worker-verified")
    code, checks, operation = run(daemon, "--reason", "release 2.1")
    assert not verdicts(checks, "failed"), checks
    assert code == 0 and operation["result"]["verdict"] == "passed"
    assert "exit code 0" in evidence(checks["test-command"])
    # It was tried as such: the arguments are added, and the environment says so as well.
    assert (directory / "rolled").read_text() == "--to previous --dry-run 1\n"
    passed = daemon.wait_event("preflight-passed", reason="release 2.1")
    assert int(passed["operation"]) == operation["id"]
    shown = daemon.cli("preflight", check=True)
    assert "the checklist passed" in shown.stdout and "EVIDENCE" in shown.stdout
    table = shown.stdout.partition("\n\n")[0]
    assert fits(table) and "MinWorkers=1 <= Workers=2" in table
    # What is skipped is there as well, with its reason.
    assert all(name in table for name in checks) and table.count("not looked at here") == len(verdicts(checks, "skipped"))
    assert "Tests, test-command: passed" in shown.stderr


def test_the_number_in_force_is_judged(make_daemon, checklist):
    """What `voxkeeper scale` asked for, not what the file says, until Workers= changes."""
    daemon = make_daemon(checklist(MinWorkers=2, MaxWorkers=2, ExpectedPeak="15"))
    daemon.wait_event("worker-verified", count=2)
    code, checks, _ = run(daemon)
    assert code == 1 and verdicts(checks, "failed") == {"capacity"}
    daemon.cli("scale", "3", check=True)
    code, checks, _ = run(daemon)
    assert code == 1 and verdicts(checks, "failed") == {"bounds"}
    assert "voxkeeper scale 3 (by " in evidence(checks["bounds"])
    assert "in place of Workers=2) is above MaxWorkers=2" in evidence(checks["bounds"])
    assert "3 workers (voxkeeper scale) of 10 callers each take 30" in evidence(checks["capacity"])
    daemon.cli("scale", "--default", check=True)
    code, checks, _ = run(daemon)
    assert "MinWorkers=2 <= Workers=2 <= MaxWorkers=2" in evidence(checks["bounds"])


def test_the_whole_has_a_deadline(make_daemon, checklist, directory):
    """What is not over by then has failed, and is ended."""
    daemon = make_daemon(checklist(
        Timeout="1s", TestCommand=script(directory / "slow", f"echo $$ >{directory}/pid", "exec sleep 600")))
    daemon.wait_event("worker-verified")
    code, checks, operation = run(daemon)
    assert code == 1 and verdicts(checks, "failed") == {"test-command"}
    assert evidence(checks["test-command"]) == "it was not over within 1s ([Preflight] Timeout=)"
    assert operation["result"]["took_usec"] < 60 * 10**6
    pid = int((directory / "pid").read_text())
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), what="the tests are killed")


def test_a_notifier_that_says_nothing_is_not_waited_for(make_daemon, checklist):
    """Whatever its own Timeout= is: somebody waits for the checklist."""
    skip = [f"{check}: not looked at here" for check in
            ("dashboards", "scrape", "rules", "alertmanager", "alert-path", "credentials", "team")]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = {"Url": f"http://127.0.0.1:{silent.getsockname()[1]}/hook", "Timeout": "60s"}
        daemon = make_daemon(checklist({"Notify mute": mute}, NotifyTimeout="1s", Skip=skip))
        daemon.wait_event("worker-verified")
        code, checks, _ = run(daemon)
    assert code == 1 and verdicts(checks, "failed") == {"test-notice mute"}, checks
    assert evidence(checks["test-notice mute"]) == \
        "it did not take a test notice within 1s (NotifyTimeout=): no answer came"
    assert 10**6 <= checks["test-notice mute"]["took_usec"] < 60 * 10**6


def test_what_fails_says_why_and_ends_with_1(make_daemon, checklist, directory):
    empty = directory / "empty"
    empty.mkdir()
    daemon = make_daemon(checklist(
        TestCommand=script(directory / "failing", "echo 3 passed, 1 failed", "echo '<boom> \033[31m&' >&2", "exit 3"),
        ExpectedPeak="21", PreviousRelease=empty, MinWorkers=3))
    daemon.wait_event("worker-verified")
    report = directory / "report.xml"
    code, checks, operation = run(daemon, "--junit", str(report))
    assert code == 1
    assert verdicts(checks, "failed") == {"test-command", "bounds", "capacity", "previous-release"}
    assert "exit code 3" in evidence(checks["test-command"])
    assert "1 failed" in evidence(checks["test-command"]) and "<boom>" in evidence(checks["test-command"])
    assert "nothing is in it" in evidence(checks["previous-release"])
    assert operation["message"] == "the checklist failed: tests, scaling, rollback"
    failed = daemon.wait_event("preflight-failed")
    assert failed["reason"] == "tests, scaling, rollback"
    tree = ElementTree.parse(report).getroot()
    assert (tree.tag, tree.get("failures")) == ("testsuites", "4")
    cases = {case.get("name"): case for case in tree.iter("testcase")}
    assert set(cases) == set(checks)
    assert "<boom>" in cases["test-command"].find("failure").text
    assert cases["memory"].find("failure") is None
    text = daemon.cli("preflight")
    assert text.returncode == 1 and "the checklist failed: tests" in text.stderr
    assert fits(text.stdout) and "1 failed" in text.stdout
    assert "Rollback plan, previous-release failed:" in text.stdout


def test_a_report_that_cannot_be_written_is_told_before_anything_runs(make_daemon, checklist, directory):
    daemon = make_daemon(checklist(TestCommand=f"touch {directory}/ran"))
    daemon.wait_event("worker-verified", 30)
    done = daemon.cli("preflight", "--junit", f"{directory}/absent/report.xml")
    assert done.returncode == 1 and "absent/report.xml\": No such file or directory" in done.stderr
    assert not (directory / "ran").exists() and not daemon.events("preflight-failed")
    assert daemon.cli("preflight", "--junit", f"{directory}/report.xml").returncode in (0, 1)
    assert (directory / "ran").exists() and (directory / "report.xml").read_text().startswith("<?xml")


def test_nothing_is_skipped_without_a_reason(make_daemon, sleeper_config, directory):
    daemon = make_daemon(sleeper_config())
    daemon.wait_event("worker-verified")
    code, checks, _ = run(daemon)
    assert code == 1 and not verdicts(checks, "skipped")
    assert "TestCommand=" in evidence(checks["test-command"])
    assert "SessionsPerWorker=" in evidence(checks["capacity"])
    assert "ExecRollback=" in evidence(checks["rollback-command"])
    for wrong, why in (("tests", "has no reason"), ("test: x", "neither an item"),
                       ("provider-key speech: x", "neither an item")):
        daemon.configure({**sleeper_config(), "Preflight": {"Skip": wrong}})
        refused = daemon.cli("reload")
        assert refused.returncode == 1 and why in refused.stderr
    daemon.configure({**sleeper_config(), "Preflight": SKIPPED})
    daemon.cli("reload", check=True)
    report = directory / "report.xml"
    code, checks, operation = run(daemon, "--junit", str(report))
    assert code == 0 and verdicts(checks, "skipped") == set(checks)
    assert checks["memory"]["evidence"] == ["one worker is enough"]
    assert "skipped: tests, credentials, scaling, monitoring, rollback, team" in operation["message"]
    assert all(case.find("skipped").get("message") for case in ElementTree.parse(report).iter("testcase"))


def test_a_dry_run_is_only_what_says_so(make_daemon, checklist, directory):
    """A command that is not known to have one is never run."""
    daemon = make_daemon(checklist(RollbackDryRun=None))
    daemon.wait_event("worker-verified")
    code, checks, _ = run(daemon)
    assert code == 1 and verdicts(checks, "failed") == {"rollback-dry-run"}
    assert not (directory / "rolled").exists()
    daemon.configure(checklist(RollbackDryRun="MODE=try VOXKEEPER_DRY_RUN=yes --slowly"))
    daemon.cli("reload", check=True)
    assert run(daemon)[0] == 0
    assert (directory / "rolled").read_text() == "--to previous --slowly yes\n"


def test_a_rollback_that_cannot_be_executed_fails(make_daemon, checklist, directory):
    broken = directory / "broken"
    broken.write_text("#!/bin/sh\n")
    daemon = make_daemon(checklist({"Rollback": {"ExecRollback": broken}}))
    daemon.wait_event("worker-verified")
    _, checks, _ = run(daemon)
    assert verdicts(checks, "failed") == {"rollback-command", "rollback-dry-run"}
    assert "Permission denied" in evidence(checks["rollback-command"])


def test_tests_that_hang_are_ended(make_daemon, checklist, directory):
    hanging = script(directory / "hanging", "echo still at it", "exec sleep 600")
    daemon = make_daemon(checklist(TestCommand=hanging, TestTimeout="1s"))
    daemon.wait_event("worker-verified")
    status, answer = daemon.request("POST", "/api/v1/preflight", {})
    assert status == 202
    # Meanwhile everything else goes on, and there is one at a time.
    assert daemon.request("POST", "/api/v1/preflight", {})[0] == 409
    assert daemon.request("GET", "/readyz")[0] == 200
    daemon.wait_event("preflight-failed", reason="tests", operation=answer["operation"]["id"])
    operation = daemon.request("GET", f"/api/v1/operations/{answer['operation']['id']}")[1]["operation"]
    text = json.dumps(operation["result"])
    assert "no end in time, killed" in text and "still at it" in text


def test_the_end_of_voxkeeperd_ends_what_it_ran(make_daemon, checklist, directory):
    mark = directory / "pid"
    daemon = make_daemon(checklist(TestCommand=script(directory / "hanging", f"echo $$ >{mark}; exec sleep 600")))
    daemon.wait_event("worker-verified")
    daemon.request("POST", "/api/v1/preflight", {})
    wait_for(mark.exists, what="the tests to run")
    assert daemon.stop() == 0
    # It was killed, which the kernel does after voxkeeperd is gone as well.
    wait_for(lambda: daemon.survivors() == [], what="the tests to be gone")


def test_without_voxkeeperd_it_ends_with_3(make_daemon, checklist):
    daemon = make_daemon(checklist(), start=False)
    assert daemon.cli("preflight").returncode == 3
    assert daemon.cli("preflight", "--junit").returncode == 2


def pids(daemon):
    return {worker["pid"] for worker in daemon.request("GET", "/api/v1/workers")[1]["workers"]}


def overrides_of(daemon):
    return daemon.request("GET", "/api/v1/changelog?kind=override")[1]["changes"]


def test_a_failed_item_keeps_a_rollout_from_beginning(make_daemon, checklist, directory):
    daemon = make_daemon(checklist(TestCommand="/bin/false"))
    daemon.wait_event("worker-verified", count=2)
    before = pids(daemon)
    refused = daemon.cli("restart", "--preflight")
    assert refused.returncode == 1 and "the checklist failed: tests" in refused.stderr
    assert "test-command" in refused.stdout
    assert not daemon.events("restart-began") and pids(daemon) == before
    # It is no refusal of restarts: who does not ask for the checklist is not held up by it.
    daemon.cli("restart", check=True)
    assert daemon.cli("restart", "--override", " ").returncode == 2
    assert daemon.request("POST", "/api/v1/restart", {"override": " "})[0] == 400
    assert not overrides_of(daemon)


def test_an_override_is_recorded(make_daemon, checklist):
    daemon = make_daemon(checklist({"Rollout": {"RequirePreflight": "yes"}}, TestCommand="/bin/false"))
    daemon.wait_event("worker-verified")
    assert daemon.cli("restart").returncode == 1
    daemon.cli("restart", "--preflight", "--override", "nobody is answered", check=True)
    began, overridden = daemon.wait_event("restart-began"), daemon.wait_event("preflight-overridden")
    assert overridden["reason"] == "nobody is answered" and overridden["operation"] == began["operation"]
    assert "the checklist failed (tests)" in overridden["message"]
    # Alone it does not wait for the checklist at all.
    failed = len(daemon.events("preflight-failed"))
    daemon.cli("restart", "--override", "again", check=True)
    assert len(daemon.events("preflight-failed")) == failed
    recorded = wait_for(lambda: (found := overrides_of(daemon)) and len(found) == 2 and found, what="the record")
    assert [change["reason"] for change in recorded] == ["again", "nobody is answered"]
    assert "was not run" in json.dumps(recorded[0])


def test_an_override_of_nothing_says_so(make_daemon, checklist):
    daemon = make_daemon(checklist())
    daemon.wait_event("worker-verified")
    done = daemon.cli("restart", "--override", "to be sure", check=True)
    assert "--override had nothing to do" in done.stdout + done.stderr
    assert overrides_of(daemon) == []


def test_what_passed_rolls_out(make_daemon, checklist):
    daemon = make_daemon(checklist({"Rollout": {"RequirePreflight": "yes"}}))
    daemon.wait_event("worker-verified", count=2)
    before = pids(daemon)
    done = daemon.cli("restart", "--override", "in vain", "--preflight", check=True)
    # What the checklist found is there as well, also for who did not ask for it but had to wait.
    assert "restarted" in done.stdout and "exit code 0" in done.stdout
    told = daemon.cli("restart", "--json", check=True)
    result = json.loads(told.stdout)["result"]
    assert result["preflight"]["verdict"] == "passed" and result["author"] == "root"
    assert "previous-release" in daemon.cli("restart", check=True).stdout
    passed = daemon.wait_event("preflight-passed")
    assert daemon.events("restart-done")[0]["operation"] == passed["operation"]
    assert not before & pids(daemon)
    # Nothing was overridden: it passed.
    assert not daemon.events("preflight-overridden") and not overrides_of(daemon)


def test_a_reload_that_rolls_out_waits_for_the_checklist(make_daemon, checklist):
    required = {"Rollout": {"RequirePreflight": "yes"}}
    changed = {"Agent": {"ExecStart": "/bin/sleep 601", "Workers": 2}}
    daemon = make_daemon(checklist(required))
    daemon.wait_event("worker-verified", count=2)
    # What workers need not see does not wait.
    daemon.configure(checklist({**required, "Daemon": {"LogLevel": "debug"}}, TestCommand="/bin/false"))
    daemon.cli("reload", check=True)
    assert not daemon.events("preflight-failed")
    before = pids(daemon)
    # Nor can a configuration that no longer requires it get round it.
    daemon.configure(checklist(changed, TestCommand="/bin/false"))
    refused = daemon.cli("reload")
    assert refused.returncode == 1 and "the checklist failed: tests" in refused.stderr
    assert pids(daemon) == before and "sleep 600" in daemon.cli("show-config").stdout
    daemon.configure(checklist({**required, **changed}))
    daemon.cli("reload", check=True)
    assert "sleep 601" in daemon.cli("show-config").stdout and not before & pids(daemon)
    daemon.configure(checklist(required, TestCommand="/bin/false"))
    daemon.cli("reload", "--override", "back at once", check=True)
    assert [change["reason"] for change in overrides_of(daemon)] == ["back at once"]


def test_another_configuration_makes_what_was_found_void(make_daemon, checklist, directory):
    hanging = script(directory / "hanging", "exec sleep 600")
    daemon = make_daemon(checklist(TestCommand=hanging))
    daemon.wait_event("worker-verified")
    asked = daemon.request("POST", "/api/v1/restart", {"preflight": True})[1]["operation"]
    assert daemon.cli("restart", "--preflight").returncode == 1  # one at a time
    daemon.configure(checklist({"Daemon": {"LogLevel": "debug"}}))
    daemon.cli("reload", check=True)
    ended = daemon.request("GET", f"/api/v1/operations/{asked['id']}")[1]["operation"]
    assert ended["state"] == "failed" and "another configuration" in ended["message"]
    assert not daemon.events("restart-began")
    assert run(daemon)[0] == 0


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.close()


@pytest.fixture
def stack(directory, receiver, port):
    """stack(echo): Prometheus, which scrapes `port`, and an Alertmanager, which tells `echo` of test
    alerts."""
    servers = []

    def start(echo):
        servers.append(Alertmanager(directory / "alertmanager", receiver.url,
                                    {"voxkeeper-preflight": echo}))
        servers.append(Prometheus(directory / "prometheus", f"127.0.0.1:{port}", servers[0]))
        wait_for(lambda: servers[1].get("/api/v1/alertmanagers")["data"]["activeAlertmanagers"], 30,
                 "Prometheus to know of Alertmanager")
        wait_for(lambda: servers[1].query("up"), 30, "Prometheus to scrape")
        return {"PrometheusUrl": servers[1].url, "AlertmanagerUrl": f"{servers[0].url}/",
                "DashboardUrl": f"{servers[1].url}/-/ready",
                "Skip": [*ELSEWHERE[1:], "test-notice: none is configured"]}

    yield start
    for server in reversed(servers):
        server.close()


@pytest.mark.timeout(180)
def test_a_test_alert_goes_the_whole_way(make_daemon, checklist, stack, port):
    listening = {"Admin": {"Listen": f"127.0.0.1:{port}"}}
    daemon = make_daemon(checklist(listening, **stack(f"http://127.0.0.1:{port}/preflight/echo")))
    daemon.wait_event("worker-verified")
    for _ in range(2):  # the second one is not taken for the first
        code, checks, _ = run(daemon)
        assert code == 0, [check for check in checks.values() if check["verdict"] == "failed"]
        assert "seen back after" in evidence(checks["alert-path"])
        assert f"http://127.0.0.1:{port}/metrics is up" in evidence(checks["scrape"])
        assert "Prometheus sends to 1 of them" in evidence(checks["alertmanager"])
        assert int(checks["alert-path"]["took_usec"]) > 0
    assert "voxkeeper_preflight_alert 0" in daemon.metrics()
    # What is missing is named.
    daemon.configure(checklist({**listening, "Preflight": {**checklist()["Preflight"], "Skip": [
        "alert-path: it was seen", "dashboards: none", "test-notice: none", *ELSEWHERE[1:]], "Rules": "NoServingWorker NoSuchRule",
        "PrometheusUrl": json.loads(daemon.cli("show-config", "--json").stdout)["Preflight"]["PrometheusUrl"],
        "AlertmanagerUrl": f"http://127.0.0.1:{port}"}}))
    daemon.cli("reload", check=True)
    code, checks, _ = run(daemon)
    assert code == 1 and verdicts(checks, "failed") == {"rules", "alertmanager"}
    assert "NoSuchRule is not loaded" in evidence(checks["rules"])


@pytest.mark.timeout(180)
def test_it_is_told_how_far_the_alert_came(make_daemon, checklist, stack, port, receiver):
    listening = {"Admin": {"Listen": f"127.0.0.1:{port}"}}
    settings = stack(f"{receiver.url}/lost")
    daemon = make_daemon(checklist(listening, **settings, AlertTimeout="5s"))
    daemon.wait_event("worker-verified")
    code, checks, _ = run(daemon)
    assert code == 1 and verdicts(checks, "failed") == {"alert-path"}
    assert "its receiver does not reach" in evidence(checks["alert-path"])
    assert "Alertmanager had it after" in evidence(checks["alert-path"])
    # Prometheus that scrapes nobody: the wrong port.
    daemon.configure(checklist({"Admin": {"Listen": f"127.0.0.1:{free_port()}"}}, **settings, AlertTimeout="2s"))
    daemon.cli("reload", check=True)
    _, checks, _ = run(daemon)
    assert verdicts(checks, "failed") == {"scrape", "alert-path"}
    assert "connection refused" in evidence(checks["scrape"])
    assert "does not fire" in evidence(checks["alert-path"])


def test_an_echo_needs_the_token(make_daemon, checklist, port):
    daemon = make_daemon(checklist({"Admin": {"Listen": f"127.0.0.1:{port}"}}))
    daemon.wait_event("worker-verified")
    alert = {"status": "firing", "labels": {"token": "0"}}
    assert daemon.request("POST", "/preflight/echo", {"alerts": [alert]}) == (200, {"seen": False})
    assert daemon.request("POST", "/preflight/echo", {"alerts": 1})[0] == 400
    assert daemon.request("POST", "/preflight/echo", [])[0] == 400
