"""The change log, as an operator sees it."""

import json
import os

import pytest
from waiting import wait_for


OLD = "2020-01-01T00:00:00Z"


@pytest.fixture
def sweeping(make_daemon, sleeper_config, redis):
    """A daemon that sweeps when it is told to, and a stale session and a stuck task for it."""
    running = make_daemon({**sleeper_config(), "Redis": {"Url": redis.unix_url},
                           "Sweep": {"Interval": "infinity", "MaxDelete": "infinity"}})
    running.wait_event("redis-up")
    redis.command("SET", "elevenlabs:session:a", json.dumps({"sessionId": "a", "createdAt": OLD}))
    redis.command("SET", "cursor_task:b", json.dumps({"pending": True, "createdAt": OLD}))
    return running


def only(redis, *patterns):
    """Redis lets its user have keys with these names alone."""
    redis.command("ACL", "SETUSER", "default", "resetkeys", *(f"~{p}" for p in patterns))


def test_a_sweep_that_failed_on_its_way_is_a_change(sweeping, redis):
    only(redis, "cursor_task:*")
    assert sweeping.cli("sweep", "--reason=tidying").returncode == 1
    only(redis, "*")
    assert redis.command("KEYS", "*") == [b"elevenlabs:session:a"]
    told = sweeping.wait_event("sweep-failed")
    assert told["removed"] == "1" and "NOPERM" in told["reason"]
    change = wait_for_change(sweeping, "removed 1", "--kind=sweep")
    assert change["reason"] == "tidying", "why somebody wanted it, not what failed"
    assert change["author"] == told["author"] and change["author"] != "voxkeeperd"
    assert change["details"]["event"] == "sweep-failed"
    assert "NOPERM" in change["details"]["VOXKEEPER_REASON"]


def test_a_sweep_that_ended_at_its_limit_was_wanted_for_a_reason(sweeping):
    sweeping.cli("sweep", "--limit=1", "--reason=a try", check=True)
    change = wait_for_change(sweeping, "removed 1", "--kind=sweep")
    assert change["reason"] == "a try" and change["details"]["event"] == "sweep-done"


def test_a_restore_that_failed_on_its_way_is_a_change(sweeping, redis):
    sweeping.cli("sweep", check=True)
    (file,) = json.loads(sweeping.cli("backups", "--json", check=True).stdout)
    only(redis, "cursor_task:*")
    assert sweeping.cli("restore", file["file"], "--reason=too early").returncode == 1
    only(redis, "*")
    assert redis.command("KEYS", "*") == [b"cursor_task:b"]
    assert sweeping.wait_event("restore-failed")["restored"] == "1"
    change = wait_for_change(sweeping, "restored 1 of 2", "--kind=restore")
    assert change["reason"] == "too early"
    assert "NOPERM" in change["text"] or "failed" in change["text"]
    assert change["details"]["event"] == "restore-failed"


@pytest.fixture
def release(tmp_path):
    path = tmp_path / "RELEASE"
    path.write_text("r1\n")
    return path


@pytest.fixture
def daemon(make_daemon, agent_config, release):
    running = make_daemon(
        agent_config(Agent={"Release": str(release), "Handover": "preload"},
                     Rollout={"Bake": "200ms", "KeepWarm": "0"}))
    running.wait_event("worker-verified", deadline=30)
    return running


def changes(daemon, *options):
    out = daemon.cli("changelog", "--json", *options, check=True).stdout
    return json.loads(out)["changes"]


def wait_for_change(daemon, text, *options):
    return wait_for(
        lambda: next((c for c in changes(daemon, *options) if text in c["text"]), None),
        what=f"a change that says {text!r}",
    )


def test_who_did_what_and_why(daemon, release, redis, monkeypatch):
    assert wait_for_change(daemon, "r1", "--kind=release")["author"] == "voxkeeperd"
    release.write_text("r2\n")
    monkeypatch.setenv("SUDO_USER", "alice")
    daemon.cli("restart", "--reason", "new release", check=True)
    restart = wait_for_change(daemon, "restart done", "--kind=restart")
    by = "root (alice)" if os.geteuid() == 0 else restart["author"]
    assert restart["author"] == by and restart["reason"] == "new release"
    assert "r1 -> r2" in wait_for_change(daemon, "r2", "--kind=release")["text"]
    rollout = wait_for_change(daemon, "", "--kind=rollout")
    assert rollout["author"] == by and rollout["details"]["VOXKEEPER_RELEASE"] == "r2"

    redis.command("SET", "cursor_task:1", '{"pending":true,"createdAt":1700000000}')
    daemon.cli("sweep", "--reason", "tidying", check=True)
    sweep = wait_for_change(daemon, "removed 1", "--kind=sweep")
    assert sweep["author"] == by and sweep["reason"] == "tidying"
    n = len(changes(daemon))
    daemon.cli("sweep", check=True)  # removes nothing
    daemon.cli("changelog", "add", "moved DNS", "--reason=faster", check=True)
    table = daemon.cli("changelog", check=True).stdout
    assert table.splitlines()[1].split()[1:2] == ["note"] and "moved DNS" in table
    assert len(changes(daemon)) == n + 1
    if by == "root (alice)":
        assert len(changes(daemon, "--author=alice", "--kind=note")) == 1
        assert changes(daemon, "--author=bob") == []


