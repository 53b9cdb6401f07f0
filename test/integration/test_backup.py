"""Backups of the sweep and putting keys back, with a real Redis."""

import json
import os
import random
import re
import shutil
import subprocess
import time

import backup_file
import pytest
from daemon import BUILD
from waiting import wait_for

NAME = "sweep-20251122-164640-123456.backup"
OLD = "2020-01-01T00:00:00Z"


@pytest.fixture
def swept(make_daemon, sleeper_config, redis):
    """A daemon that sweeps `redis` when it is told to; sweep: further keys of [Sweep]."""

    def make(start=True, **sweep):
        config = {**sleeper_config(), "Redis": {"Url": redis.unix_url},
                  "Sweep": {"Interval": "infinity", "MaxDelete": "infinity", **sweep}}
        daemon = make_daemon(config, start=start)
        if start:
            daemon.wait_event("redis-up")
        return daemon

    return make


def session(name, **fields):
    value = json.dumps({"sessionId": name, "createdAt": OLD, **fields})
    return "SET", f"elevenlabs:session:{name}", value


def backups(daemon):
    return json.loads(daemon.cli("backups", "--json", check=True).stdout)


def only_backup(daemon):
    (found,) = backups(daemon)
    return found["file"]


def restore(daemon, *argv, rc=0):
    done = daemon.cli("restore", *argv, "--json")
    assert done.returncode == rc, done.stdout + done.stderr + daemon.output()
    return json.loads(done.stdout)["result"]


def state_of(result, key):
    return next(k["result"] for k in result["listed"] if k["key"] == key)


# ---- a sweep and its way back ----


def test_what_a_sweep_removes_comes_back(swept, redis):
    daemon = swept()
    noise = random.Random(1)
    values = {"plain": "x", "long": "x" * 5000, "noise": f"{noise.getrandbits(20000):x}",
              "quotes": "\"'\\\n\u00e9"}
    for name, text in values.items():
        redis.command(*session(name, text=text))
    redis.command("SET", b"elevenlabs:session:\xff\x00*\n", json.dumps({"createdAt": OLD}))
    redis.command("SET", "cursor_task:stuck", json.dumps(
        {"taskId": "stuck", "pending": True, "createdAt": OLD}), "EX", 900000)
    redis.command("SET", "elevenlabs:conversation:1", "stays")
    names = sorted(redis.command("KEYS", "*"))
    dumps = {name: redis.command("DUMP", name) for name in names}
    ends = {name: redis.command("PEXPIRETIME", name) for name in names}
    assert daemon.cli("backups").stdout.startswith("0 backups in ")

    lines = daemon.cli("sweep", "--json", check=True).stdout.splitlines()
    swept_ = json.loads(lines[-1])["operation"]["result"]
    assert swept_["removed"] == 6 and swept_["backed_up"] == 6
    assert redis.command("KEYS", "*") == [b"elevenlabs:conversation:1"]
    file = only_backup(daemon)
    assert swept_["backup"] == file
    path = daemon.state / "backups" / file
    assert path.stat().st_mode & 0o7777 == 0o600
    assert path.parent.stat().st_mode & 0o7777 == 0o700
    saved = {name: (payload, end, what) for name, payload, end, what
             in backup_file.read(path.read_bytes())}
    assert saved == {name: (dumps[name], ends[name], "removed") for name in names
                     if name in saved} and len(saved) == 6

    shown = daemon.cli("backups", file, check=True).stdout
    assert "elevenlabs:session:plain" in shown and "stuck-task" in shown
    assert re.search(r"^6 keys$", shown, re.M)
    rehearsal = restore(daemon, file, "--dry-run")
    assert rehearsal["results"] == {"would-restore": 6}
    assert state_of(rehearsal, r"elevenlabs:session:\xff\x00*\n") == "would-restore"
    shown = daemon.cli("restore", file, "--dry-run", check=True).stdout
    assert len(re.findall("^would restore  ", shown, re.M)) == 6
    assert not re.search("^restored", shown, re.M)
    assert redis.command("DBSIZE") == 1
    assert not daemon.events("restore-done")

    assert restore(daemon, file)["results"] == {"restored": 6}
    assert sorted(redis.command("KEYS", "*")) == names
    for name in names:
        assert redis.command("DUMP", name) == dumps[name], name
        assert redis.command("PEXPIRETIME", name) == ends[name], name
    event = daemon.wait_event("restore-done")
    assert event["restored"] == "6" and event["backup"] == file

    # Once more: nothing is overwritten.
    assert restore(daemon, file)["results"] == {"exists": 6}


