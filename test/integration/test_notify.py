"""People elsewhere are told of incidents: once, in order, also when nobody could be told at first."""

import json
import signal
import subprocess
from datetime import datetime, timedelta

import pytest
from ports import free_port
from prometheus import Server
from receiver import Receiver
from waiting import wait_for

QUICK = {"Patience": "0.01"}  # what takes ten seconds takes a tenth of one
SECRET = "T00/B00/do-not-tell"


@pytest.fixture
def make_receiver():
    made = []

    def make(*arguments, **keywords):
        made.append(Receiver(*arguments, **keywords))
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


def notifying(sleeper_config, notifiers, command="/bin/sleep 600"):
    """Workers that die at once, with `command` "/bin/false", are a crash loop."""
    sections = {**sleeper_config(ExecStart=command), "Incidents": QUICK,
                "Restart": {"Delay": "1ms", "MaxDelay": "20ms", "LoopAfter": "3",
                            "StableAfter": "1s"}}
    for name, keys in notifiers.items():
        sections[f"Notify {name}"] = {"RateLimit": "infinity", **keys}
    return sections


def heal(daemon, sleeper_config, notifiers):
    daemon.configure(notifying(sleeper_config, notifiers))
    daemon.cli("reload")


def kinds(receiver, condition="crash-loop"):
    return [body["kind"] for body in receiver.told(condition=condition)]


def test_a_crash_loop_is_told_once_and_so_is_its_end(make_daemon, sleeper_config, make_receiver):
    receiver = make_receiver()
    notifiers = {"hook": {"Url": receiver.url}}
    daemon = make_daemon(notifying(sleeper_config, notifiers, "/bin/false"))
    told = receiver.wait(condition="crash-loop", kind="opened")
    assert told["severity"] == "P2" and told["runbook_url"].endswith("runbook.md#crash-loop")
    assert told["dedup_key"].endswith(told["incident"])
    daemon.wait_event("worker-started", count=8)
    heal(daemon, sleeper_config, notifiers)
    over = receiver.wait(condition="crash-loop", kind="resolved")
    assert over["incident"] == told["incident"]
    assert [kind for kind in kinds(receiver) if kind != "updated"] == ["opened", "resolved"]
    sent = daemon.wait_event("alert-sent", condition="crash-loop", kind="opened")
    assert sent["notifier"] == "hook" and "HTTP 200" in sent["reason"]
    assert any(line.startswith('voxkeeper_alerts_sent_total{notifier="hook"}')
               and float(line.split()[-1]) >= 2 for line in daemon.metrics())


def test_what_nobody_could_be_told_is_told_after_kill_9(make_daemon, sleeper_config, make_receiver):
    port = free_port()
    notifiers = {"hook": {"Url": f"http://127.0.0.1:{port}/hook"}}
    # Quickly opened, but not over at once where the next instance is not in a loop yet.
    daemon = make_daemon({**notifying(sleeper_config, notifiers, "/bin/false"),
                          "Incidents": {"Patience": "1"}})
    opened = daemon.wait_event("incident-opened", condition="crash-loop")
    delayed = daemon.wait_event("alert-delayed")
    assert "connect" in delayed["reason"].lower()
    assert "not delivered to hook" in daemon.cli("status", check=True).stdout
    # One of which the next instance knows nothing would be opened, and told, anew.
    wait_for((daemon.state / "incidents" / f"{opened['incident']}.json").exists, what="it on disk")
    daemon.send(signal.SIGKILL)
    daemon.wait()
    receiver = make_receiver(port)
    daemon.start()
    receiver.wait(condition="crash-loop", kind="opened")
    daemon.wait_event("worker-started", since=daemon.mark(), count=5)
    assert kinds(receiver).count("opened") == 1
    wait_for(lambda: daemon.request("GET", "/api/v1/status")[1]["alerts"]["notifiers"][0]
             ["waiting"] == 0, what="an empty queue")


