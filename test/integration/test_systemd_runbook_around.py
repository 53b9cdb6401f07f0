"""docs/runbook.md, what is around the agent: network, providers, disk, memory, alerts, voxkeeper."""

import pytest
from service import PORT
from situations import (DEPLOYED, begin, fill_redis, link, release, wait_serving)
from waiting import wait_for

pytestmark = pytest.mark.systemd

# Redis as seen from another machine: an address that can go away.
FAR = "10.77.0.1"
# Says what it is told to say of its provider; every request to /grow costs it 4 MiB.
OWN_AGENT = """
const fs = require('node:fs');
const kept = [];
require('node:http').createServer((request, response) => {
    if (request.url === '/grow') kept.push(Array(1 << 19).fill(kept.length));
    const llm = fs.existsSync('/run/provider-down') ? 'down' : 'up';
    response.end(JSON.stringify({ status: 'ok', llm }));
}).listen(Number(process.env.PORT));
"""
SECRETS = "/etc/voxkeeper/secrets"
RECEIVER = "http.createServer((question, answer) => question.resume() && answer.end()).listen(8010)"


def own_agent(service, **sections):
    service.box.write("/opt/agent.cjs", OWN_AGENT)
    begin(service, Agent={"ExecStart": "/usr/bin/node --max-old-space-size=40 /opt/agent.cjs"},
          Health={"ExpectJson": "status=ok llm=up", "DependencyJson": None, "ProviderJson": "llm"},
          **sections)


def post(service, path, body, *headers):
    options = [word for header in headers for word in ("-H", header)]
    return service.box.run("curl", "-sS", "-d", body, "-H", "Content-Type: application/json",
                           *options, f"http://127.0.0.1:{PORT}{path}").stdout


@pytest.mark.section("the-network-fails")
def test_an_address_is_gone(service, page, request):
    request.addfinalizer(lambda: service.box.run(f"ip address del {FAR}/32 dev lo", check=False))
    service.box.run(f"ip address add {FAR}/32 dev lo")
    service.box.run("redis-cli", "CONFIG", "SET", "bind", f"127.0.0.1 {FAR}")
    service.box.run("redis-cli CONFIG SET protected-mode no")
    begin(service, Redis={"Url": f"redis://{FAR}:6379/0", "ConnectTimeout": "500ms",
                          "CommandTimeout": "500ms"}, Drain={"Timeout": "3s"})
    service.box.run(f"ip address del {FAR}/32 dev lo")
    page.symptoms()
    told = page.run("ip route")
    assert FAR not in told["ip -brief"] and f":{PORT}" in told["ss"] and '"ok"' in told["curl"]
    # There is no way out of a container.
    page.run("getent hosts", exits={"getent": 2, "curl": 6})
    page.run("voxkeeper drain")
    page.run("voxkeeper resume")
    service.box.run(f"ip address add {FAR}/32 dev lo")
    service.event("incident-resolved", VOXKEEPER_CONDITION="redis-unreachable")


@pytest.mark.section("webhooks-fail")
def test_the_secret_differs(service, page):
    begin(service, {"WEBHOOK_SECRET": "ours"})
    post(service, "/agent-tools", '{"agent_id":"a","session_id":"s","tool_name":"t"}',
         "x-webhook-secret: theirs")
    page.symptoms()
    told = page.run("agent-tools")
    assert "Invalid webhook secret" in told["journalctl"] and told["curl"] == "400\n"
    page.run("voxkeeper restart")


@pytest.mark.section("callbacks-fail")
def test_callbacks_are_lost(service, page):
    begin(service)
    fill_redis(service.box, ["cursor_task:lost"])
    post(service, "/callback", '{"requestId":"unknown","success":true}')
    page.symptoms()
    told = page.run("/config")
    assert "non-existent" in told["journalctl"] and "lost" in told["voxkeeper keys"]
    assert told["curl -sS -o"] == "400\n" and "agentUrl" in told["curl -sS http"]
    page.run("voxkeeper restart")
    page.run("voxkeeper sweep")
    assert service.box.run("redis-cli EXISTS cursor_task:lost").stdout == "0\n"


