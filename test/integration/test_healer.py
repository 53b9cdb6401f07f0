"""What a person would do is done without one, within a budget, and stops when it does not help."""

import json
import os
import signal
import socket
from datetime import datetime, timedelta, timezone

import pytest
from agent import request
from waiting import wait_for

QUICK = {"Patience": "0.001"}


def restarts(daemon):
    return [(event["author"], event["reason"]) for event in daemon.events("restart-began")]


def boom(port):
    return request(port, "POST", "/callback", {"requestId": "boom"})


def test_a_log_watch_restarts_workers_within_its_budget(make_daemon, agent_config, port):
    watch = {"Pattern": "Callback received.*boom", "Threshold": "1/1s", "Action": "restart",
             "Cooldown": "1s"}
    daemon = make_daemon(agent_config(
        Incidents=QUICK, Heal={"Budget": "1/1h"}, **{"LogWatch boom": watch}))
    daemon.wait_event("daemon-ready", deadline=30)
    boom(port)
    applied = daemon.wait_event("remedy-applied", subject="log watch boom", remedy="restart")
    assert "boom: 1 line in 1s" in applied["reason"]
    done = daemon.wait_event("restart-done", deadline=30)
    assert done["author"] == "log watch boom"

    def told():
        boom(port)  # not more than one in a second is told
        return daemon.events("remedy-stopped")

    stopped = wait_for(told, deadline=30)[0]
    assert "more often than [Heal] Budget= allows" in stopped["message"]
    opened = daemon.wait_event("incident-opened", condition="remedy-failed")
    assert (opened["severity"], opened["subject"]) == ("P2", "log watch boom")
    assert [author for author, _ in restarts(daemon)] == ["log watch boom"]
    listed = daemon.cli("changelog", check=True).stdout
    assert "log watch boom" in listed


def test_memory_is_a_restart_when_nobody_calls_and_stops_when_it_does_not_help(
        make_daemon, agent_config):
    config = agent_config(Incidents=QUICK, Heal={"Proof": "1min"})
    config["Agent"]["MemoryHigh"] = "1M"
    daemon = make_daemon(config)
    daemon.wait_event("remedy-stopped", deadline=90)
    began = restarts(daemon)
    assert len(began) == 2 and {author for author, _ in began} == {"voxkeeper"}
    assert "MiB, more than MemoryHigh= (1 MiB)" in began[0][1]
    assert "restarted twice, which did not help" in daemon.wait_event(
        "incident-opened", condition="remedy-failed", subject="memory")["reason"]


def test_memory_waits_until_nobody_calls(make_daemon, agent_config, port):
    config = agent_config()
    daemon = make_daemon(config)
    daemon.wait_event("daemon-ready", deadline=30)
    with socket.create_connection(("127.0.0.1", port)) as caller:
        caller.sendall(b"GET /health HTTP/1.1\r\n")  # the agent waits a minute for the rest
        config["Agent"]["MemoryHigh"] = "1M"
        daemon.configure(config)
        daemon.cli("reload", check=True)
        since = daemon.mark()
        daemon.wait_line(message="info: Health check requested", since=since, count=60, deadline=50)
        assert restarts(daemon) == []
    daemon.wait_event("restart-began", deadline=30, author="voxkeeper")


def test_memory_is_switched_off(make_daemon, agent_config, port):
    config = agent_config()
    config["Agent"]["MemoryHigh"] = "1M"
    config["Heal"] = {"Memory": "no"}
    daemon = make_daemon(config)
    daemon.wait_event("daemon-ready", deadline=30)
    off = daemon.wait_event("remedy-off", subject="memory", deadline=60)
    assert "more than MemoryHigh= (1 MiB)" in off["reason"] and "Memory=no" in off["message"]
    daemon.wait_line(message="info: Health check requested", count=60, deadline=60)
    assert restarts(daemon) == [] and len(daemon.events("remedy-off")) == 1


@pytest.fixture
def ailing(make_daemon, agent_config):
    """ailing(environment, **sections): a daemon whose worker falls ill soon after each start."""

    def start(environment, **sections):
        config = agent_config(environment, Incidents=QUICK)
        config["Health"]["Timeout"] = "300ms"
        config["Agent"]["TimeoutAbortSec"] = "100ms"
        for section, keys in sections.items():
            config[section] = {**config.get(section, {}), **keys}
        return make_daemon(config), config

    return start


HANGS = ({"FAULT_HANG_AFTER_MS": "1500"}, "worker-hung", "workers that hang", "Hung",
         "worker-hangs", "agent-hangs")
LOSES = ({"FAULT_ZOMBIE_AFTER_MS": "1500"}, "worker-zombie", "workers that lose Redis", "Zombie",
         "worker-lost-redis", "agent-lost-redis")


