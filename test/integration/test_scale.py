"""`voxkeeper scale`: another number of workers, while they run and have callers."""

import json
import os
import shutil
import signal
import socket
import threading

import pytest
from agent import hold
from load import Load
from load_cuts import is_stopped
from load_kinds import Asker, Regular
from test_succession import next_instance, pids
from waiting import wait_for

WORKER = """
const http = require('node:http');
const server = http.createServer((request, response) => response.end(String(process.pid)));
server.keepAliveTimeout = 0; // who says nothing for long is no less a caller
server.listen(Number(process.env.PORT));
"""


@pytest.fixture
def config(directory, port):
    """Workers whose program a test may spoil; sections change it."""

    def build(**sections):
        script = directory / "worker.cjs"
        if not script.exists():
            script.write_text(WORKER)
        built = {"Agent": {"ExecStart": f"{shutil.which('node')} {script}",
                           "Environment": f"PORT={port}", "Listen": f"[::]:{port}",
                           "Handover": "preload", "Workers": "2", "TimeoutStartSec": "5s"},
                 "Health": {"Url": "/", "Interval": "1s", "StartInterval": "50ms"},
                 "Rollout": {"Bake": "100ms", "KeepWarm": "0"},
                 "Drain": {"Linger": "0", "Timeout": "60s"}}
        return {name: {**built.get(name, {}), **sections.get(name, {})}
                for name in {**built, **sections}}
    return build


@pytest.fixture
def begin(make_daemon, config):
    def start(workers=2, **sections):
        daemon = make_daemon(config(**sections))
        daemon.wait_event("worker-verified", count=workers, deadline=30)
        return daemon
    return start


def counts(daemon):
    workers = daemon.request("GET", "/api/v1/status")[1]["workers"]
    return workers["wanted"], workers["configured"], workers["serving"]


def hold_each(daemon, port, n):
    """So many callers of each worker; the others stand still meanwhile, or one might take them all."""
    callers, workers = [], pids(daemon)
    for pid in workers:
        others = [other for other in workers if other != pid]
        for other in others:
            os.kill(other, signal.SIGSTOP)
            wait_for(lambda other=other: is_stopped(other), what="it to stand still")
        try:
            callers += [hold(port) for _ in range(n)]
        finally:
            for other in others:
                os.kill(other, signal.SIGCONT)
    return callers


def wait_draining(daemon):
    def draining():
        workers = daemon.request("GET", "/api/v1/workers")[1]["workers"]
        return any(worker["state"] == "draining" for worker in workers)
    wait_for(draining, deadline=20, what="a worker that waits for its callers")


def changes(daemon):
    out = daemon.cli("changelog", "--json", "--kind=scale", check=True).stdout
    return [(c["details"]["VOXKEEPER_WORKERS_FROM"], c["details"]["VOXKEEPER_WORKERS"], c["reason"])
            for c in json.loads(out)["changes"]]


def test_callers_notice_nothing(begin, port):
    """Of more, none is refused; of fewer, nobody is cut, also who holds on for long."""
    daemon = begin()
    with Load(port, *[Asker] * 4) as load, Load(port, *[Regular] * 4) as regulars:
        grown = daemon.cli("scale", "4", "--reason=lunch", check=True)
        assert counts(daemon) == (4, 2, 4)
        assert "scaled from 2 to 4 workers" in grown.stdout and "Workers=2" in grown.stdout
        assert "verified" in grown.stderr
        daemon.cli("scale", "1", "--reason=night", check=True)
        assert counts(daemon) == (1, 2, 1)
        daemon.cli("scale", "--default", check=True)
        assert counts(daemon) == (2, 2, 2)
    assert load.failed == {} and regulars.failed == {}
    assert changes(daemon) == [("1", "2", ""), ("4", "1", "night"), ("2", "4", "lunch")]
    assert daemon.events("callers-cut") == []
    assert len(pids(daemon)) == 2


def test_whoever_holds_the_line_is_waited_for(begin, port):
    daemon = begin(workers=3, Agent={"Workers": "3"})
    callers = hold_each(daemon, port, 8)
    answer = []
    asking = threading.Thread(target=lambda: answer.append(daemon.cli("scale", "1", deadline=90)))
    asking.start()
    operation = daemon.wait_event("scale-began")["operation"]
    # The answer comes with Connection: close.
    wait_draining(daemon)
    wait_for(lambda: "waits for" in str(daemon.request("GET", f"/api/v1/operations/{operation}")),
             what="how many are waited for")
    for number, caller in enumerate(callers):
        caller.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert caller.recv(65536).startswith(b"HTTP/1.1 200"), f"caller {number} was cut"
    for caller in callers:
        caller.close()
    asking.join()
    assert answer[0].returncode == 0, answer[0].stderr
    assert "waits for" in answer[0].stderr and "for 5" in answer[0].stderr
    assert daemon.events("callers-cut") == []


