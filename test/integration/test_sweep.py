"""A sweep as the operator sees it, with a real Redis: its end by Ctrl-C, its history, its rights."""

import json
import signal
import subprocess
import time

import pytest
from daemon import BUILD, TOP, UnixHttp
from waiting import wait_for

OLD = "2020-01-01T00:00:00Z"
WORK = BUILD / "test/bench/bench-redis-work"


@pytest.fixture
def daemon(make_daemon, sleeper_config, redis):
    running = make_daemon({**sleeper_config(), "Redis": {"Url": redis.unix_url},
                           "Sweep": {"Interval": "infinity", "MaxDelete": "infinity"}})
    running.wait_event("redis-up")
    return running


def stuck(redis, number):
    for i in range(number):
        redis.command("SET", f"cursor_task:{i}", json.dumps(
            {"pending": True, "createdAt": OLD, "conversationId": f"c{i}"}))


def history(daemon):
    connection = UnixHttp(daemon.socket, 10)
    connection.request("GET", "/api/v1/sweep")
    return json.loads(connection.getresponse().read())


def test_the_history_outlives_the_daemon(daemon, redis):
    assert history(daemon).items() >= {"state": "idle", "last": None, "history": []}.items()
    stuck(redis, 3)
    daemon.cli("sweep", "--dry-run", "--reason", "a look", check=True)
    daemon.cli("sweep", "--limit", "2", check=True)
    daemon.stop()
    daemon.start()
    daemon.wait_event("redis-up", count=2)
    second, first = history(daemon)["history"]
    assert first["dry_run"] and first["reason"] == "a look" and first["removed"] == 0
    assert second["limited"] and second["removed"] == 2 and second["author"]
    assert second["keyspaces"][1]["census"]["ages"]["older"] == 2
    assert history(daemon)["last"] == second
    assert redis.command("DBSIZE") == 1


def test_keys_are_listed_and_stay(daemon, redis):
    stuck(redis, 2)
    redis.command("SET", "elevenlabs:session:a\x1b", json.dumps({"createdAt": OLD}), "EX", 3000)
    table = daemon.cli("keys", check=True).stdout
    assert "stuck-task" in table and " c1 " in table and r"elevenlabs:session:a\x1b" in table
    table = daemon.cli("keys", "--stuck", "--limit=1", check=True).stdout
    assert table.splitlines()[-1] == "1 of the 3 keys in the keyspaces"
    assert redis.command("DBSIZE") == 3


def test_ctrl_c_ends_the_sweep(daemon, redis):
    subprocess.run([WORK, redis.socket, "fill", "200000", "20000", "20000", "9000"], check=True)
    sweep = subprocess.Popen([BUILD / "src/cli/voxkeeper", "--socket", daemon.socket, "sweep", "--json",
                              "--reason=tidying"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: (history(daemon)["progress"] or {}).get("removed"), deadline=60,
             what="the sweep to have removed something")
    sweep.send_signal(signal.SIGINT)
    out, err = sweep.communicate(timeout=60)
    assert sweep.returncode == -signal.SIGINT, out + err
    end = json.loads(out.splitlines()[-1])["operation"]
    assert end["state"] == "failed" and "cancelled" in end["message"]
    result = end["result"]
    assert not result["complete"] and not result["limited"]
    # What was removed was counted and saved, and nothing else is gone.
    assert redis.command("DBSIZE") == 240000 - result["removed"]
    assert result["backed_up"] >= result["removed"]
    daemon.wait_event("sweep-aborted")
    (change,) = json.loads(daemon.cli("changelog", "--json", "--kind=sweep", check=True).stdout)["changes"]
    assert change["reason"] == "tidying" and "cancelled" in change["details"]["VOXKEEPER_REASON"]
    assert change["details"]["VOXKEEPER_REMOVED"] == str(result["removed"])
    assert history(daemon)["state"] == "idle"
    again = daemon.cli("sweep", "--wait", "--dry-run", "--json", "--keyspace=sessions", check=True)
    assert '"complete":true' in again.stdout


def test_the_rights_in_the_manual_are_enough(make_daemon, sleeper_config, redis, directory):
    rights = next(line for line in (TOP / "docs/redis.md").read_text().splitlines()
                  if line.startswith("ACL SETUSER"))
    redis.command(*rights.replace("PASSWORD", "secret").split())
    (directory / "secret").write_text("secret")
    daemon = make_daemon({**sleeper_config(), "Sweep": {"Interval": "infinity"}, "Redis": {
        "Url": redis.unix_url, "Username": "voxkeeper", "PasswordCredential": directory / "secret"}})
    daemon.wait_event("redis-up")
    stuck(redis, 2)
    redis.command("SET", "elevenlabs:conversation:1", "stays")
    # One whose conversation is there, one whose is not, and one that is too big to be read.
    for number in 1, 2:
        redis.command("SET", f"cursor_task:of-{number}", json.dumps(
            {"pending": True, "conversationId": str(number),
             "createdAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}))
    redis.command("SET", "cursor_task:big", "x" * 2**20)
    redis.command("RPUSH", "cursor_task:list", *["x" * 2**16] * 20)
    daemon.cli("keys", check=True)
    done = daemon.cli("sweep", check=True).stdout
    assert "removed 2" in done
    assert "(1 immortal, 2 stuck-task, 1 orphan, 1 wrong-type, 1 too-big)" in done
    assert set(redis.command("KEYS", "*")) == {
        b"elevenlabs:conversation:1", b"cursor_task:of-1", b"cursor_task:of-2", b"cursor_task:big",
        b"cursor_task:list"}
    # Nothing was refused but the look whether we could delete a conversation: it should be.
    refused = {entry[entry.index(b"object") + 1] for entry in redis.command("ACL", "LOG")}
    assert refused == {b"elevenlabs:conversation:__voxkeeper_canary__", b"acl|whoami"}, refused
