"""`voxkeeper status --watch`, on terminals and elsewhere."""

import json
import os
import signal
import subprocess

import pytest
from daemon import BUILD
from fake_api import FakeApi
from terminal import Terminal
from waiting import wait_for

VOXKEEPER = BUILD / "src/cli/voxkeeper"
WORKER = {"slot": 1, "state": "serving", "pid": 8123, "uptime_usec": 5 * 10**6, "health": "healthy",
          "restarts": 0, "connections": 2, "rss_bytes": 80012288}
STATUS = {
    "agent": {"name": "elevenlabs-agent", "listen": ["[::]:3004"]}, "state": "serving", "ready": True,
    "daemon": {"pid": 812, "version": "0.1.0", "uptime_usec": 10**6},
    "workers": {"wanted": 1, "serving": 1, "list": [WORKER]}, "callers": {"connections": 2},
    "dependency": {"redis": {"state": "up", "address": "127.0.0.1:6379", "ping_usec": 213}}}
DOWN = STATUS | {"state": "down", "ready": False, "why": "no worker serves",
                 "workers": {"wanted": 1, "serving": 0, "list": [WORKER | {"state": "gone"}]}}
EVENTS = {"boot": "b", "newest": 2, "events": [
    {"seq": 1, "time": "2026-11-22T13:20:17Z", "level": "info", "message": "worker 1 started"},
    {"seq": 2, "time": "2026-11-22T13:20:18Z", "level": "err", "message": "bad \x1b[2J news"}]}
SAMPLES = {"interval_ms": 5000, "samples": [
    {"callers": n, "probe_ms": None if n == 3 else n / 10, "serving": 1} for n in (0, 3, 7)]}


@pytest.fixture
def path(directory):
    return directory / "control.sock"


@pytest.fixture
def api(path):
    with FakeApi(path, {"GET /api/v1/status": STATUS, "GET /api/v1/samples": SAMPLES,
                        "GET /api/v1/events": EVENTS}) as fake:
        yield fake


@pytest.fixture
def watch(path):
    terminals = []

    def start(*words, **look):
        command = [VOXKEEPER, "--socket", path, "status", "--watch", *words]
        terminals.append(Terminal(command, **look))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


def test_it_is_drawn_in_place_and_leaves_the_terminal_as_it_was(watch, api):
    terminal = watch()
    terminal.wait_text("elevenlabs-agent: ANSWERING")
    terminal.wait_text("Callers    ▁▄█ 7, max 7")
    terminal.wait_text("Probe      ▁ █ 0.7 ms, max 0.7 ms")
    terminal.wait_text(r"! bad \x1b[2J news")
    assert terminal.alternate and terminal.hidden
    assert terminal.text().index("bad") < terminal.text().index("worker 1 started")
    api.answers["GET /api/v1/status"] = DOWN
    terminal.wait_text("NOT ANSWERING")
    terminal.press("\x03")
    assert terminal.end() == 0
    assert terminal.is_as_before()


def test_q_ends_it_and_nothing_is_echoed(watch, api):
    terminal = watch()
    terminal.wait_text("UTC; q ends")
    terminal.press("xyz")
    seen = len(api.requests)
    terminal.wait(lambda _: len(api.requests) > seen + 2, "another look")
    assert "xyz" not in terminal.raw
    terminal.press("q")
    assert terminal.end() == 0 and terminal.is_as_before()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_whatever_ends_it_the_terminal_is_as_before(watch, api, number):
    terminal = watch()
    terminal.wait_text("ANSWERING")
    os.kill(terminal.process.pid, number)
    assert terminal.end() == -number
    assert terminal.is_as_before()


def test_ctrl_z_gives_the_screen_back(watch, api):
    terminal = watch()
    terminal.wait_text("ANSWERING")
    terminal.press("\x1a")
    terminal.wait(lambda t: not t.alternate, "the shell's screen")
    pid = terminal.process.pid
    wait_for(lambda: open(f"/proc/{pid}/stat").read().rpartition(") ")[2][0] == "T", what="the stop")
    assert terminal.is_as_before()
    os.kill(pid, signal.SIGCONT)
    terminal.wait(lambda t: t.alternate, "the screen again")
    terminal.wait_text("ANSWERING")
    terminal.press("\x03")
    assert terminal.end() == 0 and terminal.is_as_before()


@pytest.mark.parametrize("columns, rows", [(40, 24), (20, 10), (80, 5), (200, 60), (3, 2), (1, 1)])
def test_it_fits_every_terminal(watch, api, columns, rows):
    api.answers["GET /api/v1/status"] = DOWN
    terminal = watch(columns=columns, rows=rows)
    terminal.wait(lambda t: len(t.raw) > 60 and t.raw.endswith("\x1b[J"), "a page")
    terminal.press("\x03")
    assert terminal.end() == 0  # the Terminal itself fails on what does not fit


