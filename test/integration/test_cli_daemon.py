"""The operator's command against the real daemon: the two agree on what they say to each other."""

import json
import os
import subprocess

import pytest
from daemon import BUILD
from waiting import wait_for


@pytest.fixture
def daemon(make_daemon, agent_config):
    running = make_daemon(agent_config())
    running.wait_event("worker-verified", deadline=30)
    running.wait_event("redis-up")
    return running


def test_every_verb(daemon):
    status = daemon.cli("status", check=True).stdout
    assert "elevenlabs-agent: ANSWERING, 1 of 1 worker serves on 127.0.0.1:" in status
    assert "Redis      up at " in status and "What to do" not in status
    table = daemon.cli("workers", check=True).stdout.splitlines()
    assert table[1].split()[1:3] == ["serving", "healthy"] and len(table) == 2
    assert "[Agent]" in daemon.cli("show-config", check=True).stdout
    restart = daemon.cli("restart", "--reason", "a test", check=True)
    assert "verified" in restart.stdout and "worker 1 started" in restart.stderr
    daemon.cli("reload", "--wait=applied", check=True)
    lines = daemon.cli("sweep", "--dry-run", "--json", check=True).stdout.splitlines()
    sweep = json.loads(lines[-1])["operation"]
    assert sweep["state"] == "done" and sweep["exit_code"] == 0
    daemon.cli("drain", "--timeout=20s", check=True)
    assert "DRAINED: takes no callers" in daemon.cli("status", check=True).stdout
    daemon.cli("resume", check=True)
    wait_for(lambda: "ANSWERING" in daemon.cli("status", check=True).stdout, what="the agent back")


def test_a_sweep_that_is_held_goes_on_once_confirmed(daemon, redis):
    daemon.config.write_text(daemon.config.read_text() + "[Sweep]\nMaxDelete=2\n")
    daemon.cli("reload", check=True)
    stuck = '{"pending":true,"createdAt":1700000000}'
    for i in range(3):
        redis.command("SET", f"cursor_task:{i}", stuck)
    held = daemon.cli("sweep")
    assert held.returncode == 1 and "3 keys would go, MaxDelete=2 at most" in held.stderr
    event = daemon.wait_event("sweep-held")
    token = event["token"]
    assert event["removable"] == "3" and f"--confirm {token}" in held.stderr
    status = json.loads(daemon.cli("status", "--json", check=True).stdout)
    assert status["sweep"]["consent"]["token"] == token
    wrong = daemon.cli("sweep", "--confirm", "0123")
    assert wrong.returncode == 1 and '"0123" is not the token' in wrong.stderr
    mixed = daemon.cli("sweep", "--confirm", token, "--keyspace=tasks")
    assert mixed.returncode == 1 and "have no place beside it" in mixed.stderr
    assert redis.command("EXISTS", "cursor_task:0") == 1
    daemon.cli("sweep", "--confirm", token, check=True)
    assert redis.command("EXISTS", "cursor_task:0", "cursor_task:1", "cursor_task:2") == 0
    again = daemon.cli("sweep", "--confirm", token)
    assert again.returncode == 1 and "confirmed already" in again.stderr


def test_a_refused_reload_says_where(daemon):
    daemon.config.write_text(daemon.config.read_text() + "[Agent]\nLisen=1\n")
    done = daemon.cli("reload")
    assert done.returncode == 1 and done.stdout == ""
    assert "Lisen" in done.stderr and "voxkeeper.conf:" in done.stderr
    assert daemon.cli("status", check=True).stdout.startswith("elevenlabs-agent: ANSWERING")


def test_a_stranger_may_look_but_not_touch(daemon, directory):
    if os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    os.chmod(directory, 0o755)
    os.chmod(daemon.directory, 0o755)
    copy = directory / "voxkeeper"  # the build may lie where nobody else may look
    copy.write_bytes((BUILD / "src/cli/voxkeeper").read_bytes())
    copy.chmod(0o755)

    def as_nobody(verb):
        return subprocess.run([copy, "--socket", daemon.socket, verb], capture_output=True,
                              text=True, user=65534, group=65534, extra_groups=[])

    assert as_nobody("status").returncode == 0
    for verb in "restart", "reload", "drain", "resume", "sweep":
        refused = as_nobody(verb)
        assert refused.returncode == 1 and refused.stderr.startswith("voxkeeper: ")
    assert not daemon.events("drain-began") and not daemon.events("restart-began")