def test_a_newer_value_stays_unless_told_otherwise(swept, redis):
    daemon = swept()
    for name in "ab":
        redis.command(*session(name))
    old = redis.command("GET", "elevenlabs:session:a")
    daemon.cli("sweep", check=True)
    file = only_backup(daemon)
    redis.command("SET", "elevenlabs:session:a", "new", "EX", 1000)
    result = restore(daemon, file, "--dry-run")
    assert state_of(result, "elevenlabs:session:a") == "exists"
    result = restore(daemon, file)
    assert state_of(result, "elevenlabs:session:a") == "exists"
    assert state_of(result, "elevenlabs:session:b") == "restored"
    assert redis.command("GET", "elevenlabs:session:a") == b"new"
    restore(daemon, file, "--key", "*:b", "--replace")
    assert redis.command("GET", "elevenlabs:session:a") == b"new"
    result = restore(daemon, file, "--replace")
    assert result["results"] == {"restored": 2}
    assert redis.command("GET", "elevenlabs:session:a") == old
    assert redis.command("TTL", "elevenlabs:session:a") == -1


def test_only_some_keys(swept, redis):
    daemon = swept()
    for name in ("a1", "a2", "b"):
        redis.command(*session(name))
    daemon.cli("sweep", check=True)
    file = only_backup(daemon)
    assert restore(daemon, file, "--key", "*:a?")["results"] == {"restored": 2}
    assert redis.command("DBSIZE") == 2
    none = daemon.cli("restore", file, "--key", "nothing*")
    assert none.returncode == 1 and 'no key in it matches "nothing*"' in none.stderr


def test_without_a_backup(swept, redis):
    daemon = swept(Backup="no")
    redis.command(*session("a"))
    daemon.cli("sweep", check=True)
    assert redis.command("DBSIZE") == 0
    assert backups(daemon) == [] and not (daemon.state / "backups").exists()


# ---- every type ----


def fill(redis):
    """Keys of every type in each of the encodings that Redis gives them."""
    run = redis.command
    run("SET", "t:string", "text")
    run("SET", "t:integer", 12345)
    run("SET", "t:compressed", "abc" * 1000)
    run("SET", "t:bytes", bytes(range(256)))
    run("SET", "t:empty", "")
    run("RPUSH", "t:list", *range(20))
    run("RPUSH", "t:list-long", *[f"{i}" * 100 for i in range(500)])
    run("HSET", "t:hash", *range(20))
    run("HSET", "t:hash-long", *[f"f{i}" * 30 for i in range(600)])
    run("SADD", "t:set-int", *range(50))
    run("SADD", "t:set", *[f"m{i}" for i in range(1000)])
    run("ZADD", "t:zset", 1, "a", "-inf", "b", 2.5, "c")
    run("ZADD", "t:zset-long", *[w for i in range(500) for w in (i, f"m{i}" * 20)])
    run("PFADD", "t:hyperloglog", *range(100))
    run("SETBIT", "t:bits", 10000, 1)
    run("GEOADD", "t:geo", 13.4, 52.5, "berlin")
    for i in range(5):
        run("XADD", "t:stream", f"{i + 1}-0", "field", f"value{i}")
    run("XGROUP", "CREATE", "t:stream", "group", 0)
    run("XREADGROUP", "GROUP", "group", "consumer", "COUNT", 2, "STREAMS", "t:stream", ">")
    run("SET", "t:with-ttl", "x", "PX", 5000000)


