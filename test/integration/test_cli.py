"""The operator's command against a control socket that says whatever the test wants."""

import fcntl
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
import time

import pytest
from daemon import BUILD
from fake_api import HANG, FakeApi
from waiting import wait_for

VOXKEEPER = BUILD / "src/cli/voxkeeper"
HOUR = 3600 * 10**6

GOOD = {"slot": 1, "state": "serving", "pid": 8123, "generation": 1, "release": "e1d9af7",
        "uptime_usec": 3 * HOUR + 5, "health": "healthy", "restarts": 0, "failures_in_row": 0,
        "looping": False, "retry_in_usec": None, "exit": None, "rss_bytes": 80012288,
        "connections": 2, "last_probe": {"outcome": "pass", "reason": None}, "lines": 120,
        "lines_dropped": 0}
LOOPING = {"slot": 2, "state": "gone", "pid": None, "health": "idle", "restarts": 8,
           "failures_in_row": 5, "looping": True, "retry_in_usec": 12 * 10**6,
           "exit": "exit code 7", "last_probe": {"outcome": "fail", "reason": "status 500"}}
STATUS = {
    "agent": {"name": "elevenlabs-agent", "release": "e1d9af7", "handover": "preload",
              "listen": ["[::]:3004"]},
    "daemon": {"pid": 812, "version": "0.1.0", "uptime_usec": 4 * HOUR},
    "state": "serving", "ready": True, "why": "1 of 1 worker serves",
    "workers": {"wanted": 1, "serving": 1, "list": [GOOD]},
    "callers": {"connections": 2, "tasks": 1, "sessions": None}, "drain": {"state": "open"},
    "restart": {"running": False},
    "dependency": {"redis": {"state": "up", "address": "127.0.0.1:6379", "ping_usec": 213}},
    "sweep": {"state": "idle", "last": {"at": "2026-11-22T13:20:18Z", "removed": 2,
                                        "found": {"fine": 12038, "stale": 2}, "keys_seen": 12040}},
    "config": {"path": "/etc/voxkeeper/voxkeeper.conf"}, "log": {"dropped": 0}}


class Cli:
    def __init__(self, path):
        self.path = path

    def command(self, *words):
        return [VOXKEEPER, "--socket", self.path, *words]

    def run(self, *words, code=0, **options):
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=60,
                              **options)
        assert done.returncode == code, (done.stdout, done.stderr)
        return done

    def start(self, *words):
        return subprocess.Popen(self.command(*words), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)


@pytest.fixture
def cli(directory):
    return Cli(directory / "control.sock")


@pytest.fixture
def api(cli):
    with FakeApi(cli.path) as fake:
        yield fake


def operation(state="running", **members):
    return {"operation": {"id": 12, "kind": "x", "state": state, "progress": [], **members}}


def serve_operation(api, verb, *polls):
    api.answers[f"POST /api/v1/{verb}"] = (202, operation())
    api.answers["GET /api/v1/operations/12"] = list(polls)


# What one looks at.

def test_status_answers_the_question_in_its_first_line(cli, api):
    api.answers["GET /api/v1/status"] = STATUS
    page = cli.run("status").stdout
    assert page.splitlines()[0] == \
        "elevenlabs-agent: ANSWERING, 1 of 1 worker serves on [::]:3004"
    assert re.search(r"^1 +serving +healthy +8123 +3h +0 +2 +76\.3M$", page, re.M)
    assert "Callers    2 connections, 1 pending task, active sessions unknown\n" in page
    assert "Redis      up at 127.0.0.1:6379, ping 213us\n" in page
    assert "Sweep      idle; last 2026-11-22T13:20:18Z: 12040 keys seen, 2 stale, 2 removed" in page
    assert "Daemon     voxkeeperd 0.1.0, PID 812, up 4h\n" in page
    assert page.splitlines()[1] == ""
    assert "What to do" not in page and "Drain" not in page and "\x1b" not in page
    assert max(map(len, page.splitlines())) <= 80


