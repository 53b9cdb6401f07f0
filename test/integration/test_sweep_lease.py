"""Two voxkeeperd on one Redis: one sweeps at a time, whoever is stopped, killed or asked twice."""

import json
import signal
import subprocess

import pytest
from daemon import BUILD
from waiting import wait_for

LEASE = "voxkeeper:lease:sweep"
WORK = BUILD / "test/bench/bench-redis-work"
FOREIGN, SESSIONS, TASKS, STALE = 100000, 4000, 4000, 3000


@pytest.fixture
def two(make_daemon, sleeper_config, redis):
    subprocess.run([WORK, redis.socket, "fill", str(FOREIGN), str(SESSIONS), str(TASKS), str(STALE)],
                   check=True)
    sections = {**sleeper_config(), "Redis": {"Url": redis.unix_url},
                "Sweep": {"Interval": "infinity", "MaxDelete": "infinity"}}
    daemons = [make_daemon(sections) for _ in range(2)]
    for daemon in daemons:
        daemon.wait_event("redis-up")
    return daemons


def begin(daemon):
    return subprocess.Popen([BUILD / "src/cli/voxkeeper", "--socket", daemon.socket, "sweep", "--json"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def result(sweep):
    out, err = sweep.communicate(timeout=60)
    return sweep.returncode, json.loads(out.splitlines()[-1])["operation"], err


def holder(redis):
    """The process that has the lease; None: nobody."""
    value = redis.command("GET", LEASE)
    return int(value.split(b":")[1]) if value else None


def stop_while_it_sweeps(daemon, redis):
    wait_for(lambda: holder(redis) == daemon.pid, what="it to have the lease")
    daemon.send(signal.SIGSTOP)
    assert holder(redis) == daemon.pid


def test_the_other_is_told_who_sweeps(two, redis):
    first, second = two
    sweep = begin(first)
    stop_while_it_sweeps(first, redis)
    refused = second.cli("sweep")
    assert refused.returncode == 1
    assert f"(process {first.pid}) holds {LEASE}" in refused.stderr, refused.stderr
    assert str(first.pid) in second.wait_event("sweep-elsewhere")["reason"]
    # A look disturbs nobody, and needs no lease.
    assert second.cli("sweep", "--dry-run").returncode == 0
    first.send(signal.SIGCONT)
    rc, operation, err = result(sweep)
    assert rc == 0 and operation["result"]["removed"] == STALE, err
    assert holder(redis) is None
    assert redis.command("DBSIZE") == FOREIGN + SESSIONS + TASKS - STALE
    assert "removed 0" in second.cli("sweep", check=True).stdout


def test_one_that_is_stopped_loses_the_lease_and_nothing_else(two, redis):
    first, second = two
    sweep = begin(first)
    stop_while_it_sweeps(first, redis)
    redis.command("PEXPIRE", LEASE, 1)  # what half a minute does to it
    wait_for(lambda: holder(redis) is None, what="the lease to run out")
    taken_over = json.loads(second.cli("sweep", "--json", check=True).stdout.splitlines()[-1])
    assert holder(redis) is None
    assert redis.command("DBSIZE") == FOREIGN + SESSIONS + TASKS - STALE
    first.send(signal.SIGCONT)
    rc, operation, err = result(sweep)
    assert rc == 0 and operation["result"]["complete"], err
    removed = operation["result"]["removed"] + taken_over["operation"]["result"]["removed"]
    assert removed == STALE
    assert redis.command("DBSIZE") == FOREIGN + SESSIONS + TASKS - STALE


def test_one_that_is_killed_holds_it_for_as_long_as_the_lease(two, redis):
    first, second = two
    sweep = begin(first)
    wait_for(lambda: holder(redis) == first.pid, what="the first to have the lease")
    first.send(signal.SIGKILL)
    first.wait()
    sweep.communicate(timeout=60)
    assert 0 < redis.command("PTTL", LEASE) <= 30000
    assert second.cli("sweep").returncode == 1
    redis.command("PEXPIRE", LEASE, 1)
    wait_for(lambda: holder(redis) is None, what="the lease to run out")
    second.cli("sweep", check=True)
    assert redis.command("DBSIZE") == FOREIGN + SESSIONS + TASKS - STALE