def content(redis, name):
    kind = redis.command("TYPE", name).decode()
    read = {"string": ("GET", name), "list": ("LRANGE", name, 0, -1), "hash": ("HGETALL", name),
            "set": ("SMEMBERS", name), "zset": ("ZRANGE", name, 0, -1, "WITHSCORES"),
            "stream": ("XRANGE", name, "-", "+")}[kind]
    value = redis.command(*read)
    if kind in ("set", "hash"):
        value = sorted(value)
    groups = redis.command("XINFO", "GROUPS", name) if kind == "stream" else None
    return kind, value, groups, redis.command("PEXPIRETIME", name)


def test_every_type_comes_back(swept, redis):
    daemon = swept()
    fill(redis)
    names = sorted(redis.command("KEYS", "*"))
    before = {name: content(redis, name) for name in names}
    records = [backup_file.key(name, redis.command("DUMP", name), before[name][3],
                               before[name][0].encode()) for name in names]
    backup_file.write(daemon.state / "backups" / NAME, backup_file.block(
        backup_file.header(), *records[:7]), backup_file.block(*records[7:]))
    redis.command("FLUSHALL")
    assert restore(daemon, NAME)["results"] == {"restored": len(names)}
    assert {name: content(redis, name) for name in names} == before


def test_a_format_that_this_redis_does_not_know(swept, redis):
    """Strings come back all the same; of the others the reason is told."""
    daemon = swept()
    fill(redis)
    names = sorted(redis.command("KEYS", "*"))
    before = {name: content(redis, name) for name in names}
    strings = {name for name in names if before[name][0] == "string"}

    def newer(payload):
        """The same of a version far ahead, with a right checksum."""
        body = payload[:-10] + (999).to_bytes(2, "little")
        return body + crc64(body).to_bytes(8, "little")

    records = [backup_file.key(name, newer(redis.command("DUMP", name)), before[name][3])
               for name in names]
    backup_file.write(daemon.state / "backups" / NAME,
                      backup_file.block(backup_file.header(version=b"99.0"), *records))
    redis.command("FLUSHALL")
    result = restore(daemon, NAME, rc=1)
    assert result["results"] == {"converted": len(strings), "refused": len(names) - len(strings)}
    assert {name: content(redis, name) for name in strings} == \
        {name: before[name] for name in strings}
    assert sorted(redis.command("KEYS", "*")) == sorted(strings)
    said = daemon.cli("restore", NAME)
    assert said.returncode == 1
    assert "this Redis does not know their format, which needs the version that wrote" in said.stderr
    assert "DUMP payload version or checksum are wrong" in said.stdout
    daemon.wait_event("restore-failed")


