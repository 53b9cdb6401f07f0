"""Workers outlive voxkeeperd: its crash, its restart and its upgrade are noticed by nobody."""

import os
import shutil
import signal
import subprocess

import pytest
from agent import ask_half, request
from daemon import BUILD
from load import Load, tools
from processes import is_alive
from waiting import wait_for

QUICK = {"Bake": "200ms", "KeepWarm": "0"}
FAULTS = {"FAULT_ROUTES": "1"}


def pids(daemon):
    workers = daemon.request("GET", "/api/v1/workers")[1]["workers"]
    return sorted(worker["pid"] for worker in workers if worker["pid"])


def begin(make_daemon, config, workers=2):
    daemon = make_daemon(config)
    daemon.wait_event("worker-verified", count=workers)
    return daemon


def next_instance(daemon, since=0):
    """Another voxkeeperd in the place of the one that ended; what it said on its arrival."""
    since = since or daemon.mark()
    daemon.start()
    return daemon.wait_event("daemon-resumed", since=since)


@pytest.fixture
def two_workers(make_daemon, agent_config):
    return begin(make_daemon, agent_config(
        FAULTS, Agent={"Handover": "preload", "Workers": "2"}, Rollout=QUICK))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGABRT, signal.SIGUSR2])
def test_whatever_ends_voxkeeperd_the_next_one_adopts_its_workers(two_workers, port, how):
    daemon = two_workers
    before = pids(daemon)
    with Load(port, *tools()) as load, Load(port, *tools(2, keep_alive=True)) as regulars:
        status = daemon.stop(how)
        assert status == (0 if how == signal.SIGUSR2 else -how)
        done = load.done
        wait_for(lambda: load.done > done + 100)
        assert all(is_alive(pid) for pid in before)
        resumed = next_instance(daemon)
        assert pids(daemon) == before
        daemon.cli("restart", check=True)
    assert load.failed == {} and regulars.failed == {}
    assert "2 of 2 workers serve" in resumed["message"]
    wait_for(lambda: not any(is_alive(pid) for pid in before))
    wait_for(lambda: len(pids(daemon)) == 2)


def test_again_and_again(two_workers, port):
    daemon = two_workers
    before = pids(daemon)
    with Load(port, *tools()) as load:
        for number in range(1, 6):
            daemon.stop(signal.SIGKILL)
            assert next_instance(daemon)["resumes"] == str(number)
    assert load.failed == {}
    assert pids(daemon) == before
    # Nothing was done to them, and they still are what is probed and counted.
    assert len(daemon.events("worker-started")) == 2
    assert daemon.events("worker-crashed") == []


def test_a_stop_after_an_adoption_leaves_nothing(two_workers):
    daemon = two_workers
    daemon.stop(signal.SIGKILL)
    next_instance(daemon)
    before = pids(daemon)
    assert daemon.stop() == 0
    wait_for(lambda: daemon.survivors() == [])
    assert not any(is_alive(pid) for pid in before)
    since = daemon.mark()
    daemon.start()
    daemon.wait_event("worker-verified", count=2, since=since)
    assert daemon.events("daemon-resumed", since=since) == []


def test_a_worker_that_died_while_nobody_watched_is_replaced(two_workers):
    daemon = two_workers
    dead, other = pids(daemon)
    daemon.stop(signal.SIGKILL)
    os.kill(dead, signal.SIGKILL)
    since = daemon.mark()
    next_instance(daemon)
    ended = daemon.wait_event("worker-crashed", since=since)
    assert ended["worker_pid"] == str(dead)
    daemon.wait_event("worker-verified", since=since)
    assert other in pids(daemon) and len(pids(daemon)) == 2


def test_an_adopted_worker_that_crashes_is_replaced(two_workers, port):
    daemon = two_workers
    daemon.stop(signal.SIGKILL)
    next_instance(daemon)
    since = daemon.mark()
    os.kill(pids(daemon)[0], signal.SIGKILL)
    daemon.wait_event("worker-crashed", since=since)
    daemon.wait_event("worker-verified", since=since)
    assert request(port, "GET", "/health")[0] == 200


def test_what_workers_write_meanwhile_is_not_lost(make_daemon, sleeper_config, directory):
    script = directory / "worker"
    script.write_text("""#!/bin/bash
trap 'n=$((n + 1)); echo word $n' USR1
sleep 600 &
echo here
while :; do wait; done
""")
    script.chmod(0o755)
    daemon = make_daemon(sleeper_config(ExecStart=str(script)))
    pid = int(daemon.wait_event("worker-verified")["worker_pid"])
    daemon.wait_line(message="here")
    daemon.stop(signal.SIGKILL)
    os.kill(pid, signal.SIGUSR1)
    next_instance(daemon)
    daemon.wait_line(message="word 1")
    os.kill(pid, signal.SIGUSR1)
    daemon.wait_line(message="word 2")
    assert is_alive(pid)


def test_a_configuration_that_is_refused_costs_no_worker(two_workers, port):
    daemon = two_workers
    before = pids(daemon)
    good = daemon.config.read_text()
    daemon.stop(signal.SIGUSR2)
    daemon.config.write_text(good + "\n[Agent]\nWorkres=3\n")
    since = daemon.mark()
    next_instance(daemon)
    refused = daemon.wait_event("config-refused", since=since)
    assert 'did you mean "Workers"' in refused["reason"]
    assert pids(daemon) == before
    assert request(port, "GET", "/health")[0] == 200
    daemon.config.write_text(good)
    daemon.cli("reload", check=True)