def test_what_opens_under_silence_is_told_when_it_ends(make_daemon, sleeper_config, make_receiver):
    receiver = make_receiver()
    notifiers = {"hook": {"Url": receiver.url}}
    daemon = make_daemon(notifying(sleeper_config, notifiers))
    daemon.wait_event("worker-verified")
    begun = daemon.cli("silence", "30m", "--reason", "kernel update", check=True)
    assert "silent for 30min" in begun.stdout
    assert daemon.wait_event("silence-began")["reason"] == "kernel update"
    assert "silent until 20" in daemon.cli("status", check=True).stdout
    daemon.configure(notifying(sleeper_config, notifiers, "/bin/false"))
    daemon.cli("reload")
    daemon.send(signal.SIGKILL)
    daemon.wait()
    daemon.configure(notifying(sleeper_config, notifiers, "/bin/false"))
    daemon.start()
    daemon.wait_event("incident-opened", deadline=30, condition="voxkeeper-restarted")
    shown = wait_for(lambda: (out := daemon.cli("silence").stdout) and "withheld: 0" not in out and out)
    assert "kernel update" in shown
    assert receiver.told() == []
    daemon.cli("silence", "end", check=True)
    assert daemon.wait_event("silence-ended")
    receiver.wait(condition="voxkeeper-restarted", kind="opened")
    assert "not silent" in daemon.cli("silence", check=True).stdout


def test_nobody_hears_of_what_was_resolved_under_silence(make_daemon, sleeper_config, make_receiver):
    receiver = make_receiver()
    notifiers = {"hook": {"Url": receiver.url}}
    daemon = make_daemon(notifying(sleeper_config, notifiers, "/bin/false"), start=False)
    daemon.configure(notifying(sleeper_config, notifiers))
    daemon.start()
    daemon.wait_event("worker-verified")
    daemon.cli("silence", "1h", check=True)
    daemon.send(signal.SIGKILL)
    daemon.wait()
    daemon.start()
    daemon.wait_event("incident-resolved", deadline=60, condition="voxkeeper-restarted")
    daemon.cli("silence", "end", check=True)
    daemon.cli("alert-test", check=True)
    assert [body["kind"] for body in receiver.told()] == ["test"]


def test_a_test_shows_what_each_receiver_answers(make_daemon, sleeper_config, make_receiver, directory):
    receiver = make_receiver(answers=((202, {}, "queued"),))
    secret = directory / "slack"
    secret.write_text(f"http://127.0.0.1:{receiver.port}/{SECRET}\n")
    key = directory / "key"
    key.write_text("routing-key-0123456789\n")
    out = directory / "told"
    script = directory / "tell.sh"
    script.write_text(f"#!/bin/sh\ncat >{out}; echo $VOXKEEPER_KIND >>{out}\n")
    script.chmod(0o755)
    daemon = make_daemon(notifying(sleeper_config, {
        "hook": {"Url": receiver.url, "KeyCredential": key},
        "team": {"Type": "slack", "UrlCredential": secret},
        "pager": {"Type": "pagerduty", "Url": receiver.url, "KeyCredential": key},
        "script": {"Type": "exec", "Command": script}}))
    daemon.wait_event("daemon-started")
    shown = wait_for(lambda: (done := daemon.cli("alert-test", "--json")).returncode == 0 and done)
    tests = {test["notifier"]: test for test in json.loads(shown.stdout)["result"]["tests"]}
    assert all(test["delivered"] and test["took_usec"] > 0 for test in tests.values())
    assert tests["team"]["answer"] == "HTTP 202: queued" and tests["script"]["status"] == 0
    by_path = {path: (headers, body) for path, headers, body in receiver.requests}
    assert f"/{SECRET}" in by_path
    assert {"Authorization": "Bearer routing-key-0123456789"}.items() <= {
        name: value for _, headers, body in receiver.requests if body.get("kind") == "test"
        for name, value in headers.items()}.items()
    assert receiver.told(event_action="trigger")[0]["routing_key"] == "routing-key-0123456789"
    assert json.loads(out.read_text().splitlines()[0].replace("}test", "}"))["kind"] == "test"
    receiver.answer((403, {}, f"no /{SECRET}: routing-key-0123456789"))
    for name in "hook", "team", "pager":
        refused = daemon.cli("alert-test", name)
        assert refused.returncode == 1 and "403" in refused.stderr
        assert "quotes our secret" in refused.stderr
    assert daemon.cli("alert-test", "nobody").returncode == 1
    told = daemon.log.read_text() + json.dumps(daemon.request("GET", "/api/v1/status"))
    told += daemon.cli("show-config").stdout
    told += "".join(path.read_text(errors="replace") for path in daemon.state.rglob("*") if path.is_file())
    assert SECRET not in told and "routing-key" not in told


