"""What a person would do is done without one, within a budget, and stops when it does not help."""

import socket

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
    daemon.wait_line(message="info: Health check requested", count=60, deadline=60)
    assert restarts(daemon) == []


def test_a_worker_that_hangs_again_and_again_is_replaced_and_told(make_daemon, agent_config, port):
    config = agent_config({"FAULT_HANG_AFTER_MS": "1500"}, Incidents=QUICK,
                          Heal={"Proof": "1min"})
    config["Health"]["Timeout"] = "300ms"
    config["Agent"]["TimeoutAbortSec"] = "100ms"
    daemon = make_daemon(config)
    stopped = daemon.wait_event("remedy-stopped", deadline=90, remedy="replace")
    assert stopped["subject"] == "workers that hang"
    opened = daemon.wait_event("incident-opened", condition="remedy-failed")
    assert opened["subject"] == "workers that hang"
    seen = len(daemon.events("worker-hung"))
    daemon.wait_event("worker-hung", deadline=60, count=seen + 1)
    since = daemon.mark()
    daemon.wait_event("worker-verified", since=since, deadline=60)
