"""docs/runbook.md, Redis: it is cleaned up, saved, put back, lost and found, as the page says."""

import json

import pytest
from daemon import TOP
from situations import begin, fill_redis, register, wait_serving
from waiting import wait_for

pytestmark = pytest.mark.systemd

TASKS = [f"cursor_task:t-{number}" for number in range(3)]
KEPT = "elevenlabs:conversation:kept"


def keys(service, pattern="*"):
    return sorted(service.box.run("redis-cli", "--scan", "--pattern", pattern).stdout.split())


def acl(service, *rules):
    service.box.run("redis-cli", "ACL", "SETUSER", *rules)


@pytest.fixture
def stuck(service):
    """Three stuck tasks, a session in use, and a conversation."""
    begin(service, Drain={"WaitFor": "connections"})
    fill_redis(service.box, TASKS)
    register(service, "live")


@pytest.mark.section("redis-cleanup")
def test_what_is_stuck_is_cleared_and_nothing_else(service, stuck, page):
    told = page.run("voxkeeper keys --stuck")
    assert "elevenlabs:session:live" in told["voxkeeper keys"]
    assert "t-0" in told["voxkeeper keys --stuck"] and "live" not in told["voxkeeper keys --stuck"]
    assert "stuck-task" in page.run("voxkeeper sweep --dry-run").text
    assert len(keys(service)) == 5
    page.run("tasks of the outage")
    assert keys(service) == [KEPT, "elevenlabs:session:live"]
    fill_redis(service.box, TASKS)
    page.run("--keyspace tasks")
    assert keys(service, "cursor_task:*") == []
    # Redis is a replica all of a sudden, which takes no writes.
    fill_redis(service.box, TASKS)
    service.box.run("redis-cli REPLICAOF 127.0.0.1 1")
    service.cli("sweep", check=False)
    page.symptoms()
    told = page.run("INFO replication")
    assert "READONLY" in told["journalctl"] and "role:slave" in told["redis-cli"]
    service.box.run("redis-cli REPLICAOF NO ONE")
    page.run("voxkeeper sweep\n")
    assert keys(service, "cursor_task:*") == []
    service.event("incident-resolved", VOXKEEPER_CONDITION="sweep-failed")


@pytest.mark.section("redis-cleanup-without-voxkeeper")
def test_it_is_cleared_by_hand(service, stuck, page):
    service.systemctl("stop")
    key = TASKS[0]
    told = page.run("while read").text
    assert f"{key} -1" in told and "elevenlabs:session:live 3" in told
    assert '"pending":true' in page.run("redis-cli GET", KEY=key).text
    page.run("--rdb", KEY=key)
    assert service.box.run("head -c 5 /root/redis-before-cleanup.rdb").stdout == "REDIS"
    assert page.run("redis-cli UNLINK", KEY=key).outputs == ["1\n", "1\n", "0\n", "1\n"]
    assert page.run("-x RESTORE", KEY=key).outputs == ["OK\n", "1\n"]
    assert '"pending":true' in service.box.run("redis-cli", "GET", key).stdout


@pytest.mark.section("backup-and-restore")
def test_what_was_removed_is_put_back(service, stuck, page):
    service.cli("sweep")
    name = json.loads(service.cli("--json", "backups").stdout)[0]["file"]
    told = page.run("voxkeeper backups", FILE=name)
    assert name in told["voxkeeper backups"] and "t-0" in told[f"voxkeeper backups {name}"]
    page.run("voxkeeper restore", FILE=name)
    assert keys(service, "cursor_task:*") == TASKS
    service.event("restore-done")
    # The directory is not ours any more.
    service.box.run("chown root: /var/lib/voxkeeper/backups && chmod 700 /var/lib/voxkeeper/backups")
    service.cli("sweep", check=False)
    page.symptoms()
    assert "root root" in page.run("VOXKEEPER_EVENT=backup-failed")["ls"]
    assert keys(service, "cursor_task:*") == TASKS
    page.run("chown")
    assert keys(service, "cursor_task:*") == []
    service.event("incident-resolved", VOXKEEPER_CONDITION="backup-failed")