def test_status_says_what_is_wrong_and_what_to_do(cli, api):
    api.answers["GET /api/v1/status"] = STATUS | {
        "state": "degraded", "why": "worker 2 keeps failing", "log": {"dropped": 3},
        "workers": {"wanted": 2, "serving": 1, "list": [GOOD, LOOPING]},
        "dependency": {"redis": {"state": "down", "why": "connection refused"}},
        "drain": {"state": "waiting", "waiting_for": 3, "left_usec": HOUR},
        "restart": {"running": True}}
    page = cli.run("status").stdout
    assert page.startswith("elevenlabs-agent: ANSWERING, but degraded, 1 of 2 workers serve")
    api.answers["GET /api/v1/status"] = {**api.answers["GET /api/v1/status"], "why": "1 of 2 workers serve"}
    assert cli.run("status").stdout.count("1 of 2 workers serve") == 1, "said once"
    assert "\n  worker 2 keeps failing\n" in page
    assert ("worker 2: exit code 7; 5 failures in a row (crash loop); next try in 12s\n"
            "  last probe: status 500\n") in page
    assert "Redis      down: connection refused\n" in page
    assert "Drain      waiting for 3 callers, 1h left\n" in page
    assert "Restart    under way\n" in page
    advice = page.partition("What to do\n")[2]
    assert "voxkeeper logs --worker=2 --lines=20" in advice
    assert "look after the Redis server" in advice
    assert "3 log lines were dropped" in advice
    assert max(map(len, page.splitlines())) <= 80


def test_status_names_the_worst_incident_first(cli, api):
    def incident(severity, title, **members):
        return {"id": f"20261122-193000-{title.replace(' ', '-')}", "severity": severity, "title": title,
                "subject": "", "state": "open", "ceased": None, "resolved": None, "acknowledged": None,
                "duration_usec": 90 * 10**6, **members}

    api.answers["GET /api/v1/status"] = STATUS | {"incidents": [
        incident("P3", "a worker hung", state="passing", ceased="2026-11-22T19:30:05.000Z"),
        incident("P2", "callers were cut", state="passing", ceased="2026-11-22T19:30:05.000Z", duration_usec=7),
        incident("P1", "no worker serves")]}
    page = cli.run("status").stdout
    assert ("P1 no worker serves (for 1min 30s)\n"
            "P2 callers were cut (at 2026-11-22 19:30:05 UTC)\n"
            "P3 a worker hung (for 1min 30s until 2026-11-22 19:30:05 UTC)\n") in page
    assert "    voxkeeper incidents 20261122-193000-no-worker-serves\n    voxkeeper acknowledge" in page
    taken = {"at": "2026-11-22T19:31:00.000Z", "author": "anna", "reason": ""}
    api.answers["GET /api/v1/status"] = STATUS | {"incidents": [
        incident("P1", "no worker serves", acknowledged=taken)]}
    page = cli.run("status").stdout
    assert "in hand: anna\n" in page and "voxkeeper acknowledge" not in page


def test_status_says_why_callers_are_unknown(cli, api):
    """Once, if it is the same for both; and how old is what is known."""
    unknown = {"connections": 2, "tasks": None, "tasks_why": "no sweep yet",
               "sessions": None, "sessions_why": "no sweep yet"}
    api.answers["GET /api/v1/status"] = STATUS | {"callers": unknown}
    assert ("Callers    2 connections, pending tasks unknown, active sessions unknown\n"
            "           tasks, sessions: no sweep yet\n") in cli.run("status").stdout
    api.answers["GET /api/v1/status"] = STATUS | {
        "callers": unknown | {"sessions": 3, "sessions_why": "", "sessions_age_usec": HOUR + 7}}
    assert ("Callers    2 connections, pending tasks unknown, 3 active sessions (1h ago)\n"
            "           tasks: no sweep yet\nRedis") in cli.run("status").stdout


def test_status_without_redis_and_workers(cli, api):
    api.answers["GET /api/v1/status"] = STATUS | {
        "agent": {"name": "demo", "release": "", "listen": ["3004"]}, "state": "drained",
        "ready": False, "why": "drained", "workers": {"wanted": 0, "serving": 0, "list": []},
        "drain": {"state": "drained", "waiting_for": 0, "left_usec": None},
        "callers": {"connections": 0, "tasks": None, "sessions": None}, "sweep": None,
        "dependency": {"redis": None}}
    page = cli.run("status").stdout
    assert page.startswith("demo: DRAINED: takes no callers on 3004\n\nno workers\n\n"
                           "Callers    0 connections\nDaemon ")


@pytest.mark.parametrize("state, words", [
    ("serving", "ANSWERING"), ("starting", "NOT YET ANSWERING"), ("draining", "DRAINING"),
    ("drained", "DRAINED"), ("down", "NOT ANSWERING"), ("new-state", "NOT READY")])