BUSY = """
const fs = require('node:fs');
const http = require('node:http');
const server = http.createServer((request, response) => {
  if (request.url === '/busy') {
    fs.writeFileSync('busy', String(process.pid));
    while (!fs.existsSync('go'));
  }
  response.end(String(process.pid));
});
server.keepAliveTimeout = 0;
server.listen(Number(process.env.PORT));
"""


def test_those_with_the_fewest_callers_go(begin, port, directory):
    """The second one has more of them, so it stays; of as many the first one would."""
    (directory / "worker.cjs").write_text(BUSY)
    daemon = begin(Agent={"WorkingDirectory": str(directory)})
    workers = daemon.request("GET", "/api/v1/workers")[1]["workers"]
    first, second = (worker["pid"] for worker in sorted(workers, key=lambda w: w["slot"]))
    callers = []

    def call(path):
        callers.append(socket.create_connection(("127.0.0.1", port), timeout=10))
        callers[-1].sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    def answer(caller):
        return int(caller.recv(65536).rsplit(b"\r\n", 1)[1])

    # While one of them is busy the other one takes what comes.
    call("/busy")
    busy = int(wait_for(lambda: (directory / "busy").exists()
                        and (directory / "busy").read_text(), what="one that is busy"))
    while busy == first and len(callers) < 3:
        call("/")
        assert answer(callers[-1]) == second
    (directory / "go").touch()
    assert answer(callers[0]) == busy
    asking = threading.Thread(target=daemon.cli, args=("scale", "1"), kwargs={"deadline": 60})
    asking.start()
    wait_draining(daemon)
    workers = daemon.request("GET", "/api/v1/workers")[1]["workers"]
    assert [w["pid"] for w in workers if w["state"] == "serving"] == [second]
    for caller in callers:
        caller.close()
    asking.join()


def test_who_stays_for_too_long_is_named(begin, port):
    daemon = begin(Drain={"Timeout": "300ms"})
    callers = hold_each(daemon, port, 8)
    done = daemon.cli("scale", "1")
    assert done.returncode == 5 and "cut" in done.stderr
    assert daemon.wait_event("callers-cut")["callers"] in done.stderr
    for caller in callers:
        caller.close()


def test_workers_that_do_not_come_up_are_taken_back(begin, config, directory):
    daemon = begin()
    before = pids(daemon)
    (directory / "worker.cjs").write_text("console.log('no such table'); process.exit(3)")
    failed = daemon.cli("scale", "5", "--reason=more")
    assert failed.returncode == 4
    assert "exit code 3" in failed.stderr and "no such table" in failed.stderr
    assert "2 workers are wanted, as before" in failed.stderr
    assert counts(daemon) == (2, 2, 2) and pids(daemon) == before
    (entry,) = changes(daemon)
    assert entry == ("2", "5", "more")
    told = daemon.wait_event("scale-failed")
    assert "rolled back" in told["message"]


def test_as_json(begin):
    daemon = begin()
    operation = json.loads(daemon.cli("scale", "3", "--json", "--reason=r", check=True).stdout)
    assert operation["kind"] == "scale" and operation["state"] == "done"
    assert operation["reason"] == "r" and operation["exit_code"] == 0
    assert daemon.cli("scale", "3").returncode == 0  # so it is already
    status = daemon.request("GET", "/api/v1/status")[1]["workers"]["scale"]
    assert status["workers"] == 3 and status["author"]
    assert "Scaled     to 3 by" in daemon.cli("status").stdout


@pytest.mark.parametrize(("words", "code", "said"), [
    (["0"], 2, 'is no number of workers'),
    (["many"], 2, '"many" is no number of workers'),
    (["-1"], 2, "is no option here"),
    (["1.5"], 2, 'is no number of workers'),
    ([], 2, "either a number of workers or --default"),
    (["2", "--default"], 2, "either a number of workers or --default"),
    (["2", "3"], 2, "is not expected here"),
    (["64"], 1, "there is room for 51"),
    (["4000000000"], 1, "there is room for 51"),
])
def test_what_makes_no_sense_is_refused(begin, words, code, said):
    daemon = begin()
    refused = daemon.cli("scale", *words)
    assert (refused.returncode, said in refused.stderr) == (code, True), refused.stderr
    assert counts(daemon) == (2, 2, 2) and daemon.events("scale-began") == []