def test_it_goes_on_after_a_crash_and_an_upgrade(daemon):
    daemon.cli("changelog", "add", "one", check=True)
    daemon.cli("upgrade", "--reason=newer", check=True)
    assert wait_for_change(daemon, "", "--kind=upgrade")["reason"] == "newer"
    daemon.cli("changelog", "add", "two", check=True)
    seqs = [c["seq"] for c in changes(daemon)]
    assert seqs == list(range(len(seqs), 0, -1))
    log = daemon.events("changelog-damaged") + daemon.events("changelog-unwritten")
    assert log == []


def test_what_is_wrong_with_the_command(daemon):
    assert daemon.cli("changelog", "add").returncode == 2
    assert daemon.cli("changelog", "remove", "x").returncode == 2
    assert daemon.cli("changelog", "add", "x", "y").returncode == 2
    assert daemon.cli("changelog", "--since=someday").returncode == 2
    too_long = daemon.cli("changelog", "add", "x" * 2000)
    assert too_long.returncode == 1 and "longer than 1024 bytes" in too_long.stderr


def test_somebody_was_in_it(daemon):
    daemon.cli("changelog", "add", "moved DNS", check=True)
    wait_for_change(daemon, "moved DNS")
    daemon.stop()
    path = daemon.state / "changelog.jsonl"
    path.write_text(path.read_text().replace("moved DNS", "did nothing"))
    mark = daemon.mark()
    daemon.start()
    told = daemon.wait_event("changelog-damaged")
    assert told["file"] == str(path) and told["reason"]
    daemon.wait_event("daemon-started", since=mark)  # nobody answers before
    said = daemon.cli("changelog", check=True)
    assert "TAMPERED WITH" in next(line for line in said.stdout.splitlines() if "did nothing" in line)
    daemon.cli("changelog", "add", "it goes on", check=True)
    assert wait_for_change(daemon, "it goes on")


def shown(daemon, *options):
    return daemon.cli("changelog", *options, check=True).stdout


def test_tampering_is_seen_by_who_looks(daemon):
    for text in "one", "two", "three":
        daemon.cli("changelog", "add", text, check=True)
        wait_for_change(daemon, text)
    path = daemon.state / "changelog.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    assert "TAMPERED" not in shown(daemon) and "tampered" not in shown(daemon)
    path.write_text("".join(line for line in lines if '"two"' not in line))
    said = shown(daemon)
    (line,) = [line for line in said.splitlines() if "TAMPERED WITH" in line]
    assert "three" in line and "lines were taken out or put in" in line
    assert "1 line was tampered with" in said and "change-recorded" in said
    path.write_text("".join("rubbish\n" if '"two"' in line else line for line in lines))
    assert "2 lines were tampered with" in shown(daemon)
    path.write_text("".join(lines[1:]))
    assert "1 line was tampered with" in shown(daemon, "--kind=reload")
    path.write_text("".join(lines[:-1]))
    assert "taken off its end" in shown(daemon)
    path.write_text("".join(lines))
    assert "tampered" not in shown(daemon) and "taken off" not in shown(daemon)


def test_a_kind_that_is_none_is_refused(daemon):
    refused = daemon.cli("changelog", "--kind=reloads")
    assert refused.returncode == 1
    assert 'kind "reloads", they are of: reload, restart, rollout' in refused.stderr


def test_all_since_are_all(daemon):
    for i in range(60):
        daemon.cli("changelog", "add", f"number {i}", check=True)
    wait_for_change(daemon, "number 59")
    assert len(changes(daemon, "--since=1h")) > 60
    assert len(changes(daemon)) == 50 and "Older ones are in the whole log" in shown(daemon)
    assert "Older ones" not in shown(daemon, "--since=1h")


def test_it_cannot_be_written(daemon):
    daemon.stop()
    path = daemon.state / "changelog.jsonl"
    path.unlink()
    path.mkdir()
    mark = daemon.mark()
    daemon.start()
    told = daemon.wait_event("changelog-unwritten", since=mark)
    assert told["file"] == str(path) and told["reason"]
    daemon.wait_event("worker-verified", since=mark, deadline=30)


def test_why_somebody_wanted_what_failed(make_daemon, sleeper_config, directory):
    """The entry has the asker's words; what failed is in its text and details."""
    stays = directory / "stays"
    stays.touch()
    script = f"/bin/sh -c 'test -e {stays} && exec sleep 600; echo no such table; exit 3'"
    running = make_daemon(sleeper_config(ExecStart=script))
    running.wait_event("worker-verified")
    stays.unlink()
    assert running.cli("restart", "--reason=new table").returncode == 1
    (entry,) = changes(running, "--kind=restart")
    assert entry["reason"] == "new table" and "restart failed" in entry["text"]
    assert "it ended with exit code 3" in entry["details"]["VOXKEEPER_REASON"]


def test_a_reload_names_keys_and_hides_secrets(make_daemon, sleeper_config):
    running = make_daemon(sleeper_config(Environment="API_KEY=one-secret"))
    running.wait_event("worker-verified")
    config = sleeper_config(Environment="API_KEY=another-secret", Workers="2")
    running.configure(config)
    running.cli("reload", "--reason=rotated", check=True)
    (entry,) = changes(running, "--kind=reload")
    assert "[Agent] Workers: 1 -> 2" in entry["text"] and "API_KEY=***" in entry["text"]
    assert "-secret" not in (running.state / "changelog.jsonl").read_text()
    assert entry["reason"] == "rotated"


def test_what_was_just_noted_is_there(daemon):
    for number in range(20):
        daemon.cli("changelog", "add", f"note {number}", check=True)
        assert changes(daemon, "--kind=note")[0]["text"] == f"note {number}"