def test_status_of_every_state(cli, api, state, words):
    api.answers["GET /api/v1/status"] = STATUS | {"state": state, "ready": state == "serving"}
    page = cli.run("status").stdout
    assert page.startswith(f"elevenlabs-agent: {words}")
    assert ("voxkeeper resume" in page) == (state in ("drained", "draining"))
    assert ("voxkeeper logs --lines=50" in page) == (state == "down")


@pytest.mark.parametrize("answer", [
    {}, {"state": 7, "workers": [], "agent": "x", "callers": {"tasks": {}}},
    {"workers": {"list": [1, None, {}, {"slot": -1, "pid": 1e300, "uptime_usec": "x"}]},
     "dependency": {"redis": []}, "sweep": {"state": "x", "last": {"found": [1]}}}])
def test_status_copes_with_what_is_missing_or_odd(cli, api, answer):
    api.answers["GET /api/v1/status"] = answer
    assert "voxkeeperd does not say whether it answers" in cli.run("status").stdout
    api.answers["GET /api/v1/workers"] = {"workers": [{"slot": -1, "pid": 1e300, "lines": 0.5}]}
    assert cli.run("workers").stdout.splitlines()[1].split() == ["-"] * 10 + ["0", "-"]


def test_what_comes_from_elsewhere_cannot_steer_the_terminal(cli, api):
    evil = "\x1b]0;owned\x07\x9b31m\u009b"
    api.answers["GET /api/v1/status"] = STATUS | {
        "why": f"a\n{evil}", "agent": {"name": evil, "listen": [evil], "release": evil}}
    api.answers["POST /api/v1/restart"] = (409, {"error": {"code": "busy", "message": evil}})
    for done in cli.run("status"), cli.run("restart", code=1):
        assert not set("\x1b\x07\x9b") & set(done.stdout + done.stderr)
    assert r"\x1b]0;owned\x07" in cli.run("status").stdout


def test_workers_is_a_table_with_reasons_below(cli, api):
    api.answers["GET /api/v1/workers"] = {"workers": [GOOD, LOOPING]}
    lines = cli.run("workers").stdout.splitlines()
    assert lines[0].split() == ["WORKER", "STATE", "HEALTH", "PID", "UP", "RESTARTS", "CONNS",
                                "MEMORY", "GEN", "RELEASE", "LINES", "DROPPED"]
    assert lines[2].split() == ["2", "gone", "idle", "-", "-", "8", "-", "-", "-", "-", "-", "-"]
    assert lines[3].startswith("worker 2: exit code 7")
    api.answers["GET /api/v1/workers"] = {"workers": []}
    assert cli.run("workers").stdout == "no workers\n"


def test_show_config_prints_the_text_or_the_values(cli, api):
    api.answers["GET /api/v1/config"] = {"text": "[Agent]\nName=a\\d\tb", "values": {"Agent": {}}}
    assert cli.run("show-config").stdout == "[Agent]\nName=a\\d\tb\n"
    assert json.loads(cli.run("show-config", "--json").stdout) == {"Agent": {}}


def read_terminal(fd):
    """Everything that was written to it, until nobody has its other end; closes it."""
    shown = b""
    try:
        while chunk := os.read(fd, 65536):
            shown += chunk
    except OSError:
        pass  # Linux says EIO at the end
    os.close(fd)
    return shown


def test_colours_only_on_a_terminal(cli, api):
    api.answers["GET /api/v1/status"] = STATUS

    def on_terminal(*words, **environment):
        ours, theirs = pty.openpty()
        subprocess.run(cli.command(*words), stdout=theirs, check=True,
                       env={"PATH": os.environ["PATH"], "TERM": "xterm", **environment})
        os.close(theirs)
        return read_terminal(ours)

    assert b"\x1b[32mANSWERING\x1b[0m" in on_terminal("status")
    assert b"\x1b" not in on_terminal("status", "--no-color")
    assert b"\x1b" not in on_terminal("status", NO_COLOR="1")
    assert b"\x1b" not in on_terminal("status", TERM="dumb")


ROLLOUT = {
    "state": "baking", "outage": False, "left_usec": 4_200_000, "deadline_usec": HOUR,
    "operation": 12, "kind": "restart", "author": "alice", "reason": "1.1",
    "generation": {"from": 1, "to": 2}, "release": {"from": "1.0", "to": "1.1"},
    "phases": [{"state": "canary", "took_usec": 2_100_000}, {"state": "baking", "took_usec": 800_000}],
    "verdict": None, "failure": None, "command": None,
    "waiting": [{"operation": 12, "kind": "restart", "author": "alice", "reason": "1.1"}]}
