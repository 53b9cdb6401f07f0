"""What workers say of themselves by sd_notify: to a socket of their own, and only the worker's."""

import json
import os
import re
import shutil
import signal
import socket

from load import Load, tools
from waiting import wait_for

PRELOAD = {"Handover": "preload"}

# Node has no unix datagram sockets: the worker speaks through a child that waits until it was heard,
# as systemd-notify does.
SPEAKER = """
import os, socket, sys
name = os.environ["NOTIFY_SOCKET"]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
    mine, theirs = socket.socketpair()
    address = "\\0" + name[1:] if name[0] == "@" else name
    speaker.connect(address)
    speaker.send(os.fsencode(sys.argv[1]))
    socket.send_fds(speaker, [b"BARRIER=1"], [theirs.fileno()])
    theirs.close()
    mine.recv(1)
"""

WORKER = """
const { execFileSync } = require('node:child_process');
const http = require('node:http');
const say = (text) => execFileSync('/usr/bin/python3', [process.argv[2], text]);
const server = http.createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (url.pathname === '/say') say(url.searchParams.get('text'));
    if (url.pathname === '/leave') {
        say('STOPPING=1\\nSTATUS=had enough');
        server.close(() => process.exit(Number(url.searchParams.get('code'))));
        setInterval(() => server.closeIdleConnections(), 20);
    }
    if (url.pathname === '/callback') response.statusCode = 400; // what lib/load.py calls right
    if (url.pathname === '/health' && Date.now() < healthy) response.statusCode = 503;
    response.end(JSON.stringify({ status: 'ok', pid: process.pid, env: {
        pid: process.env.WATCHDOG_PID, usec: process.env.WATCHDOG_USEC } }));
});
const healthy = Date.now() + Number(process.env.HEALTHY_AFTER_MS ?? 0);
server.listen(Number(process.env.PORT), '127.0.0.1', () => {
    if (process.env.HEALTHY_AFTER_MS)
        setTimeout(() => say('READY=1\\nSTATUS=loaded'), healthy - Date.now());
});
"""


def config(directory, port, environment=(), **sections):
    speaker, worker = directory / "speaker.py", directory / "worker.cjs"
    speaker.write_text(SPEAKER)
    worker.write_text(WORKER)
    return {"Agent": {"ExecStart": f"{shutil.which('node')} {worker} {speaker}",
                      "Environment": [f"PORT={port}", *environment],
                      "Listen": f"127.0.0.1:{port}", **PRELOAD, **sections.pop("Agent", {})},
            "Health": {"Url": "/health", "ExpectJson": "status=ok", "Interval": "1s",
                       "StartInterval": "50ms", **sections.pop("Health", {})},
            "Restart": {"Delay": "50ms"}, "Rollout": {"KeepWarm": "0", "Bake": "200ms"},
            "Drain": {"Linger": "0", "Timeout": "10s"}, **sections}


