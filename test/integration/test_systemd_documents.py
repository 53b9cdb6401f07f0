"""Commands of other documents than the runbook, run as they stand."""

import json

import pytest
from situations import begin, fill_redis, register
from waiting import wait_for

pytestmark = pytest.mark.systemd

TASKS = [f"cursor_task:t-{number}" for number in range(3)]


def tasks(service):
    return sorted(service.box.run("redis-cli --scan --pattern 'cursor_task:*'").stdout.split())


@pytest.mark.section("by-voxkeeper", document="docs/redis.md")
def test_redis_is_cleaned_by_voxkeeper(service, page):
    begin(service, Drain={"WaitFor": "connections"})
    fill_redis(service.box, TASKS[:1])
    service.cli("sweep")
    name = json.loads(service.cli("--json", "backups").stdout)[0]["file"]
    fill_redis(service.box, TASKS)
    told = page.run("voxkeeper keys --stuck", FILE=name)
    assert name in told["voxkeeper backups"] and tasks(service) == []
    assert service.box.run("redis-cli EXISTS elevenlabs:conversation:kept").stdout == "1\n"


@pytest.mark.section("by-bare-redis-cli", document="docs/redis.md")
def test_redis_is_cleaned_by_hand(service, page):
    fill_redis(service.box, TASKS)
    service.box.run("redis-cli SET cursor_task:alive '{\"pending\":true}' EX 600")
    page.run("while read -r key", KEY=TASKS[0])
    assert tasks(service) == ["cursor_task:alive"]
    saved = service.box.run("cat saved-keys; ls saved-????????????????; rm saved-*").stdout.split()
    assert sorted(saved[:3]) == TASKS and len(saved) == 6


@pytest.mark.section("asking-the-journal", document="docs/events.md")
def test_the_journal_is_asked(service, page):
    begin(service)
    register(service, "abc")
    service.fault("crash", check=False)
    crashed = service.event("worker-crashed")
    assert crashed["VOXKEEPER_LIFE"] == "1"
    service.event("worker-verified", count=2)
    told = page.run("journalctl -u voxkeeper -b -p warning -x")
    assert "Documentation: file:///usr/share/doc/voxkeeper/runbook.md#crash-loop" in told["journalctl -u voxkeeper -b -p"]
    assert "exit code 1" in told["journalctl -u voxkeeper -b VOXKEEPER_EVENT=worker-crashed"]
    of_worker = told["journalctl -u voxkeeper VOXKEEPER_WORKER=1"]
    assert "worker 1 verified after" in of_worker and "Health check requested" in of_worker
    of_life = told["journalctl -u voxkeeper -b VOXKEEPER_LIFE=1"]
    assert "worker 1 verified after" in of_life and "Fault: crashing" in of_life
    assert f"PID {service.worker_pid()}\n" not in of_life, "that of its successor"
    assert "Error: fault: crash" in told["journalctl -u voxkeeper VOXKEEPER_STREAM=stderr"]
    assert "Session registered" in told["journalctl -t elevenlabs-agent"]
    assert "Fault: crashing" in told["journalctl MESSAGE_ID="]
    took = told["journalctl -u voxkeeper -b VOXKEEPER_EVENT=worker-verified"].split()
    assert len(took) >= 2 and all(0 < int(usec) < 60_000_000 for usec in took)
    told = page.run("voxkeeper logs")
    assert "worker 1 verified after" in told["voxkeeper logs  "]
    lines = told["voxkeeper logs --worker=1"].splitlines()
    assert len(lines) > 5 and all(" worker 1 " in line or "[worker-" in line for line in lines)
    line = told["voxkeeper logs --since=03:10"].splitlines()[-1]
    assert "exit code 1" in line and line.endswith("[worker-crashed]")
    errors = [json.loads(line) for line in told["voxkeeper logs --since=1h"].splitlines()]
    assert {error["level"] for error in errors} == {"err"} and len(errors) >= 2


@pytest.mark.section("one-liners", document="docs/api.md")
def test_the_api_is_asked(service, page):
    begin(service)
    told = page.run("readyz", exits={"curl -sN": 28})
    assert json.loads(told["curl -s http://127.0.0.1:9464/readyz"]) == {
        "ready": True, "why": "1 of 1 worker serves"}
    assert json.loads(told["curl -s http://127.0.0.1:9464/api/v1/status"])["state"] == "serving"
    (worker,) = json.loads(told["curl -s http://127.0.0.1:9464/api/v1/workers"])["workers"]
    assert (worker["state"], worker["health"]) == ("serving", "healthy")
    events = json.loads(told["curl -s 'http://127.0.0.1:9464/api/v1/events?limit=5'"])["events"]
    assert len(events) == 5 and all(event["message"] for event in events)
    assert "event: status\ndata: {" in told["curl -sN"]
    began = json.loads(told["curl -s --unix-socket /run/voxkeeper/control.sock -d"])["operation"]
    assert (began["kind"], began["reason"], began["id"]) == ("restart", "new certificate", 1)
    asked = json.loads(told["curl -s --unix-socket /run/voxkeeper/control.sock http"])["operation"]
    assert asked["id"] == 1 and asked["author"] == "root"
    assert service.event("restart-done")["VOXKEEPER_OPERATION"] == "1"


@pytest.mark.section("who-may-do-what", document="docs/api.md")
def test_a_token_is_made_and_used(service, page):
    begin(service, Admin={"TokenCredential": "/etc/voxkeeper/token"})
    told = page.run("umask 077")
    assert json.loads(told["curl"])["operation"]["kind"] == "drain"
    assert service.box.run("stat -c '%a %U' /etc/voxkeeper/token").stdout == "600 voxkeeper\n"
    assert service.event("drain-began")
    service.event("drain-done")


@pytest.mark.section("health-endpoints", document="docs/monitoring.md")
def test_a_load_balancer_asks(service, page):
    begin(service)
    assert json.loads(page.run("readyz").text)["ready"]
    service.cli("drain")
    wait_for(lambda: service.box.run("curl -sf http://127.0.0.1:9464/readyz", check=False).returncode
             == 22, what="503 while drained")