def test_a_configuration_that_changed_meanwhile_is_rolled_out(two_workers, port):
    daemon = two_workers
    before = pids(daemon)
    daemon.stop(signal.SIGUSR2)
    daemon.config.write_text(daemon.config.read_text() + "\n[Agent]\nEnvironment=NEW=1\n")
    since = daemon.mark()
    with Load(port, *tools()) as load:
        next_instance(daemon)
        daemon.wait_event("config-reloaded", since=since)
    assert load.failed == {}
    wait_for(lambda: not any(is_alive(pid) for pid in before))


def test_two_at_a_time_are_refused(two_workers):
    daemon = two_workers
    before = pids(daemon)
    second = subprocess.run([BUILD / "src/daemon/voxkeeperd", "--config", daemon.config],
                            capture_output=True, text=True, timeout=30,
                            env=os.environ | {"VOXKEEPER_PRELOAD_DIR": str(BUILD / "src/preload")})
    assert second.returncode == 70
    assert "another" in second.stderr or "voxkeeperd" in second.stderr
    assert pids(daemon) == before


def test_in_the_middle_of_a_rollout(make_daemon, agent_config, port):
    daemon = begin(make_daemon, agent_config(
        Agent={"Handover": "preload", "Workers": "2"}, Rollout={"Bake": "2s", "KeepWarm": "0"}))
    before = pids(daemon)
    with Load(port, *tools()) as load:
        waiting = subprocess.Popen([BUILD / "src/cli/voxkeeper", "--socket", daemon.socket, "restart"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        daemon.wait_event("worker-verified", count=3)
        daemon.stop(signal.SIGKILL)
        since = daemon.mark()
        next_instance(daemon, since)
        waiting.communicate(timeout=30)
        wait_for(lambda: len(pids(daemon)) == 2 and set(pids(daemon)).isdisjoint(before), 30)
    assert load.failed == {}
    # Whoever asked for it is told of it by the instance that ended it.
    assert waiting.returncode == 0
    # One canary, and one more: the rollout went on and did not begin anew.
    assert len(daemon.events("worker-started")) == 4


def test_a_drain_goes_on(two_workers, port):
    daemon = two_workers
    with ask_half(port) as caller:
        drain = subprocess.Popen([BUILD / "src/cli/voxkeeper", "--socket", daemon.socket, "drain"],
                                 stderr=subprocess.DEVNULL)
        daemon.wait_event("drain-progress", callers="1")
        daemon.stop(signal.SIGKILL)
        next_instance(daemon)
        assert daemon.request("GET", "/api/v1/status")[1]["state"] == "draining"
        caller.sendall(b"the rest.")
        assert caller.recv(65536).startswith(b"HTTP/1.1 404"), "it was cut"
    daemon.wait_event("drain-done")
    drain.wait(30)
    daemon.cli("resume", check=True)
    assert request(port, "GET", "/health")[0] == 200


class Installed:
    """A voxkeeperd of its own file, which a test may replace."""

    def __init__(self, directory):
        self.path = directory / "voxkeeperd"
        shutil.copy(BUILD / "src/daemon/voxkeeperd", self.path)

    def replace(self, text=None):
        """As a package manager does it: a new file in the place of the old one."""
        fresh = self.path.with_suffix(".new")
        if text is None:
            shutil.copy(BUILD / "src/daemon/voxkeeperd", fresh)
        else:
            fresh.write_text(text)
            fresh.chmod(0o755)
        fresh.rename(self.path)


@pytest.fixture
def installed_file(directory):
    return Installed(directory)


@pytest.fixture
def upgradable(make_daemon, agent_config, installed_file):
    daemon = make_daemon(agent_config(Agent={"Handover": "preload", "Workers": "2"}, Rollout=QUICK),
                         start=False)
    daemon.start(program=installed_file.path)
    daemon.wait_event("worker-verified", count=2)
    return daemon


def test_upgrades_are_noticed_by_nobody(upgradable, installed_file, port):
    daemon, before, own = upgradable, pids(upgradable), upgradable.pid
    with Load(port, *tools()) as load, Load(port, *tools(2, keep_alive=True)) as regulars:
        for number in range(1, 4):
            installed_file.replace()
            done = daemon.cli("upgrade", check=True)
            assert "same workers" in done.stdout
            assert daemon.wait_event("upgrade-done", count=number)
    assert load.failed == {} and regulars.failed == {}
    assert daemon.pid == own and daemon.process.poll() is None
    assert pids(daemon) == before
    assert daemon.stop() == 0
    wait_for(lambda: daemon.survivors() == [])


@pytest.mark.parametrize("program, why", [
    ("#!/bin/sh\necho 'no such library' >&2\nexit 127\n", "no such library"),
    ("#!/bin/sh\nkill -SEGV $$\n", "SIGSEGV"),
    ("not a program", "Exec format error"),
])
def test_a_program_that_cannot_go_on_changes_nothing(upgradable, installed_file, port, program, why):
    daemon, before = upgradable, pids(upgradable)
    installed_file.replace(program)
    refused = daemon.cli("upgrade")
    assert refused.returncode == 1 and why in refused.stderr
    assert why in daemon.wait_event("upgrade-refused")["reason"]
    assert pids(daemon) == before
    installed_file.replace()
    daemon.cli("upgrade", check=True)
    assert pids(daemon) == before


def test_a_program_that_agrees_and_cannot_start_changes_nothing(upgradable, installed_file, port):
    daemon, before = upgradable, pids(upgradable)
    # It says yes, and is then gone.
    installed_file.replace('#!/bin/sh\nrm "$0"\nexit 0\n')
    refused = daemon.cli("upgrade")
    assert refused.returncode == 1 and "No such file" in refused.stderr
    assert pids(daemon) == before
    os.kill(before[0], signal.SIGKILL)
    daemon.wait_event("worker-verified", count=3)
    assert request(port, "GET", "/health")[0] == 200