def crc64(data):
    """CRC-64/Jones, bit by bit."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x95AC9329AC4BC9B5 if crc & 1 else 0)
    return crc


# ---- what is not put back ----


def test_what_is_left_out(swept, redis):
    daemon = swept(Protect="mine:*")
    redis.command("SET", "x", "value")
    payload = redis.command("DUMP", "x")
    redis.command("FLUSHALL")
    now = int(time.time() * 1000)
    rows = [("gone", -1, "removed", "restored"), ("crashed", -1, "unknown", "restored"),
            ("soon", now + 3600000, "removed", "restored"), ("over", now - 1, "removed", "expired"),
            ("survived", -1, "survived", "not-removed"), ("left", -1, "not-tried", "not-removed"),
            ("mine:1", -1, "removed", "protected"),
            ("elevenlabs:conversation:1", -1, "removed", "protected")]
    backup_file.write(
        daemon.state / "backups" / NAME,
        backup_file.block(backup_file.header(), *[
            backup_file.key(name.encode(), payload, end) for name, end, _, _ in rows]),
        backup_file.block(backup_file.results(0, [outcome for _, _, outcome, _ in rows])))
    redis.command("SET", "over", "live")
    result = restore(daemon, NAME, "--replace")
    assert {k["key"]: k["result"] for k in result["listed"]} == \
        {name: expected for name, _, _, expected in rows}
    # An expiry that is past, together with REPLACE, would delete.
    assert redis.command("GET", "over") == b"live"
    assert sorted(redis.command("KEYS", "*")) == [b"crashed", b"gone", b"over", b"soon"]
    assert redis.command("PEXPIRETIME", "soon") == now + 3600000


def test_a_torn_file_is_read_up_to_the_tear(swept, redis):
    daemon = swept()
    redis.command("SET", "x", "value")
    payload = redis.command("DUMP", "x")
    redis.command("FLUSHALL")
    path = daemon.state / "backups" / NAME
    backup_file.write(path, backup_file.block(backup_file.header(), backup_file.key(b"a", payload)),
                      backup_file.block(backup_file.key(b"b", payload)))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    shown = daemon.cli("backups", NAME, check=True).stdout
    assert "The file is torn after" in shown and "torn after 1 keys" in shown
    result = restore(daemon, NAME)
    assert result["torn"] and result["results"] == {"restored": 1}
    assert redis.command("KEYS", "*") == [b"a"]
    path.write_bytes(b"something else altogether")
    refused = daemon.cli("backups", NAME)
    assert refused.returncode == 1
    assert "does not begin as a backup of voxkeeper does" in refused.stderr
    assert daemon.process.poll() is None


@pytest.mark.parametrize("file", ["../state/x", "/etc/passwd", "x", "sweep-1.backup", ""])
def test_a_name_that_is_none(swept, file):
    daemon = swept()
    for verb in "backups", "restore":
        refused = daemon.cli(verb, file)
        assert refused.returncode in (1, 2), refused
        assert "that is no backup's name" in refused.stderr or not file
    missing = daemon.cli("restore", NAME)
    assert missing.returncode == 1 and "No such file or directory" in missing.stderr


def test_redis_says_no(swept, redis):
    daemon = swept()
    redis.command(*session("a"))
    daemon.cli("sweep", check=True)
    file = only_backup(daemon)
    redis.command("ACL", "SETUSER", "default", "-restore")
    refused = daemon.cli("restore", file)
    assert refused.returncode == 1
    assert "NOPERM" in refused.stderr and "restore" in refused.stderr
    assert daemon.wait_event("restore-failed")["restored"] == "0"
    redis.command("ACL", "SETUSER", "default", "+restore")
    assert restore(daemon, file)["results"] == {"restored": 1}
    redis.stop()
    daemon.wait_event("redis-down")
    gone = daemon.cli("restore", file)
    assert gone.returncode == 1 and "is not up" in gone.stderr
    assert daemon.cli("backups", file).returncode == 0  # to look, no Redis is needed


# ---- many, old, and too much ----


def test_many_keys_in_many_blocks(swept, redis):
    daemon = swept()
    with redis.connect() as connection:
        connection.pipeline([session(i) for i in range(5000)])
    daemon.cli("sweep", check=True)
    assert redis.command("DBSIZE") == 0
    file = only_backup(daemon)
    result = restore(daemon, file)
    assert result["results"] == {"restored": 5000} and len(result["listed"]) == 1000
    assert redis.command("DBSIZE") == 5000


def test_old_backups_go(swept, redis):
    daemon = swept(BackupRetention="2d", BackupMaxSize="1M")
    now = time.time()

    def name(age):
        return time.strftime("sweep-%Y%m%d-%H%M%S-000000.backup", time.gmtime(now - age))

    directory = daemon.state / "backups"
    directory.mkdir(mode=0o700)
    for age, size in ((3 * 86400, 10), (86400, 700 << 10), (3600, 600 << 10), (60, 10)):
        (directory / name(age)).write_bytes(bytes(size))
    (directory / "mine.txt").write_text("no backup")
    daemon.cli("sweep", "--dry-run", check=True)
    assert len(backups(daemon)) == 4
    redis.command(*session("a"))
    daemon.cli("sweep", check=True)
    wait_for(lambda: {b["file"] for b in backups(daemon)} >= {name(3600), name(60)}
             and len(backups(daemon)) == 3, what="the old ones to go")
    assert (directory / "mine.txt").exists()


def test_a_full_disk_removes_nothing_that_is_not_saved(swept, redis, directory):
    mount = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "-Ur", "--mount"]
    if subprocess.run([*mount, "mount", "-t", "tmpfs", "none", directory],
                      capture_output=True).returncode != 0:
        pytest.skip("a mount namespace is not permitted here")
    daemon = swept(start=False)
    program = directory / "on-a-small-disk"
    program.write_text(
        f"#!/bin/sh\nexec {' '.join(mount)} sh -c 'mount -t tmpfs -o size=128k none {daemon.state}"
        f" && exec {BUILD}/src/daemon/voxkeeperd \"$@\"' sh \"$@\"\n")
    program.chmod(0o755)
    daemon.start(program=program)
    daemon.wait_event("redis-up")
    noise = random.Random(2)
    n = 600
    with redis.connect() as connection:
        connection.pipeline([session(i, text=f"{noise.getrandbits(4000):x}") for i in range(n)])
        dumps = dict(zip(names := sorted(connection.command("KEYS", "*")),
                         connection.pipeline([("DUMP", name) for name in names])))
    failed = daemon.cli("sweep")
    assert failed.returncode == 1 and "No space left on device" in failed.stderr
    event = daemon.wait_event("backup-failed")
    assert "No space left on device" in event["reason"]
    daemon.wait_event("sweep-failed")
    left = set(redis.command("KEYS", "*"))
    assert 0 < len(left) < n
    seen = f"/proc/{daemon.pid}/root{daemon.state}/backups"
    (file,) = os.listdir(seen)
    with open(f"{seen}/{file}", "rb") as stream:
        saved = {name: payload for name, payload, _, _ in backup_file.read(stream.read())}
    assert saved == {name: dumps[name] for name in set(dumps) - left}
    # It goes on as soon as there is room; until then every sweep says so.
    assert daemon.cli("sweep").returncode == 1
    assert set(redis.command("KEYS", "*")) == left
    assert daemon.process.poll() is None


def test_an_unwritable_directory(swept, redis):
    daemon = swept()
    (daemon.state / "backups").write_text("a file is in the way")
    redis.command(*session("a"))
    failed = daemon.cli("sweep")
    assert failed.returncode == 1 and "Not a directory" in failed.stderr
    assert redis.command("DBSIZE") == 1
    daemon.wait_event("backup-failed")
    without = daemon.request("POST", "/api/v1/sweep", {"no_backup": True})
    assert without[0] == 202
    wait_for(lambda: redis.command("DBSIZE") == 0, what="the sweep without a backup")


def test_killed_between_saving_and_removing(swept, redis):
    """Whatever moment it dies at: a key is in Redis, or in a backup that restores it."""
    daemon = swept(Lease="no")
    n = 3000
    for _ in range(3):
        with redis.connect() as connection:
            connection.pipeline([session(i) for i in range(n)])
        shutil.rmtree(daemon.state / "backups", ignore_errors=True)
        status, _ = daemon.request("POST", "/api/v1/sweep", {})
        assert status == 202
        wait_for(lambda: redis.command("DBSIZE") < n, what="the first keys to go")
        daemon.process.kill()
        daemon.wait()
        mark = daemon.mark()
        daemon.start()
        daemon.wait_event("redis-up", since=mark)
        for found in backups(daemon):
            restore(daemon, found["file"])
        assert redis.command("DBSIZE") == n