FAILURE = {"message": "the new worker 2 failed (unhealthy): status is 500", "cause": "unhealthy",
           "worker": 2, "probe_body": '{"status":"broken"}', "last_output": ["one", "\x1b[2Jtwo"]}


def test_rollout_is_a_page(cli, api):
    api.answers["GET /api/v1/rollout"] = ROLLOUT
    assert cli.run("rollout").stdout == (
        "Rollout    the first new worker serves, and is watched, 4s left\n"
        "For        restart by alice: 1.1\n"
        "From       generation 1, release 1.0\n"
        "To         generation 2, release 1.1\n"
        "Phases     canary 2.10s, baking 800ms\n"
        "Waits      restart by alice: 1.1 (operation 12)\n")
    assert json.loads(cli.run("rollout", "--json").stdout) == ROLLOUT


def test_a_held_rollout_says_why_and_what_to_do(cli, api):
    api.answers["GET /api/v1/rollout"] = ROLLOUT | {"state": "hold", "left_usec": None,
                                                    "failure": FAILURE}
    page = cli.run("rollout").stdout
    assert page.startswith("Rollout    HELD: it failed, and waits for somebody to decide\n")
    assert "Why        the new worker 2 failed (unhealthy): status is 500\n" in page
    assert '  it answered: {"status":"broken"}\n  its last lines:\n    one\n' in page
    assert "\x1b" not in page and "voxkeeper rollout abort" in page
    api.answers["GET /api/v1/status"] = STATUS | {"rollout": {"state": "hold", "left_usec": None}}
    page = cli.run("status").stdout
    assert "Rollout    HELD: it failed" in page
    assert "voxkeeper rollout promote" in page.partition("What to do\n")[2]


def test_a_rollout_that_is_over(cli, api):
    api.answers["GET /api/v1/rollout"] = ROLLOUT | {
        "state": "idle", "left_usec": None, "verdict": "rolled back", "failure": FAILURE,
        "command": "ExecRollback= failed: exit code 1", "waiting": []}
    page = cli.run("rollout").stdout
    assert page.startswith("Rollout    none under way\nLast       restart by alice: 1.1\n")
    assert "Verdict    rolled back\n" in page
    assert "Command    ExecRollback= failed: exit code 1\n" in page and "What to do" not in page
    api.answers["GET /api/v1/status"] = STATUS | {"rollout": {"state": "idle"}}
    assert "Rollout" not in cli.run("status").stdout


def test_a_rollout_in_an_outage_stands_still(cli, api):
    api.answers["GET /api/v1/rollout"] = ROLLOUT | {"outage": True, "left_usec": None}
    assert "; it stands still while a dependency or provider is down\n" in cli.run("rollout").stdout


@pytest.mark.parametrize("answer", [
    {"state": 7}, {"state": "new"}, {"kind": "x", "phases": [1, {"state": "a"}], "waiting": [None],
     "failure": {"message": "x", "last_output": [1]}, "generation": {"to": -1}}])
def test_a_rollout_copes_with_what_is_missing_or_odd(cli, api, answer):
    api.answers["GET /api/v1/rollout"] = answer
    assert cli.run("rollout").stdout.startswith("Rollout    ")


# What one changes.

@pytest.mark.parametrize("action", ["cancel", "promote", "abort"])
def test_a_rollout_is_steered(cli, api, action):
    serve_operation(api, f"rollout/{action}", operation("failed", exit_code=1, message="no"))
    assert cli.run("rollout", action, "--reason", "why", code=1).stderr == \
        f"voxkeeper: rollout {action}: no\n"
    method, target, body = api.requests[0]
    assert (method, target) == ("POST", f"/api/v1/rollout/{action}")
    assert json.loads(body) == {"reason": "why"}


@pytest.mark.parametrize("verb", ["restart", "reload", "drain", "resume"])
def test_a_changing_verb_waits_for_the_verdict(cli, api, verb):
    serve_operation(
        api, verb, operation(progress=[{"seq": 1, "message": "worker 1 starts"}]),
        operation(progress=[{"seq": 1, "message": "worker 1 starts"},
                            {"seq": 2, "message": "worker 1 is verified"}]),
        operation("done", exit_code=0, message="all done"))
    done = cli.run(verb, "--reason", 'the "new" key')
    assert done.stdout == "all done\n"
    assert done.stderr == "worker 1 starts\nworker 1 is verified\n"
    method, target, body = api.requests[0]
    assert (method, target) == ("POST", f"/api/v1/{verb}")
    assert json.loads(body) == {"reason": 'the "new" key'}
    assert [target for _, target, _ in api.requests[1:]] == [
        f"/api/v1/operations/12?after={seq}" for seq in (0, 1, 2)]