@pytest.mark.section("a-sweep-is-held")
def test_a_sweep_that_is_too_large_is_confirmed(service, page):
    begin(service, Sweep={"MaxDelete": "2"})
    fill_redis(service.box, TASKS)
    service.cli("sweep", check=False)
    page.symptoms()
    assert "3 stuck-task" in page.run("--dry-run")["voxkeeper sweep"]
    token = service.event("sweep-held")["VOXKEEPER_TOKEN"]
    assert token in page.run("--confirm", TOKEN=token)["journalctl"]
    assert keys(service) == [KEPT]
    service.event("incident-resolved", VOXKEEPER_CONDITION="sweep-held")


@pytest.mark.section("redis-rights")
def test_a_user_of_its_own_may_less(service, page):
    begin(service)
    service.event("redis-rights")
    told = page.run("ACL LIST")
    assert "user default" in told["redis-cli"]
    assert "elevenlabs:conversation" in told["journalctl"]
    line = (TOP / "examples/redis/voxkeeper.acl").read_text()
    service.box.run("redis-cli", *line.replace(">PASSWORD", ">secret").split())
    service.box.write("/etc/voxkeeper/redis-password", "secret\n", mode="0640")
    service.box.run("chgrp voxkeeper /etc/voxkeeper/redis-password")
    service.mark()
    service.configure(Redis={"Username": "voxkeeper",
                             "PasswordCredential": "/etc/voxkeeper/redis-password"})
    page.run("systemctl reload")
    service.event("redis-up")
    assert service.cli("sweep").returncode == 0
    assert service.events("redis-rights") == []


@pytest.mark.section("redis-is-down")
def test_redis_stops_and_comes_back(service, page):
    begin(service)
    before = service.worker_pid()
    service.box.run("systemctl stop redis-server")
    page.symptoms()
    told = page.run("systemctl status redis-server",
                    exits={"systemctl status": 3, "redis-cli ping": 1})
    assert "inactive" in told["systemctl status"] and "refused" in told["redis-cli"]
    assert "Stopped" in told["journalctl"]
    assert service.worker_pid() == before, "no worker is restarted for it"
    told = page.run("systemctl start redis-server")
    assert told["redis-cli ping"] == "PONG\n"
    service.event("incident-resolved", VOXKEEPER_CONDITION="redis-unreachable")
    wait_serving(service)


@pytest.mark.section("redis-refuses-us")
def test_the_password_is_wrong(service, page):
    acl(service, "keeper", "on", ">right", "~*", "+@all")
    service.box.write("/etc/voxkeeper/redis-password", "wrong\n", mode="0640")
    service.box.run("chgrp voxkeeper /etc/voxkeeper/redis-password")
    begin(service, Redis={"Username": "keeper", "PasswordCredential": "/etc/voxkeeper/redis-password"})
    page.symptoms()
    told = page.run("ACL LOG")
    assert "WRONGPASS" in told["journalctl"] and "Username=keeper" in told["voxkeeper show-config"]
    assert "right" not in told.text and "auth" in told["redis-cli"]
    service.box.run("echo right >/etc/voxkeeper/redis-password")
    page.run("systemctl reload")
    service.event("incident-resolved", VOXKEEPER_CONDITION="redis-refuses")


@pytest.mark.section("sessions-expire")
def test_redis_throws_sessions_away(service, page):
    begin(service, {"REDIS_URL": "redis://127.0.0.1:1/0"}, Health={"ExpectJson": "status=ok", "DependencyJson": None})
    register(service, "s-1")
    service.box.run("redis-cli CONFIG SET maxmemory-policy allkeys-lru")
    told = page.run("maxmemory-policy\n")
    assert '"redis":"connected"' not in told["curl"] and "allkeys-lru" in told.text
    page.symptoms()
    page.run("redis-cli CONFIG SET")
    assert "volatile-ttl" in service.box.run("redis-cli CONFIG GET maxmemory-policy").stdout
    service.box.run("systemctl restart redis-server")
    wait_for(lambda: "volatile-ttl" in service.box.run("redis-cli CONFIG GET maxmemory-policy",
                                                       check=False).stdout, what="Redis")
    service.box.run("redis-cli CONFIG SET maxmemory-policy noeviction; redis-cli CONFIG REWRITE")