def test_what_is_refused_for_good_is_given_up_and_told_to_others(make_daemon, sleeper_config,
                                                                 make_receiver):
    bad = make_receiver(answers=((400, {}, "what is this"),))
    good = make_receiver()
    notifiers = {"bad": {"Url": bad.url}, "good": {"Url": good.url}}
    daemon = make_daemon(notifying(sleeper_config, notifiers, "/bin/false"))
    failed = daemon.wait_event("alert-failed", condition="crash-loop")
    assert failed["notifier"] == "bad" and "what is this" in failed["reason"]
    told = good.wait(condition="alerts-not-delivered", kind="opened")
    assert told["subject"] == "bad"
    assert not bad.told(condition="alerts-not-delivered", subject="bad")
    assert len(bad.told(condition="crash-loop", kind="opened")) == 1


def test_later_means_later(make_daemon, sleeper_config, make_receiver):
    receiver = make_receiver(answers=((429, {"Retry-After": "2"}, ""), (200, {}, "ok")))
    daemon = make_daemon(notifying(sleeper_config, {"hook": {"Url": receiver.url}}, "/bin/false"))
    delayed = daemon.wait_event("alert-delayed")
    sent = daemon.wait_event("alert-sent", incident=delayed["incident"], kind="opened")
    times = [datetime.fromisoformat(event["ts"].rstrip("Z")) for event in (delayed, sent)]
    assert times[1] - times[0] >= timedelta(seconds=1.9)
    assert len(receiver.told(incident=sent["incident"], kind="opened")) == 2


def test_a_full_disk_stops_no_delivery(make_daemon, sleeper_config, make_receiver):
    receiver = make_receiver()
    daemon = make_daemon(notifying(sleeper_config, {"hook": {"Url": receiver.url}}, "/bin/false"),
                         start=False)
    alerts = daemon.state / "alerts"
    alerts.write_text("in the way of the directory")
    daemon.start()
    assert daemon.wait_event("alert-queue-failed")["notifier"] == "hook"
    receiver.wait(condition="crash-loop", kind="opened")


@pytest.fixture
def certificate(directory):
    """A private CA, and a certificate of it for 127.0.0.1."""
    def run(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, cwd=directory)

    (directory / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
        "-subj", "/CN=private", "-days", "2")
    run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "csr.pem",
        "-subj", "/CN=127.0.0.1")
    run("x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-out", "cert.pem", "-days", "2", "-extfile", "ext")
    return directory / "ca.pem", (directory / "cert.pem", directory / "key.pem")


def test_https_is_verified(make_daemon, sleeper_config, make_receiver, certificate):
    authority, pair = certificate
    receiver = make_receiver(certificate=pair)
    daemon = make_daemon(notifying(sleeper_config, {
        "private": {"Url": receiver.url, "CaFile": authority}, "public": {"Url": receiver.url}}))
    daemon.wait_event("worker-verified")
    assert daemon.cli("alert-test", "private").returncode == 0
    refused = daemon.cli("alert-test", "public")
    assert refused.returncode == 1 and "certificate" in refused.stderr
    assert len(receiver.requests) == 1


@pytest.fixture
def alertmanager(directory):
    config = directory / "alertmanager.yml"
    config.write_text("route:\n  receiver: nobody\nreceivers:\n- name: nobody\n")
    server = Server(directory, "prometheus-alertmanager", f"--config.file={config}",
                    f"--storage.path={directory}/am", "--cluster.listen-address=")
    yield server
    server.close()


def alerts(alertmanager, name):
    return [alert for alert in alertmanager.get("/api/v2/alerts", active="true")
            if alert["labels"]["alertname"] == name]


def test_alertmanager_shows_it_until_it_is_over(make_daemon, sleeper_config, alertmanager):
    notifiers = {"am": {"Type": "alertmanager", "Url": alertmanager.url, "Repeat": "1s"}}
    daemon = make_daemon(notifying(sleeper_config, notifiers, "/bin/false"))
    alert = wait_for(lambda: alerts(alertmanager, "crash-loop"), 30, "an alert")[0]
    assert alert["labels"]["severity"] == "page" and alert["labels"]["priority"] == "P2"
    assert alert["annotations"]["runbook_url"].endswith("#crash-loop")
    # It is told again before it ends, and so stands longer than it was told to at first.
    wait_for(lambda: alerts(alertmanager, "crash-loop")[0]["endsAt"] > alert["endsAt"], 30, "a repeat")
    heal(daemon, sleeper_config, notifiers)
    wait_for(lambda: not alerts(alertmanager, "crash-loop"), 30, "the end of the alert")
    daemon.wait_event("alert-sent", kind="resolved", condition="crash-loop")