@pytest.mark.parametrize("state, exit_code, code", [
    ("done", 0, 0), ("failed", 1, 1), ("rolled_back", 4, 4), ("timed_out", 5, 5),
    ("failed", None, 1), ("rolled_back", None, 4), ("timed_out", None, 5), ("failed", 99, 1),
    ("failed", 5, 5), ("new-state", None, 1)])
def test_the_verdict_is_the_exit_code(cli, api, state, exit_code, code):
    serve_operation(api, "restart", operation(state, exit_code=exit_code, message="line 1\nline 2"))
    done = cli.run("restart", code=code)
    if code:
        assert done.stderr == "voxkeeper: restart: line 1\n  line 2\n" and done.stdout == ""
    again = cli.run("restart", "--json", code=code)
    assert json.loads(again.stdout)["state"] == state


def test_json_is_one_document_and_nothing_else(cli, api):
    end = operation("done", message="all done", progress=[{"seq": 1, "message": "worker 1 starts"}])
    serve_operation(api, "restart", end)
    done = cli.run("restart", "--json")
    assert json.loads(done.stdout) == end["operation"] and done.stderr == ""


def test_a_messages_own_line_end_is_enough(cli, api):
    serve_operation(api, "reload", operation("done", message="nothing changed\n"))
    assert cli.run("reload").stdout == "nothing changed\n"
    serve_operation(api, "reload", operation("failed", message="a.conf:1: x\na.conf:2: y\n"))
    assert cli.run("reload", code=1).stderr == "voxkeeper: reload: a.conf:1: x\n  a.conf:2: y\n"


def test_reload_accepts_what_the_unit_says(cli, api):
    serve_operation(api, "reload", operation("done", exit_code=0, message="applied"))
    assert cli.run("reload", "--wait=applied").stdout == "applied\n"
    assert "only \"applied\"" in cli.run("reload", "--wait=x", code=2).stderr


def test_sweep_prints_its_findings(cli, api):
    result = {"findings": [
        {"keyspace": "task", "key": "cursor_task:1", "finding": "stale", "reason": "no TTL",
         "age_usec": 2 * HOUR, "removable": True, "removed": True},
        {"keyspace": "session", "key": "日本\x1b", "finding": "immortal", "reason": "young",
         "removable": False, "removed": False}],
        "findings_total": 5, "keys_seen": 12, "took_usec": 31000,
        "keyspaces": [{"name": "task", "found": {"fine": 9, "stale": 4, "gone": 2}},
                      {"name": "session", "found": {"immortal": 1, "x": "odd"}}, 7]}
    serve_operation(api, "sweep", operation("done", message="swept", result=result))
    done = cli.run("sweep", "--dry-run", "--keyspace=task", "--older-than=2h")
    assert done.stdout.splitlines() == [
        "KEYSPACE  FINDING   AGE  ACTION   KEY            WHY",
        "task      stale      2h  removed  cursor_task:1  no TTL",
        "session   immortal    -  kept     日本\\x1b       young",
        "",
        "and 3 more, not listed",
        "",
        "KEYSPACE  FINDING   KEYS",
        "task      fine         9",
        "task      stale        4",
        "session   immortal     1",
        "",
        "swept"]
    assert json.loads(api.requests[0][2]) == {
        "dry_run": True, "keyspace": "task", "older_than": "2h"}
    cli.run("sweep", "--limit=7", "--no-backup", "--reason=why")
    assert {"dry_run": False, "limit": 7, "no_backup": True, "reason": "why"} in [json.loads(body) for _, _, body in api.requests if body]


SO_FAR = {"fraction": 0.42, "keys_seen": 1200, "findings": 5, "keys_per_second": 31000,
          "left_usec": 4_900_000, "latency_usec": 210}


