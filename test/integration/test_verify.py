"""What a worker's health means, and whose fault it is."""

import os
import select
import signal

from agent import fault, request
from waiting import wait_for

FAULTS = {"FAULT_ROUTES": "1"}


def wait_probes(daemon, more):
    """Waits until the agent has answered that many more health probes."""
    before = len(daemon.lines(message="info: Health check requested"))
    wait_for(lambda: len(daemon.lines(message="info: Health check requested")) > before + more)


def wait_refused(daemon, attempts):
    """Waits until so many attempts of the agent's client to connect to Redis were refused. A
    connection that is reset is no attempt."""
    wait_for(lambda: sum("ECONNREFUSED" in line["agent_error"] for line in daemon.lines(
        message="error: Redis connection error")) >= attempts)


def take_redis_away(daemon, redis):
    """Stops Redis for so long that the agent's client gives up for good."""
    redis.stop()
    daemon.wait_event("redis-down")
    daemon.wait_event("worker-degraded")
    wait_refused(daemon, 3)
    wait_probes(daemon, 3)


def test_a_status_code_is_not_enough(make_daemon, agent_config):
    config = agent_config({"FAULT_HEALTH": "wrong"}, Agent={"TimeoutStartSec": "2s"})
    daemon = make_daemon(config)
    event = daemon.wait_given_up("status", config)
    assert event["probe_body"].startswith("{")
    assert daemon.events("worker-verified") == []


def test_any_body_is_safe(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(FAULTS))
    daemon.wait_event("worker-verified")
    for mode in "garbage", "huge", "500":
        since = daemon.mark()
        fault(port, f"health?mode={mode}")
        daemon.wait_event("worker-unhealthy", since=since)
        daemon.wait_event("worker-verified", since=since)


def test_one_bad_answer_is_suspect_and_good_ones_recover(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(
        FAULTS, Health={"Fall": "30", "FastInterval": "50ms", "Interval": "100ms"}))
    daemon.wait_event("worker-verified")
    fault(port, "health?mode=500")
    daemon.wait_event("worker-suspect")
    fault(port, "health?mode=ok")
    daemon.wait_event("worker-recovered")
    assert daemon.events("worker-unhealthy") == []


def test_a_hang_leaves_evidence_and_is_replaced(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(FAULTS, Health={"Timeout": "300ms", "FastInterval": "50ms"}))
    daemon.wait_event("worker-verified")
    fault(port, "hang")
    hung = daemon.wait_event("worker-hung")
    assert "running" in hung["evidence"] and "hanging" in hung["last_output"]
    ended = daemon.wait_event("worker-exited")
    assert ended["cause"] == "hang" and "SIGABRT" in ended["exit"]
    daemon.wait_event("worker-verified", count=2)


def test_a_redis_restart_makes_a_zombie_which_is_replaced(make_daemon, agent_config, redis, port):
    daemon = make_daemon(agent_config())
    daemon.wait_event("worker-verified")
    take_redis_away(daemon, redis)
    redis.start()
    daemon.wait_event("redis-up", count=2)
    zombie = daemon.wait_event("worker-zombie")
    assert '"redis":"disconnected"' in zombie["probe_body"]
    daemon.wait_event("worker-verified", count=2)
    assert request(port, "GET", "/health")[1]["redis"] == "connected"


def test_no_restart_while_redis_is_down(make_daemon, agent_config, redis):
    daemon = make_daemon(agent_config(Health={"Interval": "100ms", "FastInterval": "100ms"}))
    daemon.wait_event("worker-verified")
    take_redis_away(daemon, redis)
    _, before = daemon.request("GET", "/api/v1/workers")
    wait_probes(daemon, 20)  # far more than Fall=, every one of them telling of the loss
    _, after = daemon.request("GET", "/api/v1/workers")
    assert after["workers"][0]["pid"] == before["workers"][0]["pid"]
    assert after["workers"][0]["degraded"] and after["workers"][0]["restarts"] == 0
    assert daemon.request("GET", "/readyz")[0] == 200
    assert daemon.cli("status").returncode == 0


def test_a_worker_may_start_while_redis_is_down(make_daemon, agent_config, redis):
    config = agent_config()
    redis.stop()
    daemon = make_daemon(config)
    daemon.wait_event("redis-down")
    daemon.wait_event("worker-degraded")
    daemon.wait_event("daemon-ready")
    wait_refused(daemon, 4)  # the agent's client has given up by then
    wait_probes(daemon, 3)
    redis.start()
    daemon.wait_event("worker-zombie")
    daemon.wait_event("worker-verified", count=2)


def test_a_redis_that_does_not_answer_is_down(make_daemon, agent_config, redis):
    daemon = make_daemon(agent_config(Redis={"CommandTimeout": "300ms"}))
    daemon.wait_event("worker-verified")
    redis.pause()
    daemon.wait_event("redis-down")
    redis.resume()
    daemon.wait_event("redis-up", count=2)
    assert daemon.events("worker-exited") == []


def test_a_redis_that_hangs_makes_nobody_guilty(make_daemon, agent_config, redis):
    """The agent's /health waits for Redis. It is given up sooner here than our own next PING is due,
    so that only a second look tells whose silence it is."""
    daemon = make_daemon(agent_config(
        Redis={"CommandTimeout": "500ms"},
        Health={"Timeout": "150ms", "Fall": "2", "Interval": "100ms", "FastInterval": "20ms"}))
    daemon.wait_event("worker-verified")
    mark = daemon.mark()
    redis.pause()
    daemon.wait_event("redis-down", since=mark)
    wait_probes(daemon, 20)
    assert daemon.events("worker-hung", since=mark) == []
    redis.resume()
    daemon.wait_event("redis-up", since=mark)
    daemon.wait_event("worker-recovered", since=mark)
    assert daemon.events("worker-exited", since=mark) == []
    # One that hangs by itself is still found out.
    os.kill(daemon.workers()[0], signal.SIGSTOP)
    daemon.wait_event("worker-hung", since=mark)


def test_tcp_and_exec_probes(make_daemon, agent_config, port, directory):
    flag = directory / "well"
    flag.write_text("")
    daemon = make_daemon(agent_config(
        **{"Probe port": {"Type": "tcp", "Address": f"127.0.0.1:{port}"},
           "Probe flag": {"Type": "exec", "Command": f"/usr/bin/test -e {flag}", "Timeout": "1s"}}))
    daemon.wait_event("worker-verified")
    flag.unlink()
    assert "flag" in daemon.wait_event("worker-unhealthy")["reason"]
    flag.write_text("")
    daemon.wait_event("worker-verified", count=2)


def test_results_that_straddle_our_own_stall_are_thrown_away(make_daemon, agent_config):
    daemon = make_daemon(agent_config(Health={"Fall": "1", "Timeout": "1s"}))
    daemon.wait_event("worker-verified")
    daemon.send(signal.SIGSTOP)
    # What was asked before comes out as timed out by our clock, though the worker answered.
    select.select([], [], [], 3.5)
    daemon.send(signal.SIGCONT)
    daemon.wait_event("daemon-stalled")
    wait_probes(daemon, 3)
    assert daemon.events("worker-hung") == [] and daemon.events("worker-unhealthy") == []
