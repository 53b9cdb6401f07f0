"""Handover=preload and callers that are no plain requests: TLS, and calls that last for minutes."""

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import threading

import pytest
from waiting import wait_for

# TLS when it is given a certificate; an upgraded connection echoes, as a WebSocket does.
WORKER = """
const fs = require('node:fs');
const [pem] = process.argv.slice(2);
const answer = (request, response) => response.end(String(process.pid));
const server = pem
    ? require('node:https').createServer({ key: fs.readFileSync(pem), cert: fs.readFileSync(pem) }, answer)
    : require('node:http').createServer(answer);
server.on('upgrade', (request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n');
    socket.on('data', (data) => socket.write(`${process.pid} ${data}`));
    socket.on('end', () => socket.end());
});
server.listen(Number(process.env.PORT));
"""


@pytest.fixture
def config(directory, port):
    def build(*arguments):
        worker = directory / "worker.cjs"
        worker.write_text(WORKER)
        return {"Agent": {"ExecStart": " ".join([shutil.which("node"), str(worker), *arguments]),
                          "Environment": f"PORT={port}", "Listen": f"[::]:{port}",
                          "Handover": "preload"},
                "Probe up": {"Type": "tcp"}, "Health": {"Interval": "1s", "StartInterval": "50ms"},
                "Rollout": {"Bake": "100ms", "KeepWarm": "0"},
                "Drain": {"Linger": "0", "Timeout": "20s"}}
    return build


@pytest.fixture
def pem(directory):
    path = directory / "tls.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-keyout", path, "-out", directory / "cert.pem"],
                   check=True, capture_output=True)
    with open(path, "a") as file:
        file.write((directory / "cert.pem").read_text())
    return path


def test_tls_callers_notice_no_restart(make_daemon, config, pem, port):
    daemon = make_daemon(config(str(pem)))
    daemon.wait_event("worker-verified")
    context = ssl.create_default_context(cafile=str(pem))
    seen, failed, stop = [], [], threading.Event()

    def call():
        while not stop.is_set():
            try:
                caller = http.client.HTTPSConnection("localhost", port, timeout=20, context=context)
                caller.request("GET", "/")
                seen.append(int(caller.getresponse().read()))
                caller.close()
            except (OSError, http.client.HTTPException) as error:
                failed.append(repr(error))

    callers = [threading.Thread(target=call) for _ in range(2)]
    for caller in callers:
        caller.start()
    try:
        wait_for(lambda: len(seen) > 10)
        for workers in 2, 3:
            daemon.cli("restart", check=True)
            wait_for(lambda workers=workers: len(set(seen)) == workers, what="an answer of the new one")
        done = len(seen)
        wait_for(lambda: len(seen) > done + 10)
    finally:
        stop.set()
        for caller in callers:
            caller.join()
    assert failed == []


def test_a_call_outlives_the_restart_and_the_worker_waits_for_it(make_daemon, config, port):
    daemon = make_daemon(config())
    pid = int(daemon.wait_event("worker-verified")["worker_pid"])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as call:
        call.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
        assert call.recv(4096).startswith(b"HTTP/1.1 101 ")
        daemon.cli("restart", check=True)
        for word in b"still", b"there":
            call.sendall(word)
            assert call.recv(4096) == b"%d %s" % (pid, word)
        new = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        new.request("GET", "/")
        assert int(new.getresponse().read()) != pid
        new.close()
        os.kill(pid, 0)
        assert not daemon.events("worker-exited")
    assert int(daemon.wait_event("worker-exited")["worker_pid"]) == pid