@pytest.mark.parametrize("environment, event, subject, key, condition, finding", [HANGS, LOSES])
def test_replacing_that_does_not_help_twice_stops_until_somebody_acts(
        ailing, environment, event, subject, key, condition, finding):
    daemon, _ = ailing(environment, Heal={"Proof": "1min"})
    stopped = daemon.wait_event("remedy-stopped", deadline=120, remedy="replace")
    assert stopped["subject"] == subject and "did not help twice" in stopped["message"]
    daemon.wait_event("incident-opened", condition="remedy-failed", subject=subject)
    assert len(daemon.events("remedy-applied", subject=subject)) == 2
    told = daemon.events(event)
    assert [("is left alone" in one["message"]) for one in told] == [False, False, True]
    (worker,) = daemon.workers()
    started = len(daemon.events("worker-started"))
    # By the next instance as well: what was spent is known to it.
    mark = daemon.mark()
    daemon.cli("upgrade", check=True)
    daemon.wait_event("daemon-resumed", since=mark)
    daemon.send(signal.SIGKILL)
    daemon.wait()
    daemon.start()
    daemon.wait_event("daemon-resumed", since=mark, count=2)
    daemon.wait_event("incident-opened", condition=condition, deadline=60)
    report = daemon.cli("doctor", deadline=60)
    assert finding in report.stdout, report.stderr
    os.kill(worker, 0)  # it is there
    assert len(daemon.events("worker-started")) == started
    # A person's restart is done all the same.
    done = daemon.cli("restart", deadline=60)
    assert "restarted: every worker is verified" in done.stdout, done.stderr
    assert len(daemon.events("remedy-applied", subject=subject)) == 2


@pytest.mark.parametrize("environment, event, subject, key, condition, finding", [HANGS, LOSES])
def test_replacing_is_switched_off_and_on(
        ailing, environment, event, subject, key, condition, finding):
    daemon, config = ailing(environment, Heal={key: "no", "Proof": "1s"})
    told = daemon.wait_event(event, deadline=60)
    assert "is left alone" in told["message"]
    if event == "worker-hung":
        assert told["evidence"]
    off = daemon.wait_event("remedy-off", subject=subject)
    assert f"nothing is done about it ([Heal] {key}=no)" in off["message"]
    opened = daemon.wait_event("incident-examined", condition=condition, deadline=60)
    daemon.wait_line(event="incident-opened", incident=opened["incident"])
    (worker,) = daemon.workers()
    wait_for(lambda: daemon.request("GET", f"/api/v1/incidents/{opened['incident']}")[1]["state"]
             == "open", deadline=30, what="an incident that lasts")
    assert len(daemon.events("remedy-off")) == 1 and daemon.events("remedy-applied") == []
    config["Heal"] = {"Proof": "1s"}
    daemon.configure(config)
    daemon.cli("reload", check=True)
    daemon.wait_event("remedy-applied", subject=subject, deadline=30)
    daemon.wait_event("worker-started", deadline=60, count=2)
    assert worker not in daemon.workers()


def test_nobody_is_answered_when_all_who_serve_hang(ailing):
    daemon, _ = ailing(HANGS[0], Heal={"Hung": "no"})
    daemon.wait_event("incident-opened", condition="no-serving-worker", deadline=60)
    status, ready = daemon.request("GET", "/readyz")
    assert status == 503 and "who serves hangs" in ready["why"]
    assert daemon.cli("status", check=True).stdout.startswith("elevenlabs-agent: NOT ANSWERING")
    assert "voxkeeper_serving_workers 0" in daemon.metrics()


def fill(redis, n, prefix="a"):
    old = (datetime.now(timezone.utc) - timedelta(days=3)).isoformat()
    for i in range(n):
        redis.command("SET", f"elevenlabs:session:{prefix}{i}", json.dumps({"createdAt": old}))


@pytest.fixture
def stuck(make_daemon, agent_config):
    def start(**heal):
        config = agent_config(Incidents=QUICK, Heal={"StuckKeys": "5", **heal})
        config["Doctor"] = {"Provider": ""}
        daemon = make_daemon(config)
        daemon.wait_event("daemon-ready", deadline=30)
        return daemon, config

    return start


def test_stuck_keys_that_the_doctor_sees_are_swept_at_once(stuck, redis):
    daemon, _ = stuck(Proof="1min")
    fill(redis, 4)
    daemon.cli("doctor", deadline=60)
    assert daemon.events("remedy-applied") == []
    fill(redis, 5)
    daemon.cli("doctor", deadline=60)
    applied = daemon.wait_event("remedy-applied", subject="stuck keys", remedy="sweep")
    assert "5 keys are stuck, StuckKeys= are 5" in applied["reason"]
    done = daemon.wait_event("sweep-done", author="voxkeeper")
    assert done["removed"] == "5"
    # They come back within Proof=: once more, then a person is told.
    def come_back():
        fill(redis, 6, "b")
        daemon.cli("doctor", deadline=60)
        return daemon.events("remedy-stopped", subject="stuck keys")

    (stopped,) = wait_for(come_back, deadline=90)
    assert "sweeping did not help twice" in stopped["message"]
    daemon.wait_event("incident-opened", condition="remedy-failed", subject="stuck keys")
    daemon.cli("doctor", deadline=60)
    assert len(daemon.events("sweep-done", author="voxkeeper")) == 2


def test_stuck_keys_are_left_to_their_interval(stuck, redis):
    daemon, _ = stuck(Stuck="no")
    fill(redis, 6)
    daemon.cli("doctor", deadline=60)
    off = daemon.wait_event("remedy-off", subject="stuck keys")
    assert "nothing is done about it ([Heal] Stuck=no)" in off["message"]
    daemon.cli("doctor", deadline=60)
    assert len(daemon.events("remedy-off")) == 1 and daemon.events("sweep-done") == []