@pytest.mark.section("a-provider-is-down")
def test_a_provider_goes_away(service, page, request):
    request.addfinalizer(lambda: service.box.run("rm -f /run/provider-down"))
    own_agent(service)
    before = service.worker_pid()
    service.box.run("touch /run/provider-down")
    page.symptoms()
    told = page.run("voxkeeper workers")
    assert 'llm is "down"' in told["voxkeeper workers"] and "provider" in told["journalctl"]
    assert service.worker_pid() == before
    service.box.run("rm /run/provider-down")
    service.event("incident-resolved", VOXKEEPER_CONDITION="provider-down")
    page.run("voxkeeper restart")


def with_credential(service, **keys):
    service.box.write(f"{SECRETS}/elevenlabs", "of-old\n", mode="0640")
    service.box.run(f"chgrp -R voxkeeper {SECRETS}; chmod 0750 {SECRETS}")
    begin(service, **{"Credential elevenlabs": {"File": f"{SECRETS}/elevenlabs",
                                                "Environment": "ELEVENLABS_API_KEY", **keys}})


@pytest.mark.section("credentials")
def test_a_credential_is_renewed(service, page):
    with_credential(service)
    told = page.run("--kind credential")
    assert "[Credential elevenlabs]" in told["voxkeeper show-config"]
    assert "of-old" not in told.text and "elevenlabs" in told["curl"]
    service.mark()
    page.run("read -rs", typed="of-new\n")
    service.event("credential-in-use", VOXKEEPER_AUTHOR="credential elevenlabs")
    assert "ELEVENLABS_API_KEY=of-new\0" in service.box.read(f"/proc/{service.worker_pid()}/environ")


@pytest.mark.section("a-credential-is-old")
def test_a_credential_is_old(service, page):
    with_credential(service, RotateAfter="1s")
    name = page.incident("credential-old")
    page.symptoms()
    told = page.run("voxkeeper incidents")
    assert name in told["voxkeeper incidents"] and "elevenlabs" in told["curl"]


@pytest.mark.section("a-credential-is-refused")
def test_a_credential_is_refused(service, page):
    with_credential(service)
    service.mark()
    service.box.run(f"printf 'of-new\\ntwo lines\\n' >{SECRETS}/elevenlabs")
    service.event("credential-refused")
    page.symptoms()
    told = page.run("--grep credential")
    assert "credential-refused" in told["voxkeeper incidents"]
    assert "more than one line" in told["journalctl"]
    assert "of-new" not in told.text
    assert "ELEVENLABS_API_KEY=of-old\0" in service.box.read(f"/proc/{service.worker_pid()}/environ")
    service.box.run(f"echo of-new >{SECRETS}/elevenlabs")
    page.run("voxkeeper reload")
    service.event("credential-in-use", VOXKEEPER_AUTHOR="credential elevenlabs")


@pytest.mark.section("the-disk-is-full")
def test_the_disk_is_full(service, page, request):
    request.addfinalizer(lambda: service.box.run(
        "systemctl kill -s KILL voxkeeper; systemctl stop voxkeeper; umount /var/lib/voxkeeper",
        check=False))
    service.box.run("mkdir -p /var/lib/voxkeeper; mount -t tmpfs -o size=80M tmpfs /var/lib/voxkeeper;"
                    "chown voxkeeper: /var/lib/voxkeeper")
    begin(service)
    service.box.run("dd if=/dev/zero of=/var/lib/voxkeeper/other bs=1M count=40")
    page.symptoms()
    told = page.run("--disk-usage")
    assert "51%" in told["df -h"] or "50%" in told["df -h"]
    assert "take up" in told["journalctl"] and "/var/lib/redis" in told["du"]
    assert "Vacuuming done" in page.run("--vacuum-size")["journalctl"]
    service.box.run("rm /var/lib/voxkeeper/other")
    service.event("incident-resolved", VOXKEEPER_CONDITION="disk-low")


@pytest.mark.section("memory-runs-out")
def test_a_worker_grows(service, page):
    own_agent(service)
    before = service.worker_pid()
    service.box.run(f"while kill -0 {before}; do curl -m 2 http://127.0.0.1:{PORT}/grow; done 2>&1 | tail -1")
    page.symptoms()
    told = page.run("free -m")
    assert "SIGABRT" in told["journalctl"] and "used_memory_human" in told["redis-cli"]
    wait_serving(service)
    assert service.worker_pid() != before
    page.run("voxkeeper restart")


@pytest.mark.section("log-flood")
def test_a_worker_writes_too_much(service, page):
    begin(service)
    service.fault("flood?rate=20000")
    page.symptoms()
    assert "Fault: log flood" in page.run("uniq -c").text
    page.run("voxkeeper restart")