def ask(port, path):
    """Over a connection of its own, so that it holds no worker up."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
        caller.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        with caller.makefile("rb") as answer:
            return json.loads(answer.read().split(b"\r\n\r\n", 1)[1])


def says(daemon, slot=0):
    return daemon.request("GET", "/api/v1/workers")[1]["workers"][slot]["says"]


def test_words_are_shown_and_cannot_hurt(make_daemon, directory, port):
    daemon = make_daemon(config(directory, port))
    daemon.wait_event("worker-verified")
    ask(port, "/say?text=STATUS%3Dserving%20%1b%5B31m%ff%0AERRNO%3D5")
    # The speaker waited until we had heard it: nothing to wait for here.
    assert says(daemon) == {"status": "serving \\x1b[31m\ufffd", "errno": 5, "ignored": 0}
    shown = daemon.cli("status", check=True).stdout
    assert "says: serving" in shown and "\x1b" not in shown
    ask(port, "/say?text=SOMETHING%3Delse")
    ask(port, "/say?text=STATUS%3D" + "x" * 3000)
    heard = says(daemon)
    assert heard["ignored"] == 1 and len(heard["status"]) < 300


def test_nobody_else_may_speak_for_a_worker(make_daemon, directory, port):
    daemon = make_daemon(config(directory, port))
    pid = int(daemon.wait_event("worker-verified")["worker_pid"])
    with open(f"/proc/{pid}/environ", "rb") as file:
        environment = dict(entry.split(b"=", 1) for entry in file.read().split(b"\0")
                           if b"=" in entry)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"STOPPING=1\nSTATUS=false", environment[b"NOTIFY_SOCKET"])
    wait_for(lambda: says(daemon)["ignored"] == 1)
    assert says(daemon)["status"] == "" and not daemon.events("worker-leaving")


def test_ready_is_looked_at_at_once_and_not_believed(make_daemon, directory, port):
    slow = {"StartInterval": "20s", "Interval": "20s", "Rise": "1"}
    daemon = make_daemon(config(directory, port, ["HEALTHY_AFTER_MS=1000"], Health=slow))
    verified = daemon.wait_event("worker-verified", deadline=15)
    assert 1_000_000 < int(verified["duration_usec"]) < 15_000_000
    assert says(daemon)["status"] == "loaded"
    assert daemon.stop() == 0
    liar = make_daemon(config(directory, port, ["HEALTHY_AFTER_MS=0"],
                              Agent={"TimeoutStartSec": "2s"},
                              Health={"ExpectJson": "status=never", "Timeout": "1s"}))
    liar.wait_event("worker-not-verified")
    assert not liar.events("worker-verified")


def test_silence_after_a_report_is_a_hang(make_daemon, directory, port):
    daemon = make_daemon(config(directory, port, Agent={"WatchdogSec": "400ms", "Standby": "1"}))
    daemon.wait_event("worker-verified", count=2)
    answer = ask(port, "/say?text=WATCHDOG%3D1")
    assert answer["env"] == {"pid": str(answer["pid"]), "usec": "400000"}
    hung = daemon.wait_event("worker-hung")
    assert int(hung["worker_pid"]) == answer["pid"]
    seconds, millis = re.search(r"WATCHDOG=1 for (?:(\d+)s)? ?(?:(\d+)ms)?", hung["reason"]).groups("0")
    assert int(seconds) * 1000 + int(millis) >= 400
    assert f"process {answer['pid']} node" in hung["evidence"]
    assert ask(port, "/health")["pid"] != answer["pid"]
    ended = daemon.wait_event("worker-exited")
    assert ended["cause"] == "hang" and "SIGABRT" in ended["exit"]
    daemon.wait_event("worker-verified", count=3)
    # The other never reported: its silence means nothing.
    assert len(daemon.events("worker-hung")) == 1


def test_a_worker_that_is_stopped_by_a_signal_misses_its_interval(make_daemon, directory, port):
    daemon = make_daemon(config(directory, port, Agent={"WatchdogSec": "1s"}))
    daemon.wait_event("worker-verified")
    pid = ask(port, "/say?text=WATCHDOG%3D1")["pid"]
    os.kill(pid, signal.SIGSTOP)
    assert int(daemon.wait_event("worker-hung")["worker_pid"]) == pid
    os.kill(pid, signal.SIGCONT)
    daemon.wait_event("worker-verified", count=2)


def test_a_worker_that_leaves_is_replaced_and_nobody_notices(make_daemon, directory, port):
    daemon = make_daemon(config(directory, port, Agent={"Workers": "2"}))
    daemon.wait_event("worker-verified", count=2)
    with Load(port, *tools()) as load:
        wait_for(lambda: load.done > 100)
        gone = ask(port, "/leave?code=0")["pid"]
        leaving = daemon.wait_event("worker-leaving")
        assert int(leaving["worker_pid"]) == gone and leaving["reason"] == "had enough"
        ended = daemon.wait_event("worker-exited")
        assert ended["cause"] == "left" and int(ended["worker_pid"]) == gone
        daemon.wait_event("worker-verified", count=3)
        done = load.done
        wait_for(lambda: load.done > done + 100)
    assert load.failed == {} and not daemon.events("worker-crashed")


def test_leaving_badly_is_a_crash(make_daemon, directory, port):
    daemon = make_daemon(config(directory, port))
    daemon.wait_event("worker-verified")
    ask(port, "/leave?code=3")
    assert daemon.wait_event("worker-crashed")["exit"] == "exit code 3"
    daemon.wait_event("worker-verified", count=2)


def test_sockets_go_with_their_workers(make_daemon, directory, port):
    daemon = make_daemon(config(directory, port))
    daemon.wait_event("worker-verified")
    assert len(list(daemon.directory.glob("notify-*"))) == 1
    daemon.cli("restart", check=True)
    daemon.wait_event("worker-exited")
    assert len(list(daemon.directory.glob("notify-*"))) == 1
    assert daemon.stop() == 0
    assert list(daemon.directory.glob("notify-*")) == []


def test_what_a_killed_daemon_left_is_swept(make_daemon, directory, port):
    daemon = make_daemon(config(directory, port))
    daemon.wait_event("worker-verified")
    left = list(daemon.directory.glob("notify-*"))
    daemon.process.kill()
    daemon.process.wait()
    daemon.close()
    assert left == list(daemon.directory.glob("notify-*")) != []
    again = daemon.mark()
    daemon.start()
    daemon.wait_event("worker-verified", since=again)
    assert left[0] not in daemon.directory.glob("notify-*")