def test_sweep_as_lines_of_json(cli, api):
    finding = {"key": "cursor_task:1", "finding": "stale"}
    serve_operation(api, "sweep", operation(so_far=SO_FAR), operation(
        "done", message="swept", exit_code=0, result={"findings": [finding], "removed": 1}))
    done = cli.run("sweep", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[:2] == [{"progress": SO_FAR}, {"finding": finding}]
    assert lines[2]["operation"]["result"] == {"removed": 1} and len(lines) == 3
    assert done.stderr == ""


def test_a_sweeps_progress_is_lines_unless_there_is_a_terminal(cli, api):
    lines = [{"seq": 1, "message": "42%: 1200 keys seen"}]
    running = operation(so_far=SO_FAR, progress=lines)
    serve_operation(api, "sweep", running, operation("done", message="swept", progress=lines))
    assert cli.run("sweep").stderr == "42%: 1200 keys seen\n"

    serve_operation(api, "sweep", running, operation("done", message="swept", progress=lines))
    ours, theirs = pty.openpty()
    done = subprocess.run(cli.command("sweep"), stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    assert done.stdout == "swept\n"
    assert read_terminal(ours).decode() == (
        "\r[########............]  42% 1200 seen, 5 found, 5s left, 31000/s, Redis 210us\x1b[K"
        "\r\x1b[K")


@pytest.mark.parametrize("columns, shown", [
    (78, "[########............]  42% 1200 seen, 5 found, 5s left, 31000/s, Redis 210us"),
    (77, "[########............]  42% 1200 seen, 5 found, 5s left, 31000/s"),
    (56, "[########............]  42% 1200 seen, 5 found, 5s left"),
    (40, "[########............]  42% 1200 seen"),
    (20, "[########..........")])
def test_no_number_of_a_progress_is_cut_off(cli, api, columns, shown):
    serve_operation(api, "sweep", operation(so_far=SO_FAR), operation("done", message="swept"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    subprocess.run(cli.command("sweep"), stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    assert read_terminal(ours).decode() == f"\r{shown}\x1b[K\r\x1b[K"


@pytest.mark.parametrize("verb", ["sweep", "keys"])
def test_interrupting_a_sweep_ends_it(cli, api, verb):
    state = []
    api.answers[f"POST /api/v1/{verb}"] = (202, operation())
    api.answers["GET /api/v1/operations/12"] = lambda _: operation(
        "failed" if state else "running", message="swept a half: cancelled", exit_code=1)

    def cancel(body):
        state.append(json.loads(body))
        return 202, operation()

    api.answers["POST /api/v1/sweep/cancel"] = cancel
    waiting = cli.start(verb)
    wait_for(lambda: len(api.requests) > 2, what="the command to wait")
    waiting.send_signal(signal.SIGINT)
    err = waiting.communicate(timeout=20)[1]
    assert waiting.returncode == -signal.SIGINT
    assert state == [{"operation": 12}]
    assert f"ending the {verb};" in err and f"{verb}: swept a half: cancelled" in err


def test_sweep_may_wait_for_another_one(cli, api):
    busy = (409, {"error": {"code": "busy", "message": "another pass is under way"}})
    api.answers["POST /api/v1/sweep"] = [busy, busy, (202, operation())]
    api.answers["GET /api/v1/operations/12"] = operation("done", message="swept")
    assert cli.run("sweep", "--wait").stdout == "swept\n"
    api.answers["POST /api/v1/sweep"] = busy
    assert "another pass is under way" in cli.run("sweep", code=1).stderr
    assert "another pass is" in cli.run("sweep", "--wait", "--timeout=100ms", code=1).stderr


def test_keys_is_a_table(cli, api):
    keys = [{"keyspace": "tasks", "key": "cursor_task:1\x1b", "state": "stuck-task", "stuck": True,
             "age_usec": 2 * HOUR, "ttl_usec": None, "conversation": "c\x1b1", "reason": "pending"},
            {"keyspace": "sessions", "key": "s", "state": "active", "age_usec": None,
             "ttl_usec": 3_500_000_123, "conversation": None, "reason": "", "stuck": False}, 7]
    serve_operation(api, "keys", operation("done", message="2 keys", result={"keys": keys}))
    done = cli.run("keys", "--stuck", "--keyspace=tasks", "--sort", "ttl", "--limit", "5")
    assert done.stdout.splitlines()[:3] == [
        "KEYSPACE  STATE       AGE        TTL  CONVERSATION  KEY                WHY",
        "tasks     stuck-task   2h       none  c\\x1b1        cursor_task:1\\x1b  pending",
        "sessions  active        -  58min 20s  -             s                  -"]
    assert done.stdout.endswith("\n2 keys\n")
    assert json.loads(api.requests[0][2]) == {
        "keyspace": "tasks", "sort": "ttl", "limit": 5, "stuck": True}
    cli.run("keys")
    assert json.loads([body for _, _, body in api.requests if body][-1]) == {}


def test_no_verdict_in_time(cli, api):
    serve_operation(api, "restart", operation())
    done = cli.run("restart", "--timeout=100ms", code=5)
    assert "no verdict in time; it goes on (operation 12)" in done.stderr


def test_interrupting_the_waiting_leaves_the_operation_alone(cli, api):
    serve_operation(api, "drain", operation())
    waiting = cli.start("drain")
    wait_for(lambda: len(api.requests) > 2, what="the command to wait")
    waiting.send_signal(signal.SIGINT)
    out, err = waiting.communicate(timeout=20)
    assert waiting.returncode == -signal.SIGINT
    assert out == "" and "the drain goes on (operation 12); see: voxkeeper status" in err


def test_a_short_silence_is_borne(cli, api):
    serve_operation(api, "reload", b"", b"HTTP/1.1 2", operation("done", message="applied"))
    assert cli.run("reload").stdout == "applied\n"


def test_a_daemon_that_goes_away_in_the_middle(cli, api):
    serve_operation(api, "drain", operation())
    waiting = cli.start("drain")
    wait_for(lambda: len(api.requests) > 1, what="the command to wait")
    api.close()
    err = waiting.communicate(timeout=20)[1]
    assert waiting.returncode == 3
    assert "voxkeeperd went away during the drain (operation 12)" in err


def test_a_successor_knows_nothing_of_the_operation(cli, api):
    serve_operation(api, "restart", (404, {"error": {"code": "operation", "message": "unknown"}}))
    done = cli.run("restart", code=1)
    assert "no longer knows the restart (operation 12): it was started anew" in done.stderr


# When there is no answer, or none that makes sense.

def test_no_daemon(cli):
    for _ in "absent", "dead":
        done = cli.run("status", code=3)
        assert done.stdout == "" and done.stderr == (
            f'voxkeeper: no voxkeeperd answers on "{cli.path}": is it running? '
            "(systemctl status voxkeeper)\n")
        dead = socket.socket(socket.AF_UNIX)
        if not cli.path.exists():
            dead.bind(str(cli.path))
        dead.close()
    assert cli.run("restart", code=3).stderr == done.stderr
    error = json.loads(cli.run("status", "--json", code=3).stdout)["error"]
    assert error["code"] == "not-running"


def test_a_socket_one_may_not_use(cli, api, directory):
    if os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    os.chmod(directory, 0o755)
    os.chmod(cli.path, 0o600)
    copy = directory / "voxkeeper"  # the build may lie where nobody else may look
    copy.write_bytes(VOXKEEPER.read_bytes())
    copy.chmod(0o755)
    done = subprocess.run([copy, "--socket", cli.path, "status"], capture_output=True, text=True,
                          user=65534, group=65534, extra_groups=[])
    assert done.returncode == 1
    assert "may not be used by you: run this with sudo" in done.stderr


def test_a_hung_daemon(cli, api):
    api.answers["GET /api/v1/status"] = HANG
    began = time.monotonic()
    done = cli.run("status", code=5)
    assert "does not answer within 5s" in done.stderr
    assert time.monotonic() - began < 30


def test_refusals_are_passed_on(cli, api):
    api.answers["POST /api/v1/drain"] = (
        403, {"error": {"code": "permission", "message": "only root and the group voxkeeper may"}})
    done = cli.run("drain", "--json", code=1)
    assert done.stderr == "voxkeeper: only root and the group voxkeeper may\n"
    assert json.loads(done.stdout) == api.answers["POST /api/v1/drain"][1]
    api.answers["POST /api/v1/drain"] = (500, {})
    assert "status 500 and gave no reason" in cli.run("drain", code=1).stderr


GARBAGE = [
    b"", b"\0\xff" * 99, b"SSH-2.0-OpenSSH\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n<html>", b"HTTP/1.1 200 OK\r\n\r\n[1]",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b"HTTP/1.1 200 OK\r\n\r\n{\"state\":\xff}",
    b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 10**6, b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_an_error(cli, api, garbage):
    api.answers["GET /api/v1/status"] = api.answers["POST /api/v1/restart"] = garbage
    for verb in "status", "restart":
        done = cli.run(verb, code=1)
        assert done.stdout == "" and done.stderr.startswith("voxkeeper: read voxkeeperd's answer")


@pytest.mark.parametrize("answer", [
    {}, {"operation": {}}, {"operation": {"id": "../status", "state": "running"}},
    {"operation": {"id": "x" * 32, "state": "running"}},
    {"operation": {"id": -1, "state": "running"}}, {"operation": {"state": "running"}}])
def test_an_operation_that_is_none(cli, api, answer):
    api.answers["POST /api/v1/restart"] = (202, answer)
    assert "there is no operation in it" in cli.run("restart", code=1).stderr
    assert len(api.requests) == 1


def test_a_huge_answer(cli, api):
    many = [GOOD | {"slot": n} for n in range(20_000)]
    api.answers["GET /api/v1/workers"] = {"workers": many}
    assert len(cli.run("workers").stdout.splitlines()) == 20_001
    api.answers["GET /api/v1/workers"] = b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (17 << 20)
    assert "longer than 16777216 bytes" in cli.run("workers", code=1).stderr


def test_output_that_nobody_takes_is_an_error(cli, api):
    api.answers["GET /api/v1/status"] = STATUS
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(cli.command("status"), stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "write to stdout: No space left" in done.stderr


# The command line.

@pytest.mark.parametrize("words, says", [
    ([], "no verb given"),
    (["stauts"], 'did you mean "status"?'),
    (["frobnicate"], '"frobnicate" is no verb'),
    (["--frob", "status"], "--frob is no option here; see: voxkeeper help\n"),
    (["status", "--reason=x"], "--reason=x is no option here; see: voxkeeper help status"),
    (["status", "-x"], "-x is no option here"),
    (["status", "more"], "more is not expected here"),
    (["restart", "--timeout"], "--timeout needs a value"),
    (["restart", "--timeout=soon"], "--timeout=soon is not a time span"),
    (["restart", "--timeout=0"], "--timeout=0 is not a time span"),
    (["restart", "--reason", "x" * 1025], "--reason is longer than 1024 bytes"),
    (["sweep", "--limit=0"], "--limit=0 is not a number above 0"),
    (["keys", "--sort=name"], "--sort=name: keys are sorted by age or ttl"),
    (["keys", "--dry-run"], "--dry-run is no option here"),
    (["sweep", "--older-than=-1"], "--older-than=-1 is not a time span"),
    (["help", "frob"], '"frob" is no verb'),
    (["rollout", "frob"], '"frob" is nothing that a rollout can do'),
    (["rollout", "cancel", "promote"], "promote is not expected here"),
    (["rollout", "cancel", "--frob"], "--frob is no option here"),
    (["rollout", "--reason", "x"], "--reason and --timeout belong to an action"),
    (["rollout", "--timeout=1s"], "--reason and --timeout belong to an action"),
    (["status", "--json=yes"], "--json=yes is no option here")])
def test_a_wrong_command_line(cli, words, says):
    done = cli.run(*words, code=2)
    assert says in done.stderr and done.stdout == ""


def test_help_knows_every_verb_and_option(cli):
    everything = cli.run("--help").stdout
    assert cli.run("help").stdout == cli.run("-h").stdout == everything
    verbs = re.findall(r"^  ([a-z-]+)", everything.partition("Verbs:\n")[2], re.M)
    assert {"status", "workers", "restart", "reload", "drain", "resume", "sweep",
            "rollout", "show-config", "help"} <= set(verbs)
    for verb in ("status", "sweep", "restart", "rollout", "logs"):
        page = cli.run("help", verb).stdout
        assert page == cli.run(verb, "--help").stdout
        assert page.startswith(f"Usage: voxkeeper {verb}")
        assert "  3  no voxkeeperd answers" in page
        assert max(map(len, page.splitlines())) <= 80
    assert "--older-than=SPAN" in cli.run("help", "sweep").stdout
    assert max(map(len, everything.splitlines())) <= 80


def test_version(cli):
    assert re.fullmatch(r"voxkeeper \d+\.\d+\.\d+\n", cli.run("--version").stdout)


def test_the_socket_may_come_from_the_environment(cli, api):
    api.answers["GET /api/v1/status"] = STATUS
    done = subprocess.run([VOXKEEPER, "status", "--json"], capture_output=True, check=True,
                          env={"VOXKEEPER_SOCKET": str(cli.path)})
    assert json.loads(done.stdout) == STATUS


def test_a_socket_path_that_is_none(cli):
    cli.path = "/" + "x" * 200
    assert "the path is too long" in cli.run("status", code=1).stderr
    cli.path = ""
    assert 'connect to "": the path is empty' in cli.run("status", code=1).stderr