@pytest.mark.section("alerts-are-not-delivered")
def test_a_receiver_does_not_take_alerts(service, page):
    begin(service, {"FAULT_EXIT_CODE": 7}, wait=False,
          **{"Notify pager": {"Type": "webhook", "Url": "http://127.0.0.1:8010/hook"}})
    page.symptoms()
    told = page.run("alert-test\n", exits={"voxkeeper alert-test": 1})
    assert "connect" in told["voxkeeper alert-test"] and "pager" in told["journalctl"]
    service.box.run("systemd-run", "--unit=receiver", "node", "-e", RECEIVER)
    wait_for(lambda: "8010" in service.box.run("ss", "-ltn").stdout, what="the receiver")
    page.run("alert-test NOTIFIER", NOTIFIER="pager")
    service.event("alert-sent")


@pytest.mark.section("voxkeeper-itself")
def test_voxkeeperd_dies_or_does_not_start(service, page):
    begin(service)
    before = service.worker_pid()
    service.systemctl("kill", "--kill-whom=main", "--signal=KILL")
    page.symptoms()
    told = page.run("systemctl status")
    assert "active (running)" in told["systemctl status"] and "NRestarts=1" in told["systemctl show"]
    assert "goes on: 1 of 1" in told["journalctl"] and service.worker_pid() == before
    page.run("uptime")
    page.run("systemctl restart")
    assert service.worker_pid() == before
    service.systemctl("stop")
    service.write_config("[Agent]\nLisen=3004\n")
    assert service.systemctl("start", check=False).returncode != 0
    begin_again = service.show("ExecMainStatus")
    assert begin_again == "78" and service.show("ActiveState") == "failed"
    service.configure()
    page.run("reset-failed")
    wait_serving(service)


@pytest.mark.section("monitoring")
def test_it_is_watched(service, page):
    begin(service, **{"Notify pager": {"Type": "exec", "Command": "/bin/true"}})
    told = page.run("/livez")
    assert '"ready":true' in told["curl -sS http://127.0.0.1:9464/readyz"]
    assert "voxkeeper_serving_workers 1" in told["curl -sS http://127.0.0.1:9464/metrics"]
    told = page.run("voxkeeper logs")
    assert "worker-verified" in told["voxkeeper logs"]
    assert "pager" in page.run("alert-test").text


@pytest.mark.section("before-a-deployment")
def test_all_is_ready_for_a_release(service, page):
    release(service.box, "1")
    link(service.box, "1")
    begin(service, Agent=DEPLOYED)
    told = page.run("voxkeeper status")
    assert "ANSWERING" in told["voxkeeper status"] and "0 incidents" in told["voxkeeper incidents"]
    assert "none under way" in told["voxkeeper rollout"]
    assert '"dependencies"' in page.run("--check-config")["curl"]
    assert "Avail" in page.run("free -m")["df"]


@pytest.mark.section("preflight")
def test_the_checklist_is_executed(service, page):
    """Little of it is configured here, so it says so; test_preflight.py has one that passes."""
    begin(service, Rollout={"RequirePreflight": "yes"},
          **{"Notify pager": {"Type": "exec", "Command": "/bin/true"}})
    told = page.run("voxkeeper preflight", exits={"voxkeeper preflight": 1})
    service.event("preflight-failed")
    for kind in "begun", "ended":
        service.event("alert-sent", VOXKEEPER_KIND=kind, VOXKEEPER_NOTIFIER="pager")
    assert "responsible: who is on call" in told.text and "it took a test notice after" in told.text
    report = service.box.run("cat preflight.xml; rm preflight.xml").stdout
    assert "<testsuite" in report and "<failure" in report and "previous-release" in told.text
    assert service.cli("restart", check=False).returncode == 1
    assert "tests can wait" in page.run("--override")["voxkeeper changelog"]


@pytest.mark.section("after-an-incident")
def test_a_post_mortem_is_written_and_checked(service, page):
    begin(service, {"FAULT_EXIT_CODE": 7}, wait=False)
    page.run("-o postmortem.md", INCIDENT=page.incident("crash-loop"))
    told = page.run("--check", exits={"voxkeeper postmortem": 1})
    wait_for(lambda: "root cause" in told.text.lower(), what="what is missing in it")
