"""docs/runbook.md, what workers write: its symptoms are there, its commands work."""

import json

import pytest
from situations import begin, paced
from waiting import wait_for

pytestmark = pytest.mark.systemd


@pytest.mark.section("self-healing")
def test_what_is_done_does_not_help(service, page):
    begin(service, Agent={"MemoryHigh": "1M"}, Heal={"Budget": "1/1h", "Proof": "1s"})
    service.event("remedy-stopped", deadline=60)
    page.symptoms()
    told = page.run("VOXKEEPER_EVENT=remedy-applied")
    assert "remedy-failed" in told["voxkeeper incidents"]
    assert "more than MemoryHigh=" in told["journalctl"]
    service.configure(**paced(Agent={"MemoryHigh": "0"}))
    page.run("voxkeeper reload")
    service.event("incident-resolved", deadline=60, VOXKEEPER_CONDITION="remedy-failed")


# Answers what is in a file; without it the key is refused. It ends with its input.
ELEVENLABS = """
const fs = require('node:fs');
require('node:http').createServer((request, response) => {
    const there = fs.existsSync('/run/agent.json');
    response.statusCode = there ? 200 : 401;
    response.end(there ? fs.readFileSync('/run/agent.json') : '{}');
}).listen(8099, '127.0.0.1');
process.stdin.on('end', () => process.exit()).resume();
"""


@pytest.mark.section("instructions")
def test_somebody_changes_what_the_agent_says(service, page, request):
    def answers(first_message):
        agent = {"agent_id": "agent_1",
                 "conversation_config": {"agent": {"first_message": first_message}}}
        service.box.write("/run/agent.json.new", json.dumps(agent))
        service.box.run("mv", "/run/agent.json.new", "/run/agent.json")

    answers("Hello!")
    server = service.box.popen("/usr/bin/node", "-e", ELEVENLABS, stdin=-1)
    request.addfinalizer(lambda: server.communicate(timeout=30))
    service.box.write("/etc/voxkeeper/elevenlabs", "sk_1\n", owner="voxkeeper")
    begin(service, Instructions={"AgentId": "agent_1", "Interval": "1s",
                                 "BaseUrl": "http://127.0.0.1:8099",
                                 "KeyCredential": "/etc/voxkeeper/elevenlabs"})
    kept = "/var/lib/voxkeeper/instructions/agent.json"
    wait_for(lambda: service.box.run("test", "-f", kept, check=False).returncode == 0,
             deadline=30, what="a first look at the agent")
    answers("Goodbye!")
    service.event("instructions-changed", deadline=30)
    told = page.run("--kind instructions")
    assert '"Hello!" -> "Goodbye!"' in told["voxkeeper changelog"]
    assert '"Hello!" -> "Goodbye!"' in told["journalctl"]
    service.box.run("rm", "/run/agent.json")
    service.event("instructions-unseen", deadline=30)
    assert "HTTP 401" in page.run("VOXKEEPER_EVENT=instructions-unseen")["journalctl"]


@pytest.mark.section("what-workers-write")
def test_workers_write_too_much_of_something(service, page):
    watch = {"Pattern": "Fault: leaking connections", "Threshold": "1/1h", "Action": "incident"}
    quick = {"Patience": "0.001"}
    begin(service, Incidents=quick, **{"LogWatch leak": watch})
    service.fault("leak")
    page.symptoms()
    told = page.run("VOXKEEPER_EVENT=log-watch-matched")
    assert "leak: 1 line in 1h" in told["journalctl"]
    assert "Fault: leaking connections" in told["voxkeeper logs"]
    assert "Pattern=Fault: leaking connections" in told["voxkeeper show-config"]
    service.event("incident-opened", VOXKEEPER_CONDITION="log-watch", VOXKEEPER_SUBJECT="leak")
    service.configure(**paced(Incidents=quick, **{"LogWatch leak": {**watch, "Action": "event"}}))
    page.run("voxkeeper reload")
    assert "Action=event" in service.cli("show-config").stdout
    service.event("incident-resolved", VOXKEEPER_CONDITION="log-watch")
