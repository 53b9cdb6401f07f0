"""The helpers that the integration tests stand on, without a daemon."""

import os
import signal
import subprocess
import sys

import ports
import pytest
from daemon import Daemon, config_text
from ports import free_port, is_listening
from processes import Family, is_alive
from redis_server import RedisServer
from resp import RedisError
from waiting import Lines, Patience, wait_for


def test_redis_comes_back_on_its_port(redis):
    redis.command("SET", "a", "1")
    assert redis.command("GET", "a") == b"1"
    port = redis.port
    redis.stop()
    assert not is_listening(port)
    redis.start()
    assert redis.port == port and is_listening(port)
    assert redis.command("GET", "a") is None


def test_redis_may_keep_its_data(directory):
    server = RedisServer(directory / "kept", persist=True).start()
    server.command("SET", "a", "1")
    server.restart()
    assert server.command("GET", "a") == b"1"
    server.stop()


def test_redis_errors_are_raised(redis):
    with pytest.raises(RedisError, match="WRONGTYPE"):
        with redis.connect() as connection:
            connection.pipeline([["SET", "a", "x"], ["LPUSH", "a", "y"]])


def test_a_paused_redis_still_accepts(redis):
    redis.pause()
    assert is_listening(redis.port)
    redis.resume()
    assert redis.answers()


def test_family_finds_and_ends_orphans_of_every_session():
    family = Family()
    subprocess.run(["sh", "-c", "setsid sleep 600 & sleep 600 &"], check=True)
    orphans = wait_for(lambda: len(found := family.orphans()) == 2 and found)
    assert family.end() == 2
    assert not any(is_alive(pid) for pid in orphans)
    assert family.orphans() == []


def test_wait_for_reports_the_last_reason():
    def never():
        assert 1 == 2, "the reason"
    with pytest.raises(AssertionError, match="waited 0.05 s for never") as failure:
        wait_for(never, deadline=0.05)
    assert "the reason" in str(failure.value.__cause__)


def test_deadlines_count_less_while_others_have_the_processors(directory, monkeypatch):
    pressure = directory / "cpu"
    monkeypatch.setattr("waiting.PRESSURE", pressure)
    monkeypatch.setattr("waiting.time.monotonic", lambda: now)

    def patience_after(seconds, starved):
        nonlocal now
        now = 100.0
        pressure.write_text("some avg10=0.00 avg60=0.00 avg300=0.00 total=7000000\n"
                            "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
        patience = Patience(10)
        now += seconds
        pressure.write_text(f"some avg10=9.00 avg60=0.00 avg300=0.00 total={7000000 + starved * 1000000}\n")
        return patience.left()

    now = 0.0
    assert patience_after(11, starved=0) == -1  # nobody else wants anything: it hangs
    assert patience_after(11, starved=4) == 3
    assert patience_after(12, starved=12) == 7 and patience_after(44, starved=44) == -1
    monkeypatch.setattr("waiting.PRESSURE", directory / "none")
    assert patience_after(11, starved=11) == -1


def test_lines_are_not_lost_between_two_waits():
    read, write = os.pipe()
    with open(read, "rb") as stream:
        os.write(write, b"one\ntwo\nthr")
        lines = Lines(stream)
        assert [lines.next(10), lines.next(10)] == [b"one", b"two"]
        assert lines.next(0.05) is None
        os.write(write, b"ee\n")
        assert lines.next(10) == b"three"
        os.close(write)
        assert lines.next(10) is None


def test_no_port_is_given_to_two_tests():
    port = free_port()
    other = subprocess.run(
        [sys.executable, "-c", f"import ports, random; random.randrange = lambda *_: {port};"
         "ports.free_port(tries=1)"], env=os.environ | {"PYTHONPATH": os.path.dirname(ports.__file__)},
        capture_output=True, text=True)
    assert "no free port" in other.stderr


def test_config_text():
    sections = {"Agent": {"Workers": 2, "Environment": ["A=1", "B=2"], "User": None}, "Redis": {}}
    assert config_text(sections) == "[Agent]\nWorkers=2\nEnvironment=A=1\nEnvironment=B=2\n[Redis]\n"


@pytest.fixture
def fake_daemon(directory, monkeypatch):
    """A Daemon whose program is a script that plays voxkeeperd."""
    (directory / "src/daemon").mkdir(parents=True)
    program = directory / "src/daemon/voxkeeperd"
    program.write_text(f"""#!{sys.executable}
import json, signal, subprocess, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
children = [subprocess.Popen(["sleep", "600"], start_new_session=True) for _ in range(2)]
print(json.dumps({{"event": "worker-started", "worker_pid": str(children[1].pid)}}), file=sys.stderr)
for worker in 1, 2:
    print(json.dumps({{"event": "worker-verified", "worker": str(worker)}}), file=sys.stderr)
print("not JSON", file=sys.stderr, flush=True)
signal.pause()
""")
    program.chmod(0o755)
    monkeypatch.setattr("daemon.BUILD", directory)
    daemon = Daemon(directory / "d", {"Agent": {}}).start()
    yield daemon
    daemon.close()


def test_daemon_events_are_waited_for(fake_daemon):
    assert fake_daemon.wait_event("worker-verified", worker=2)["worker"] == "2"
    assert fake_daemon.wait_event("worker-verified", count=2)["worker"] == "2"
    assert fake_daemon.wait_line(message="not JSON")
    with pytest.raises(AssertionError, match="worker-gone"):
        fake_daemon.wait_event("worker-gone", deadline=0.1)
    with pytest.raises(AssertionError, match="waited"):
        fake_daemon.wait_event("worker-verified", since=fake_daemon.mark(), deadline=0.1)


def test_daemon_ends_and_its_survivors_are_found(fake_daemon):
    fake_daemon.wait_line(message="not JSON")
    (worker,) = fake_daemon.workers()
    assert fake_daemon.stop() == 7
    # The other child is none: it might have been a probe.
    left = fake_daemon.survivors()
    assert worker in left and len(left) == 2
    fake_daemon.close()
    assert not is_alive(worker)


def test_waiting_ends_when_the_daemon_does(fake_daemon):
    fake_daemon.wait_line(message="not JSON")
    fake_daemon.send(signal.SIGKILL)
    with pytest.raises(AssertionError, match="voxkeeperd ended"):
        fake_daemon.wait_event("never", deadline=60)


def test_skips_are_failures_when_everything_must_run(directory):
    test = directory / "test_skip.py"
    test.write_text("import pytest\n\ndef test_skips():\n    pytest.skip('no reason')\n")
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    outcome = {}
    for value in "0", "1":
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-c", f"{top}/pytest.ini", "--rootdir", directory,
             "-p", "conftest", "-o", f"pythonpath={top}/lib", test],
            env=os.environ | {"VOXKEEPER_MUST_RUN": value, "PYTHONPATH": f"{top}:{top}/lib"},
            cwd=directory,  # where no other conftest is found first
            capture_output=True, text=True)
        outcome[value] = (done.returncode, "skipped under VOXKEEPER_MUST_RUN=1" in done.stdout)
    assert outcome == {"0": (0, False), "1": (1, True)}


def test_a_real_daemon_supervises_the_reference_agent(agent_config, make_daemon, port):
    daemon = make_daemon(agent_config(Drain={"Timeout": "1s"}))
    verified = daemon.wait_event("worker-verified", worker=1)
    assert daemon.workers() == [int(verified["worker_pid"])]
    assert is_listening(port)
    assert daemon.request("GET", "/api/v1/status")[1]["ready"] is True
    assert daemon.stop() == 0
    assert daemon.survivors() == []