def test_not_while_workers_are_replaced_or_gone(begin):
    daemon = begin(Rollout={"Bake": "1h"})
    assert daemon.request("POST", "/api/v1/restart", {})[0] == 202
    daemon.wait_event("rollout-baking")
    refused = daemon.cli("scale", "3")
    assert refused.returncode == 1 and "rollout cancel" in refused.stderr
    daemon.cli("rollout", "cancel", check=True)
    daemon.cli("scale", "3", check=True)
    daemon.cli("drain", check=True)
    refused = daemon.cli("scale", "1")
    assert refused.returncode == 1 and "voxkeeper resume" in refused.stderr
    daemon.cli("resume", check=True)
    assert counts(daemon) == (3, 2, 3)


def test_nobody_else_may_bind_the_port(begin):
    daemon = begin(workers=1, Agent={"Handover": "none", "Workers": "1"})
    refused = daemon.cli("scale", "2")
    assert refused.returncode == 1 and "every worker binds Listen= itself" in refused.stderr


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGUSR2])
def test_the_number_outlives_voxkeeperd(begin, how):
    daemon = begin()
    daemon.cli("scale", "3", "--reason=rush", check=True)
    before = pids(daemon)
    daemon.stop(how)
    next_instance(daemon)
    wait_for(lambda: counts(daemon) == (3, 2, 3), what="three workers go on")
    assert pids(daemon) == before
    daemon.cli("upgrade", check=True)
    wait_for(lambda: counts(daemon) == (3, 2, 3), what="three workers go on")
    assert pids(daemon) == before
    assert daemon.request("GET", "/api/v1/status")[1]["workers"]["scale"]["reason"] == "rush"
    daemon.stop()
    stopped = daemon.mark()
    daemon.start()
    daemon.wait_event("worker-verified", count=2, since=stopped)
    wait_for(lambda: counts(daemon) == (2, 2, 2), what="the configuration counts after a stop")


def test_a_wait_goes_on_in_the_next_instance(begin, port):
    daemon = begin()
    callers = hold_each(daemon, port, 8)
    answer = []
    asking = threading.Thread(
        target=lambda: answer.append(daemon.cli("scale", "1", "--reason=less", deadline=90)))
    asking.start()
    wait_draining(daemon)
    os.kill(daemon.pid, signal.SIGKILL)
    daemon.wait()
    next_instance(daemon)
    for caller in callers:
        caller.close()
    asking.join()
    assert answer[0].returncode == 0, answer[0].stderr
    assert counts(daemon) == (1, 2, 1) and changes(daemon) == [("2", "1", "less")]


def test_reloads(begin, config):
    daemon = begin()
    daemon.cli("scale", "4", check=True)
    daemon.configure(config(Health={"Interval": "2s"}))
    daemon.cli("reload", check=True)
    assert counts(daemon) == (4, 2, 4), "a reload of something else leaves the number alone"
    daemon.configure(config(Agent={"Standby": "61"}))
    refused = daemon.cli("reload")
    assert refused.returncode == 1 and "wants 4 workers (voxkeeper scale)" in refused.stderr
    assert counts(daemon) == (4, 2, 4)
    daemon.configure(config(Agent={"Workers": "3"}))
    told = daemon.cli("reload", check=True)
    assert "Workers=3 counts again, in place of the 4 workers" in told.stderr
    wait_for(lambda: counts(daemon) == (3, 3, 3), what="the configuration's number")
    daemon.configure(config())
    daemon.cli("reload", check=True)
    wait_for(lambda: counts(daemon) == (2, 2, 2), what="a wish that ended stays ended")


def test_a_reload_that_is_rolled_back_leaves_the_number(begin, config, directory):
    daemon = begin()
    daemon.cli("scale", "3", check=True)
    bad = directory / "bad.cjs"
    bad.write_text("process.exit(3)")
    daemon.configure(config(Agent={"ExecStart": f"{shutil.which('node')} {bad}", "Workers": "1"}))
    assert daemon.cli("reload").returncode == 4
    wait_for(lambda: counts(daemon) == (3, 2, 3), what="the number from before the reload")