def test_forty_columns_are_readable_and_a_new_size_is_obeyed(watch, api):
    terminal = watch(columns=40, rows=30)
    terminal.wait_text("WORKER  STATE    HEALTH\n1       serving  healthy\n")
    assert "RESTARTS" not in terminal.text()
    terminal.resize(120, 40)
    terminal.wait_text("WORKER  STATE    HEALTH    PID")


def test_what_does_not_fit_is_said(watch, api):
    terminal = watch(rows=8)
    terminal.wait(lambda t: "more lines)" in t.text() and "q ends" in t.text(), "the rest")


@pytest.mark.parametrize("words, environment, colours", [
    ([], {}, True), (["--no-color"], {}, False), ([], {"NO_COLOR": "1"}, False)])
def test_colours(watch, api, words, environment, colours):
    terminal = watch(*words, env=environment)
    terminal.wait_text("ANSWERING")
    assert ("\x1b[32mANSWERING\x1b[0m" in terminal.raw) == colours
    assert terminal.alternate


def test_without_utf8_curves_are_letters(watch, api):
    terminal = watch(env={"LANG": "C"})
    terminal.wait_text("Callers    _-# 7, max 7")


def test_a_dumb_terminal_gets_lines(watch, api):
    terminal = watch(env={"TERM": "dumb"})
    terminal.wait_text("ANSWERING")
    assert "\x1b" not in terminal.raw
    terminal.press("\x03")
    assert terminal.end() == 0


def test_who_is_gone_is_asked_again(watch, path):
    terminal = watch()
    terminal.wait_text("LOST CONTACT with voxkeeperd since")
    terminal.wait_text("Trying again.")
    answers = {"GET /api/v1/status": STATUS}
    with FakeApi(path, answers):
        terminal.wait_text("elevenlabs-agent: ANSWERING")
        terminal.wait(lambda t: "LOST" not in t.text(), "contact")
    path.unlink()
    terminal.wait_text("LOST CONTACT")
    terminal.wait_text("What it said at")
    assert "elevenlabs-agent: ANSWERING" in terminal.text()
    with FakeApi(path, answers):
        terminal.wait(lambda t: "LOST" not in t.text(), "contact again")


@pytest.fixture
def lines(path):
    """Starts it with pipes; the process, and a function that reads lines up to one that says so."""
    started = []

    def start(*words):
        process = subprocess.Popen([VOXKEEPER, "--socket", path, "status", "--watch", *words],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def passes(api, n=3):
    """The page was asked for some more times."""
    seen = len(api.requests)
    wait_for(lambda: len(api.requests) >= seen + n, what="more questions")


def test_elsewhere_each_change_is_a_page(lines, api):
    process = lines()
    block = [process.stdout.readline() for _ in range(2)]
    assert block[0].startswith("--- 20") and block[1].startswith("elevenlabs-agent: ANSWERING")
    later = STATUS | {"daemon": STATUS["daemon"] | {"uptime_usec": 9 * 10**6}}
    api.answers["GET /api/v1/status"] = later
    passes(api)
    api.answers["GET /api/v1/status"] = DOWN
    passes(api)
    process.send_signal(signal.SIGINT)
    rest, complaints = process.communicate(timeout=20)
    assert rest.count("--- ") == 1 and "NOT ANSWERING" in rest and "\x1b" not in rest
    assert process.returncode == 0 and complaints == ""


def test_json_is_a_line_for_each_change(lines, api, path):
    process = lines("--json")
    assert json.loads(process.stdout.readline()) == STATUS
    api.answers["GET /api/v1/status"] = DOWN
    assert json.loads(process.stdout.readline()) == DOWN
    path.unlink()
    assert json.loads(process.stdout.readline())["error"]["code"] == "not-running"
    with FakeApi(path, {"GET /api/v1/status": DOWN}) as again:
        assert json.loads(process.stdout.readline()) == DOWN
        passes(again)
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=20)
    assert rest == "" and process.returncode == 0
    assert complaints.count("\n") == 1 and "is it running" in complaints


def test_a_reader_that_leaves_ends_it(lines, api):
    process = lines("--json")
    process.stdout.readline()
    process.stdout.close()
    api.answers["GET /api/v1/status"] = DOWN
    assert process.wait(20) != 0


def test_a_real_daemon(make_daemon, sleeper_config, directory):
    daemon = make_daemon(sleeper_config())
    daemon.wait_event("daemon-ready")
    terminal = Terminal([VOXKEEPER, "--socket", daemon.socket, "status", "--watch"], 100, 50)
    try:
        terminal.wait_text("ANSWERING, 1 of 1 worker serves")
        os.kill(daemon.workers()[0], signal.SIGKILL)
        terminal.wait_text("signal 9 (SIGKILL) (crash)")
        daemon.cli("upgrade", check=True)
        terminal.wait_text("the new program takes over")
        terminal.wait(lambda t: "LOST" not in t.text() and "ANSWERING" in t.text(), "it again")
        terminal.press("q")
        assert terminal.end() == 0
    finally:
        terminal.close()
