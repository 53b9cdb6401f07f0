"""voxkeeper doctor: what Redis counts, and what happened once is no finding for ever."""

import re
import shutil
import socket
import time

import pytest
from diagnosing import apart, diagnosis, names, neighbour, report, start, well  # noqa: F401
from redis_server import RedisServer
from waiting import wait_for

OLD = b"5.0.15"


@pytest.fixture
def old_redis(directory):
    """No Debian has one that is too old: ours, with another version in its program."""
    program = directory / "old-redis-server"
    text = open(shutil.which("redis-server"), "rb").read()
    (version,) = re.findall(rb"[%\0]s?(\d\.\d\.\d+)\0", text)[:1]
    assert len(version) == len(OLD), version
    program.write_bytes(text.replace(version + b"\0", OLD + b"\0"))
    program.chmod(0o755)
    server = RedisServer(directory / "old", program=(program,)).start()
    yield server
    server.stop()


def test_a_redis_that_is_too_old(start, old_redis):
    daemon = start({"REDIS_URL": old_redis.url}, Redis={"Url": old_redis.url})
    finding = diagnosis(daemon, "redis-version")["redis-version"]
    assert finding["evidence"].endswith(f"version {OLD.decode()}")


def stale_percent(redis):
    return float(re.search(rb"expired_stale_perc:([\d.]+)", redis.command("INFO", "stats"))[1])


def test_a_redis_that_does_not_keep_up_with_what_expires(start, well, directory):
    redis = RedisServer(directory / "busy", "--enable-debug-command", "local").start()
    try:
        daemon = start({"REDIS_URL": redis.url}, Redis={"Url": redis.url})
        diagnosis(daemon)
        with redis.connect() as connection:
            connection.command("SELECT", "1")
            # They have expired when the script ends, and Redis finds out by and by.
            connection.command("EVAL", "for i = 1, 400000 do redis.call('SET', 'filler:' .. i, '', "
                               "'PXAT', ARGV[1]) end", "0", str(int(time.time() * 1000) + 500))
        wait_for(lambda: stale_percent(redis) > 40, 60, "what has expired to be noticed")
        redis.command("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        check = "sessions-expired-backlog"
        finding = diagnosis(daemon, check)[check]
        assert "of the keys with a TTL have expired" in finding["evidence"]
    finally:
        redis.kill()


def evicts(redis):
    used = int(re.search(rb"used_memory:(\d+)", redis.command("INFO", "memory"))[1])
    redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    redis.command("CONFIG", "SET", "maxmemory", str(used + 500000))
    for i in range(2000):
        redis.command("SET", f"filler:{i}", "x" * 1000)
    redis.command("CONFIG", "SET", "maxmemory", "0")


def is_refused(redis):
    with socket.create_connection(("127.0.0.1", redis.port)) as extra:
        return extra.recv(200).startswith(b"-ERR max number of clients")


def refuses(redis):
    with redis.connect() as connection:
        connection.command("CONFIG", "SET", "maxclients", "1")
        assert is_refused(redis)
        connection.command("CONFIG", "SET", "maxclients", "10000")


@pytest.mark.parametrize("happen, check, member", [
    (evicts, "sessions-evicted", "evicted_keys"),
    (refuses, "redis-clients", "rejected_connections"),
])
def test_what_happened_once_is_forgotten(start, redis, happen, check, member):
    # What is of late is told of 360 of these.
    daemon = start(Doctor={"SampleInterval": "100ms"})
    happen(redis)
    diagnosis(daemon, check)
    wait_for(lambda: names(report(daemon)) == [], 120, "it to be long ago")
    assert int(re.search(rf"{member}:(\d+)".encode(), redis.command("INFO", "stats"))[1]) > 0
    happen(redis)
    diagnosis(daemon, check)


def test_what_nobody_watched_is_said(start, redis):
    # Without having seen it rise, it is not known to be of late.
    evicts(redis)
    wait_for(lambda: int(re.search(rb"uptime_in_seconds:(\d+)", redis.command("INFO"))[1]) > 40, 60)
    daemon = start(Doctor={"SampleInterval": "100ms"})
    assert names(report(daemon)) == []
