"""The whole way of an alert: voxkeeperd, the real Prometheus, the real Alertmanager, whoever is told.

The configurations are those of examples/, made quick: see lib/prometheus.py.
"""

import os
import re
import signal
from datetime import datetime, timedelta, timezone

import pytest
import yaml
from prometheus import ALERTMANAGER, PROMETHEUS, Alertmanager, Prometheus
from receiver import Receiver
from waiting import wait_for

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def alertmanager(directory, receiver):
    server = Alertmanager(directory / "alertmanager", receiver.url)
    yield server
    server.close()


@pytest.fixture
def watched(directory, make_daemon, alertmanager):
    """watched(config): a daemon that Prometheus watches, and that Prometheus."""
    servers = []

    def start(config):
        daemon = make_daemon(config)
        listen = config["Admin"]["Listen"]
        servers.append(Prometheus(directory / "prometheus", listen, alertmanager))
        wait_for(lambda: servers[-1].query('up{job="voxkeeper"} == 1'), 30, "a scrape")
        return daemon, servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def program(directory):
    path = directory / "program"
    path.write_text("#!/bin/sh\nexec sleep 600\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def config(sleeper_config, port, program):
    return {**sleeper_config(ExecStart=program), "Admin": {"Listen": f"127.0.0.1:{port}"},
            "Restart": {"Delay": "1ms", "MaxDelay": "50ms", "LoopAfter": "3", "StableAfter": "1s"}}


def told(receiver, name, status, by):
    """The alerts of that name of which the receiver `by` was told that they fire, or are over."""
    return [alert for body in receiver.told(receiver=by) for alert in body["alerts"]
            if alert["labels"]["alertname"] == name and alert["status"] == status]


def wait_told(receiver, *what):
    return wait_for(lambda: told(receiver, *what), 60, what)[0]


def test_a_crash_loop_is_told_to_the_pager_and_so_is_its_end(watched, config, program, receiver):
    daemon, prometheus = watched(config)
    wait_told(receiver, "Watchdog", "firing", "dead-mans-switch")
    daemon.wait_event("worker-verified")
    wait_for(lambda: prometheus.query("voxkeeper_serving_workers == 1"), 30, "a scrape of that")
    # VoxkeeperAbsent fired until the first scrape.
    wait_for(lambda: prometheus.alerts() == {"Watchdog"}, 30, "nothing to be wrong")
    away = program.rename(program.with_suffix(".away"))
    os.kill(daemon.workers()[0], signal.SIGKILL)
    daemon.wait_event("worker-crash-loop")
    alert = wait_told(receiver, "CrashLoop", "firing", "pager")
    assert alert["labels"]["severity"] == "page" and alert["labels"]["condition"] == "crash-loop"
    assert alert["annotations"]["runbook_url"].endswith("/runbook.md#crash-loop")
    assert re.fullmatch(r"127\.0\.0\.1:\d+: workers that crash again and again: 1",
                        alert["annotations"]["summary"])
    wait_told(receiver, "NoServingWorker", "firing", "pager")
    assert not told(receiver, "CrashLoop", "firing", "tickets")
    assert not told(receiver, "CrashLoop", "resolved", "pager")
    away.rename(program)
    daemon.wait_event("worker-crash-loop-ended", deadline=30)
    over = wait_told(receiver, "CrashLoop", "resolved", "pager")
    assert over["fingerprint"] == alert["fingerprint"]
    wait_told(receiver, "NoServingWorker", "resolved", "pager")


def test_a_daemon_that_is_gone_is_told(watched, config, receiver):
    daemon, _ = watched(config)
    daemon.stop()
    wait_told(receiver, "VoxkeeperDown", "firing", "pager")


def words(matcher):
    return re.fullmatch(r'(\w+) *=~? *"?([\w|]+)"?', matcher)


def inhibitions():
    """(source, target) for every pair of alerts that the example names."""
    for rule in yaml.safe_load((ALERTMANAGER / "alertmanager.yml").read_text())["inhibit_rules"]:
        targets = [words(matcher) for matcher in rule["target_matchers"]]
        targets = [found[2].split("|") for found in targets if found and found[1] == "alertname"]
        for source in words(rule["source_matchers"][0])[2].split("|"):
            # The one that inhibits all is seen by two.
            for target in targets[0] if targets else ["CrashLoop", "SweepHeld"]:
                yield source, target


def test_what_follows_from_another_alert_is_not_told(alertmanager, receiver):
    pairs = list(inhibitions())
    groups = yaml.safe_load((PROMETHEUS / "voxkeeper.rules.yml").read_text())["groups"]
    severities = {rule["alert"]: rule["labels"]["severity"]
                  for group in groups for rule in group["rules"] if "alert" in rule}
    ends = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()

    def alert(name, instance):
        return {"labels": {"alertname": name, "service": "voxkeeper", "instance": instance,
                           "severity": severities[name]}, "endsAt": ends}

    # Each pair on a host of its own; and what follows also on one where nothing else is wrong.
    sources = {(source, f"host{i}") for i, (source, _) in enumerate(pairs)}
    follow = {(target, f"host{i}") for i, (_, target) in enumerate(pairs)}
    alone = {(target, f"well{i}") for i, (_, target) in enumerate(pairs)}
    assert len(pairs) > 10
    alertmanager.post("/api/v2/alerts", [alert(*which) for which in sources])
    alertmanager.post("/api/v2/alerts", [alert(*which) for which in follow | alone])

    def of(alerts):
        return {(alert["labels"]["alertname"], alert["labels"]["instance"]) for alert in alerts}

    wait_for(lambda: of(alert for alert in alertmanager.get("/api/v2/alerts")
                        if alert["status"]["inhibitedBy"]) == follow, 30, "the inhibitions")
    wait_for(lambda: of(alert for body in receiver.told() for alert in body["alerts"]) ==
             sources | alone, 30, "all others to be told")
