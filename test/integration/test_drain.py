"""A stop waits for callers, says how many, and names whom it cut."""

import datetime
import json
import signal

from agent import ask_half
from waiting import wait_for


def iso(**ago):
    moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**ago)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plant_session(redis, name, **ago):
    value = {"sessionId": name, "createdAt": iso(**ago), "lastAccessedAt": iso(**ago), "metadata": {}}
    redis.command("SET", f"elevenlabs:session:{name}", json.dumps(value), "EX", "3600")


def plant_task(redis, name, pending=True, **ago):
    value = {"taskId": name, "conversationId": "c", "pending": pending, "createdAt": iso(**ago)}
    redis.command("SET", f"cursor_task:{name}", json.dumps(value), "EX", "86400")


def test_waits_for_a_connection_and_then_stops(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(Drain={"Timeout": "60s", "CountInterval": "100ms"}))
    daemon.wait_event("worker-verified")
    caller = ask_half(port)
    daemon.send(signal.SIGTERM)
    progress = daemon.wait_event("drain-progress", callers=1)
    assert "1 connection" in progress["caller_kinds"]
    assert daemon.request("GET", "/readyz")[0] == 503
    assert "1 caller" in daemon.cli("status").stdout
    caller.close()
    daemon.wait_event("drain-done")
    assert daemon.wait() == 0
    assert daemon.events("callers-cut") == [] and daemon.survivors() == []


def test_waits_for_pending_tasks_and_active_sessions(make_daemon, agent_config, redis):
    plant_session(redis, "idle", minutes=50)
    plant_task(redis, "done", pending=False)
    plant_session(redis, "talking")
    plant_task(redis, "waiting")
    daemon = make_daemon(agent_config(Drain={"Timeout": "60s", "CountInterval": "100ms"}))
    daemon.wait_event("worker-verified")
    daemon.send(signal.SIGTERM)
    daemon.wait_event("drain-progress", callers=2)
    redis.command("DEL", "elevenlabs:session:talking")
    daemon.wait_event("drain-progress", callers=1)
    redis.command("DEL", "cursor_task:waiting")
    assert daemon.wait() == 0
    assert daemon.events("callers-cut") == []


def test_each_kind_can_be_switched_off(make_daemon, agent_config, redis, port):
    plant_session(redis, "talking")
    daemon = make_daemon(agent_config(
        Drain={"Timeout": "60s", "CountInterval": "100ms", "WaitFor": "connections"}))
    daemon.wait_event("worker-verified")
    assert daemon.stop() == 0
    assert daemon.events("callers-cut") == []


def test_names_whom_it_cuts(make_daemon, agent_config, redis, port):
    plant_session(redis, "talking")
    plant_task(redis, "waiting")
    daemon = make_daemon(agent_config(Agent={"TimeoutStopSec": "500ms"}, Drain={"Timeout": "500ms", "CountInterval": "100ms"}))
    daemon.wait_event("worker-verified")
    caller = ask_half(port)
    assert daemon.stop() == 0
    cut = daemon.wait_event("callers-cut")
    assert cut["callers"] == "3"
    names = json.loads(cut["caller_names"])
    assert names["sessions"] == ["talking"] and names["tasks"] == ["waiting"]
    assert len(names["connections"]) == 1
    (record,) = (daemon.state / "callers-cut.jsonl").read_text().splitlines()
    assert json.loads(record)["who"] == names
    caller.close()


def test_a_second_signal_cuts_the_wait_short(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(Drain={"Timeout": "10min", "CountInterval": "100ms"}))
    daemon.wait_event("worker-verified")
    caller = ask_half(port)
    daemon.send(signal.SIGTERM)
    daemon.wait_event("drain-progress", callers=1)
    daemon.send(signal.SIGINT)
    daemon.wait_event("callers-cut", callers=1)
    caller.close()
    assert daemon.wait() == 0


def test_drain_and_resume_by_the_operator(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config())
    daemon.wait_event("worker-verified")
    done = daemon.cli("drain", "--reason", "maintenance", check=True)
    assert "drained" in done.stdout
    assert daemon.workers() == [] and daemon.request("GET", "/readyz")[0] == 503
    assert daemon.cli("drain").returncode == 1
    assert daemon.cli("restart").returncode == 1
    daemon.cli("resume", check=True)
    assert len(daemon.workers()) == 1 and daemon.request("GET", "/readyz")[0] == 200


def test_resume_takes_a_drain_back(make_daemon, agent_config, port):
    daemon = make_daemon(agent_config(Drain={"Timeout": "10min", "CountInterval": "100ms"}))
    pid = daemon.wait_event("worker-verified")["worker_pid"]
    caller = ask_half(port)
    status, answer = daemon.request("POST", "/api/v1/drain", {})
    assert status == 202
    daemon.wait_event("drain-progress", callers=1)
    daemon.cli("resume", check=True)
    path = f"/api/v1/operations/{answer['operation']['id']}"
    assert daemon.request("GET", path)[1]["operation"]["state"] == "failed"
    assert daemon.request("GET", "/api/v1/workers")[1]["workers"][0]["pid"] == int(pid)
    caller.close()


def test_stops_though_redis_is_gone(make_daemon, agent_config, redis):
    daemon = make_daemon(agent_config(
        Drain={"Timeout": "60s", "CountInterval": "100ms", "ActiveWindow": "1s"}))
    daemon.wait_event("worker-verified")
    redis.stop()
    daemon.wait_event("redis-down")
    daemon.send(signal.SIGTERM)
    unknown = daemon.wait_event("drain-progress")
    assert "unknown" in unknown["caller_kinds"]
    assert daemon.wait() == 0


def test_drained_then_stopped(make_daemon, agent_config):
    daemon = make_daemon(agent_config())
    daemon.wait_event("worker-verified")
    daemon.cli("drain", check=True)
    assert daemon.stop() == 0
    wait_for(lambda: daemon.survivors() == [])
