"""Rollouts as an operator sees them: looked at, steered, superseded, and told why they went back."""

import json
import os
import signal
import subprocess

import pytest
from agent import ask_half, request
from daemon import BUILD
from waiting import wait_for

LONG_BAKE = {"Bake": "60s"}
QUICK = {"Bake": "200ms", "KeepWarm": "0"}
WARM = {"Bake": "200ms", "KeepWarm": "60s"}
PRELOAD = {"Handover": "preload"}


def rollout(daemon):
    return daemon.request("GET", "/api/v1/rollout")[1]


def wait_state(daemon, state):
    wait_for(lambda: rollout(daemon)["state"] == state)


def serving(daemon):
    """Process ids of those that serve."""
    workers = daemon.request("GET", "/api/v1/workers")[1]["workers"]
    return {worker["pid"] for worker in workers if worker["state"] == "serving"}


class Command:
    """The operator's command under way."""

    def __init__(self, daemon, *words):
        self.process = subprocess.Popen(
            [BUILD / "src/cli/voxkeeper", "--socket", daemon.socket, *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self, code):
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == code, (out, err)
        return out + err


@pytest.fixture
def start(make_daemon, agent_config):
    """start(environment, **sections): a daemon whose first worker serves."""

    def build(environment=None, workers=1, **sections):
        agent = {**PRELOAD, "Workers": str(workers), **sections.pop("Agent", {})}
        daemon = make_daemon(agent_config(environment, Agent=agent, **sections))
        daemon.wait_event("worker-verified", count=workers)
        return daemon

    return build


@pytest.fixture
def reconfigure(agent_config):
    def write(daemon, environment=None, workers=1, **sections):
        agent = {**PRELOAD, "Workers": str(workers), **sections.pop("Agent", {})}
        daemon.configure(agent_config(environment, Agent=agent, **sections))

    return write


def test_a_release_of_any_name_is_told_to_prometheus(start, directory):
    (directory / "release").write_text('a"b\\c\n')
    daemon = start(Agent={"Release": str(directory / "release")})
    (told,) = [line for line in daemon.metrics() if line.startswith("voxkeeper_worker_info")]
    assert told == r'voxkeeper_worker_info{worker="1",generation="1",release="a\"b\\\\c"} 1'


def test_a_restart_tells_its_story(start, directory):
    release = directory / "release"
    release.write_text("1.0\n")
    daemon = start(workers=2, Agent={"Release": str(release)}, Rollout={"Bake": "300ms", "KeepWarm": "0"})
    assert rollout(daemon) == {"state": "idle", "outage": False, "left_usec": None,
                               "deadline_usec": None, "waiting": []}
    release.write_text("1.1\n")
    done = daemon.cli("restart", "--reason", "1.1", check=True)
    assert "restarted: every worker is verified" in done.stdout
    assert "beside the others" in done.stderr and "the others follow" in done.stderr
    told = [event["event"] for event in daemon.lines()
            if event.get("event", "").startswith("rollout-")]
    assert told[:4] == ["rollout-began", "rollout-baking", "rollout-rolling", "rollout-done"]
    event = daemon.events("rollout-done")[0]
    assert (event["generation_from"], event["generation"]) == ("1", "2")
    assert (event["release_from"], event["release"]) == ("1.0", "1.1")
    assert "canary " in event["phases"] and "baking " in event["phases"]
    assert int(event["duration_usec"]) > 300_000
    assert daemon.events("rollout-began")[0]["reason"] == "1.1"
    seen = rollout(daemon)
    assert seen["kind"] == "restart" and seen["verdict"] == "done" and seen["failure"] is None
    assert seen["release"] == {"from": "1.0", "to": "1.1"}
    assert [phase["state"] for phase in seen["phases"]][:3] == ["canary", "baking", "rolling"]
    page = daemon.cli("rollout", check=True).stdout
    assert "From       generation 1, release 1.0\n" in page
    assert "To         generation 2, release 1.1\n" in page
    assert "Verdict    done\n" in page
    assert json.loads(daemon.cli("rollout", "--json", check=True).stdout)["verdict"] == "done"
    status = daemon.request("GET", "/api/v1/status")[1]
    metrics = daemon.metrics()
    assert 'voxkeeper_worker_info{worker="1",generation="2",release="1.1"} 1' in metrics or \
        'voxkeeper_worker_info{worker="2",generation="2",release="1.1"} 1' in metrics
    assert ('voxkeeper_rollout_info{state="idle",generation="2",release="1.1",generation_from="1",'
            'release_from="1.0"} 1') in metrics
    assert 'voxkeeper_workers{state="serving"} 2' in metrics
    assert status["agent"]["release"] == "1.1"
    assert {worker["release"] for worker in status["workers"]["list"]
            if worker["generation"] == 2} == {"1.1"}


def test_cancelled_while_it_bakes(start, port):
    daemon = start(Rollout=LONG_BAKE)
    before = serving(daemon)
    restart = Command(daemon, "restart", "--reason", "new")
    wait_state(daemon, "baking")
    assert serving(daemon).isdisjoint(before)
    assert "Rollout    the first new worker serves, and is watched, " in daemon.cli("status").stdout
    waiting = rollout(daemon)["waiting"]
    assert [(asker["kind"], asker["reason"]) for asker in waiting] == [("restart", "new")]
    done = daemon.cli("rollout", "cancel", "--reason", "too slow", check=True)
    assert "rolled back: the workers from before the rollout serve" in done.stdout
    assert ": too slow; the workers from before it serve" in restart.end(code=4)
    assert serving(daemon) == before
    assert daemon.events("rollout-cancelled")[0]["reason"] == "too slow"
    assert len(daemon.events("rollout-rolled-back")) == 1
    assert request(port, "GET", "/health")[0] == 200
    # It is over: there is nothing left to cancel.
    refused = daemon.cli("rollout", "cancel")
    assert refused.returncode == 1 and "no rollout is under way" in refused.stderr


def test_promoted_before_its_time(start):
    daemon = start(workers=2, Rollout=LONG_BAKE)
    before = serving(daemon)
    restart = Command(daemon, "restart")
    wait_state(daemon, "baking")
    refused = daemon.cli("rollout", "abort")
    assert refused.returncode == 1 and "is not held" in refused.stderr
    done = daemon.cli("rollout", "promote", check=True)
    assert "every worker is new and verified" in done.stdout
    restart.end(code=0)
    assert serving(daemon).isdisjoint(before) and len(serving(daemon)) == 2
    assert len(daemon.events("rollout-promoted")) == 1


def test_what_is_not_proven_cannot_be_promoted(start, reconfigure):
    daemon = start(Rollout=QUICK)
    before = serving(daemon)
    reconfigure(daemon, {"FAULT_START_DELAY_MS": "600000"}, Rollout=QUICK)
    reload = Command(daemon, "reload")
    wait_state(daemon, "canary")
    refused = daemon.cli("rollout", "promote")
    assert refused.returncode == 1 and "is not verified yet" in refused.stderr
    # Who was refused has taken nobody's place.
    daemon.cli("rollout", "cancel", check=True)
    reload.end(code=4)
    assert serving(daemon) == before


def test_a_newer_restart_supersedes(start):
    daemon = start(Rollout=LONG_BAKE)
    first = Command(daemon, "restart", "--reason", "first")
    wait_state(daemon, "baking")
    second = Command(daemon, "restart", "--reason", "second")
    text = first.end(code=1)
    assert "restart superseded by a restart by " in text and ": second" in text
    wait_for(lambda: rollout(daemon)["reason"] == "second")
    wait_state(daemon, "baking")
    daemon.cli("rollout", "promote", check=True)
    second.end(code=0)
    event, = daemon.events("rollout-superseded")
    assert (event["generation"], event["reason"]) == ("2", "second")
    assert rollout(daemon)["generation"]["to"] == 3


def variable(daemon, name):
    """Of every worker that serves."""
    found = set()
    for pid in serving(daemon):
        with open(f"/proc/{pid}/environ", "rb") as file:
            found |= {text.decode() for text in file.read().split(b"\0")
                      if text.startswith(name.encode() + b"=")}
    return found


def in_force(daemon):
    return [entry for entry in
            daemon.request("GET", "/api/v1/config")[1]["values"]["Agent"]["Environment"]
            if entry.startswith("COLOR=")]


def test_a_restart_carries_a_reload_on(start, reconfigure):
    daemon = start({"COLOR": "red"}, Rollout=LONG_BAKE)
    reconfigure(daemon, {"COLOR": "blue"}, Rollout=LONG_BAKE)
    reload = Command(daemon, "reload")
    wait_state(daemon, "baking")
    restart = Command(daemon, "restart", "--reason", "hurry")
    assert "reload superseded by a restart" in reload.end(code=1)
    wait_for(lambda: rollout(daemon)["kind"] == "restart")
    wait_state(daemon, "baking")
    assert daemon.events("config-reloaded") == []
    daemon.cli("rollout", "promote", check=True)
    restart.end(code=0)
    assert variable(daemon, "COLOR") == {"COLOR=blue"} and in_force(daemon) == ["COLOR=blue"]
    assert len(daemon.events("config-reloaded")) == 1


def test_a_carried_reload_goes_back_with_the_restart(start, reconfigure):
    daemon = start({"COLOR": "red"}, Rollout=LONG_BAKE)
    before = serving(daemon)
    reconfigure(daemon, {"COLOR": "blue"}, Rollout=LONG_BAKE)
    reload = Command(daemon, "reload")
    wait_state(daemon, "baking")
    restart = Command(daemon, "restart")
    reload.end(code=1)
    wait_for(lambda: rollout(daemon)["kind"] == "restart")
    wait_state(daemon, "baking")
    assert in_force(daemon) == ["COLOR=blue"]
    daemon.cli("rollout", "cancel", check=True)
    restart.end(code=4)
    assert serving(daemon) == before and in_force(daemon) == ["COLOR=red"]
    assert "rolled back" in daemon.events("config-refused")[0]["message"]
    # What is in force is what a further life gets.
    again = Command(daemon, "restart")
    wait_state(daemon, "baking")
    assert variable(daemon, "COLOR") == {"COLOR=red"}
    daemon.cli("rollout", "promote", check=True)
    again.end(code=0)


def test_a_reload_supersedes_a_restart_and_a_reload(start, reconfigure):
    daemon = start({"COLOR": "red"}, Rollout=LONG_BAKE)
    before = serving(daemon)
    restart = Command(daemon, "restart")
    wait_state(daemon, "baking")
    reconfigure(daemon, {"COLOR": "blue"}, Rollout=LONG_BAKE)
    first = Command(daemon, "reload")
    assert "restart superseded by a reload" in restart.end(code=1)
    wait_for(lambda: rollout(daemon)["kind"] == "reload")
    wait_state(daemon, "baking")
    same = daemon.cli("reload")
    assert same.returncode == 1 and "nothing changed since the reload" in same.stderr
    reconfigure(daemon, {"COLOR": "green"}, Rollout=LONG_BAKE)
    second = Command(daemon, "reload")
    assert "reload superseded by a reload" in first.end(code=1)
    wait_for(lambda: rollout(daemon)["generation"]["to"] == 4)
    wait_state(daemon, "baking")
    assert in_force(daemon) == ["COLOR=green"]
    # Back to what was before all three.
    daemon.cli("rollout", "cancel", check=True)
    text = second.end(code=4)
    assert "COLOR=red" in text and "COLOR=green" in text and "blue" not in text
    assert serving(daemon) == before and in_force(daemon) == ["COLOR=red"]


def test_a_bad_reload_leaves_a_rollout_alone(start, reconfigure):
    daemon = start(Rollout=LONG_BAKE)
    restart = Command(daemon, "restart")
    wait_state(daemon, "baking")
    reconfigure(daemon, Rollout={"Bake": "soon"})
    refused = daemon.cli("reload")
    assert refused.returncode == 1 and "soon" in refused.stderr
    # What workers need not see is in force at once.
    reconfigure(daemon, Rollout=LONG_BAKE, Restart={"Jitter": "33%"})
    assert "Jitter" in daemon.cli("reload", check=True).stdout
    assert rollout(daemon)["state"] == "baking" and rollout(daemon)["kind"] == "restart"
    daemon.cli("rollout", "promote", check=True)
    restart.end(code=0)


# Far more than Rise=: it is verified first.
BAD = {"FAULT_HEALTH": "wrong", "FAULT_HEALTH_AFTER_PROBES": "10"}


def test_the_verdict_says_why(start, reconfigure):
    daemon = start({"COLOR": "red"}, Rollout=LONG_BAKE)
    reconfigure(daemon, {"COLOR": "blue", **BAD}, Rollout=LONG_BAKE)
    back = daemon.cli("reload")
    assert back.returncode == 4
    assert "the new worker 2 failed (unhealthy): health: " in back.stderr
    assert "it answered: {\"status\":\"broken\"" in back.stderr
    assert "its last lines:\n" in back.stderr and "COLOR=blue" in back.stderr
    event, = daemon.events("rollout-rolled-back")
    assert event["cause"] == "unhealthy" and event["worker"] == "2"
    assert '"broken"' in event["probe_body"] and "elevenlabs" in event["last_output"].lower()
    failure = rollout(daemon)["failure"]
    assert failure["cause"] == "unhealthy" and failure["worker"] == 2
    assert "broken" in failure["probe_body"] and failure["last_output"]
    assert "Why        the new worker 2 failed" in daemon.cli("rollout").stdout


def test_the_verdict_in_json(start, reconfigure):
    daemon = start(Rollout=LONG_BAKE)
    reconfigure(daemon, {"FAULT_EXIT_CODE": "7"}, Rollout=LONG_BAKE)
    back = daemon.cli("reload", "--json")
    assert back.returncode == 4
    verdict = json.loads(back.stdout)
    assert verdict["state"] == "rolled_back" and verdict["exit_code"] == 4
    failure = verdict["result"]["failure"]
    assert failure["cause"] == "boot" and "it ended with exit code 7" in failure["message"]
    assert verdict["result"]["generation"] == {"from": 1, "to": 2}


def test_held_and_aborted(start, reconfigure):
    held = {**LONG_BAKE, "OnFailure": "hold"}
    daemon = start(Rollout=held)
    before = serving(daemon)
    reconfigure(daemon, BAD, Rollout=held)
    reload = Command(daemon, "reload")
    event = daemon.wait_event("rollout-held")
    assert event["cause"] == "unhealthy"
    assert rollout(daemon)["state"] == "hold"
    assert serving(daemon) == before
    page = daemon.cli("rollout").stdout
    assert "HELD" in page and "voxkeeper rollout abort" in page and "last lines" in page
    assert "waits for your decision" in daemon.cli("status").stdout
    done = daemon.cli("rollout", "abort", "--reason", "bad", check=True)
    assert "rolled back" in done.stdout
    text = reload.end(code=4)
    assert "held: it waits for" in text and "the new worker 2 failed (unhealthy)" in text
    assert serving(daemon) == before


def test_held_and_promoted(start, directory):
    switch = directory / "release.env"
    switch.write_text("")
    daemon = start(Agent={"EnvironmentFile": str(switch)}, Rollout={**LONG_BAKE, "OnFailure": "hold"})
    switch.write_text("".join(f"{name}={value}\n" for name, value in BAD.items()))
    restart = Command(daemon, "restart")
    daemon.wait_event("rollout-held")
    # It begins again with a new life, which does better than the one before.
    switch.write_text("")
    promote = Command(daemon, "rollout", "promote", "--reason", "cured")
    assert daemon.wait_event("rollout-promoted")["reason"] == "cured"
    wait_state(daemon, "baking")
    daemon.cli("rollout", "promote", check=True)
    # Who promotes again takes over from who promoted before.
    assert "superseded by a rollout promote" in promote.end(code=1)
    restart.end(code=0)
    assert rollout(daemon)["verdict"] == "done" and rollout(daemon)["failure"] is None


def test_cancelled_while_one_is_warm(start, reconfigure):
    daemon = start({"COLOR": "red"}, Rollout=WARM)
    before = serving(daemon)
    reconfigure(daemon, {"COLOR": "blue"}, Rollout=WARM)
    daemon.cli("reload", check=True)
    assert rollout(daemon)["state"] == "warm" and in_force(daemon) == ["COLOR=blue"]
    assert rollout(daemon)["verdict"] == "done"
    daemon.cli("rollout", "cancel", check=True)
    # The verdict was given: what is taken back now is told by an event.
    assert serving(daemon) == before and in_force(daemon) == ["COLOR=red"]
    assert "rolled back" in daemon.wait_event("config-refused")["message"]
    assert rollout(daemon)["verdict"] == "rolled back"


def test_a_restart_while_one_is_warm_has_nothing_to_supersede(start, reconfigure):
    daemon = start({"COLOR": "red"}, Rollout=WARM)
    reconfigure(daemon, {"COLOR": "blue"}, Rollout=WARM)
    daemon.cli("reload", check=True)
    proven = serving(daemon)
    restart = Command(daemon, "restart")
    wait_for(lambda: rollout(daemon)["generation"]["to"] == 3)
    daemon.cli("rollout", "cancel", check=True)
    restart.end(code=4)
    # Back to the generation that was proven, and not to the one before it.
    assert serving(daemon) == proven and in_force(daemon) == ["COLOR=blue"]
    assert daemon.events("rollout-superseded") == []


def test_promoted_while_one_is_warm(start):
    daemon = start(Rollout=WARM)
    before = serving(daemon)
    daemon.cli("restart", check=True)
    daemon.cli("rollout", "promote", check=True)
    assert rollout(daemon)["state"] == "idle"
    ended = daemon.wait_event("worker-exited")
    assert int(ended["worker_pid"]) in before


def test_an_answer_of_500_under_callers_goes_back(start, reconfigure):
    patient = {"Fall": "100", "Interval": "100ms"}
    daemon = start(Rollout=LONG_BAKE, Health=patient)
    before = serving(daemon)
    reconfigure(daemon, {"FAULT_HEALTH": "500", "FAULT_HEALTH_AFTER_PROBES": "10"}, Rollout=LONG_BAKE,
                Health=patient)
    back = daemon.cli("reload")
    assert back.returncode == 4
    assert "failed (errors): health: status is 500" in back.stderr
    assert serving(daemon) == before


def test_errors_in_the_log_go_back(start, reconfigure, agent_directory, directory):
    noise = directory / "noise.cjs"
    noise.write_text("setInterval(() => console.log('error: no voice today'), 10)\n")
    node = subprocess.run(["which", "node"], capture_output=True, text=True).stdout.strip()
    noisy = {"ExecStart": f"{node} --require {noise} {agent_directory}/src/index.js"}
    daemon = start(Rollout=LONG_BAKE)
    before = serving(daemon)
    reconfigure(daemon, Agent=noisy, Rollout=LONG_BAKE)
    back = daemon.cli("reload")
    assert back.returncode == 4
    assert "failed (errors): it wrote " in back.stderr and " error lines in " in back.stderr
    assert "error: no voice today" in back.stderr
    assert serving(daemon) == before
    # With it switched off they are nobody's business.
    lenient = {**QUICK, "MaxErrorRate": "0"}
    reconfigure(daemon, Agent=noisy, Rollout=lenient)
    daemon.cli("reload", check=True)


def test_errors_of_an_outage_do_not_count(start, redis, agent_directory, directory):
    noise, flag = directory / "noise.cjs", directory / "flag"
    noise.write_text("const fs = require('fs')\n"
                     "let n = 0\n"
                     f"setInterval(() => {{ if (fs.existsSync('{flag}')) "
                     "console.log('error: no redis', ++n) }, 5)\n")
    node = subprocess.run(["which", "node"], capture_output=True, text=True).stdout.strip()
    daemon = start(Rollout=LONG_BAKE, Agent={
        "ExecStart": f"{node} --require {noise} {agent_directory}/src/index.js"})
    before = serving(daemon)
    restart = Command(daemon, "restart")
    wait_state(daemon, "baking")
    canary, = serving(daemon)
    redis.stop()
    daemon.wait_event("redis-down")
    flag.touch()
    # Many times what would lead back if Redis were there.
    daemon.wait_line(message="error: no redis 200", worker_pid=canary)
    flag.unlink()
    assert rollout(daemon)["outage"] and "stands still" in daemon.cli("rollout").stdout
    assert daemon.events("rollout-going-back") == []
    daemon.cli("rollout", "cancel", check=True)
    restart.end(code=4)
    assert serving(daemon) == before


def test_the_command_after_a_rollback(start, reconfigure, directory):
    facts = directory / "facts"
    script = directory / "script"
    script.write_text(f"#!/bin/sh\nenv >{facts}\necho putting the link back\nexit $RC\n")
    script.chmod(0o755)
    release = directory / "release"
    release.write_text("1.0\n")
    command = {"ExecRollback": str(script)}
    agent = {"Release": str(release)}
    daemon = start({"RC": "0"}, Rollout=LONG_BAKE, Rollback=command, Agent=agent)
    release.write_text("1.1\n")
    reconfigure(daemon, {"RC": "0", **BAD}, Rollout=LONG_BAKE, Rollback=command, Agent=agent)
    back = daemon.cli("reload")
    assert back.returncode == 4 and "ExecRollback= was run" in back.stderr
    environment = dict(line.split("=", 1) for line in facts.read_text().splitlines() if "=" in line)
    assert environment["VOXKEEPER_GENERATION_FROM"] == "1"
    assert environment["VOXKEEPER_GENERATION"] == "2"
    assert environment["VOXKEEPER_RELEASE_FROM"] == "1.0"
    assert environment["VOXKEEPER_RELEASE"] == "1.1"
    assert environment["VOXKEEPER_CAUSE"] == "unhealthy"
    assert "the new worker 2 failed" in environment["VOXKEEPER_REASON"]
    assert daemon.lines(message="putting the link back", syslog_identifier="elevenlabs-agent-rollback")
    assert daemon.events("rollback-command-failed") == []


@pytest.mark.parametrize("command, says", [
    ("/bin/false", "exit code 1"),
    ("/bin/sleep 600", "no end in time, killed"),
    ("/none/such", "No such file or directory"),
])
def test_a_command_that_fails_is_told_and_never_in_the_way(start, command, says):
    daemon = start(Rollout=LONG_BAKE, Rollback={"ExecRollback": command, "Timeout": "500ms"})
    before = serving(daemon)
    restart = Command(daemon, "restart")
    wait_state(daemon, "baking")
    cancel = daemon.cli("rollout", "cancel", check=True)
    assert "ExecRollback= failed: " in cancel.stdout and says in cancel.stdout
    assert says in restart.end(code=4)
    assert serving(daemon) == before
    assert says in daemon.events("rollback-command-failed")[0]["reason"]
    assert says in daemon.cli("rollout").stdout


def test_a_deadline_that_cuts_callers_of_a_paused_worker_names_them(start, port):
    daemon = start(Rollout=QUICK, Drain={"Timeout": "1s"})
    with ask_half(port) as caller:
        wait_for(lambda: daemon.request("GET", "/api/v1/workers")[1]["workers"][0]["connections"])
        daemon.cli("restart", check=True)
        cut = daemon.wait_event("callers-cut")
        number = caller.getsockname()[1]
    assert cut["callers"] == "1" and cut["worker"] == "1" and cut["generation"] == "1"
    assert f"127.0.0.1 port {number}" in cut["caller_names"]
    path = daemon.state / "callers-cut.jsonl"
    wait_for(lambda: path.exists() and path.read_text().endswith("\n"))
    record = json.loads(path.read_text())
    assert record["callers"] == 1
    assert record["who"]["connections"] == [f"127.0.0.1 port {number}"]


def test_a_rollback_to_what_is_gone_is_told(start, reconfigure, agent_directory, directory):
    """The worker from before has died, and its release is no longer on the disk."""
    release, program = directory / "release", directory / "program"
    release.touch()
    program.write_text(f'#!/bin/sh\ntest -e {release} || exit 7\nexec node {agent_directory}/src/index.js\n')
    program.chmod(0o755)
    # All of them are waited for before it is given up.
    agent = {"ExecStart": program, "TimeoutStopSec": "1s", "TimeoutAbortSec": "1s"}
    others = {"Drain": {"Timeout": "1s"}, "Rollout": LONG_BAKE,
              "Restart": {"Delay": "50ms", "MaxDelay": "300ms"}}
    daemon = start(Agent=agent, **others)
    (before,) = serving(daemon)
    restart = Command(daemon, "restart")
    wait_state(daemon, "baking")
    (canary,) = serving(daemon)
    reconfigure(daemon, Agent={**agent, "TimeoutStartSec": "3s"}, **others)
    daemon.cli("reload", check=True)
    release.unlink()
    os.kill(before, signal.SIGKILL)
    daemon.wait_event("worker-exited", worker_pid=before)
    os.kill(canary, signal.SIGKILL)
    told = daemon.wait_event("rollback-failed", deadline=60)
    assert "not every worker from before came back" in told["message"]
    assert (told["generation_from"], told["generation"]) == ("1", "2")
    assert "not every worker from before came back" in restart.end(1)
    assert rollout(daemon)["verdict"] == "rollback failed"
    mark = daemon.mark()
    release.touch()
    daemon.wait_event("worker-verified", since=mark, deadline=30)
