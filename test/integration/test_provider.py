"""A provider's outage, as the workers tell of it, restarts nobody; a wrong key is rolled back."""

import shutil

import pytest
from test_rollout import Command, rollout, serving, wait_state
from waiting import wait_for

# Whether the provider is up says a file, which every worker reads; a wrong key is a worker's own.
WORKER = """
const fs = require('node:fs');
const http = require('node:http');
const provider = () => process.env.KEY !== 'wrong' && fs.existsSync(process.argv[2]);
http.createServer((request, response) => {
    if (request.url === '/callback') response.statusCode = 400; // what lib/load.py calls right
    response.end(JSON.stringify({ status: 'ok', llm: provider() ? 'up' : 'down' }));
}).listen(Number(process.env.PORT), '127.0.0.1');
"""


class Provider:
    def __init__(self, path):
        self.path = path
        self.up()

    def up(self):
        self.path.write_text("")

    def down(self):
        self.path.unlink()


@pytest.fixture
def provider(directory):
    return Provider(directory / "provider")


@pytest.fixture
def config(directory, port, provider):
    """config(key): two workers with that key."""
    worker = directory / "worker.cjs"
    worker.write_text(WORKER)

    def build(key="good"):
        return {"Agent": {"ExecStart": f"{shutil.which('node')} {worker} {provider.path}",
                          "Environment": [f"PORT={port}", f"KEY={key}"],
                          "Listen": f"127.0.0.1:{port}", "Handover": "preload", "Workers": "2",
                          "TimeoutStartSec": "90s" if key == "good" else "4s"},
                "Health": {"Url": "/health", "ExpectJson": "status=ok llm=up",
                           "ProviderJson": "llm", "Interval": "100ms", "Fall": "2",
                           "StartInterval": "50ms", "FastInterval": "50ms"},
                "Restart": {"Delay": "50ms"}, "Rollout": {"KeepWarm": "0", "Bake": "200ms"},
                "Drain": {"Linger": "0", "Timeout": "10s"}}

    return build


def pids(daemon):
    """What is told of each worker."""
    workers = daemon.request("GET", "/api/v1/workers")[1]["workers"]
    return {worker["pid"]: worker for worker in workers}


def status(daemon):
    return daemon.request("GET", "/api/v1/status")[1]


def nobody_failed(daemon):
    bad = ["worker-exited", "worker-crashed", "worker-not-verified", "worker-unhealthy"]
    return [event["message"] for name in bad for event in daemon.events(name)] == []


def test_an_outage_restarts_nobody(make_daemon, config, provider):
    daemon = make_daemon(config())
    daemon.wait_event("worker-verified", count=2)
    before = set(pids(daemon))
    provider.down()
    told = daemon.wait_event("worker-degraded", count=2)
    assert 'health: llm is "down", want "up"' in told["reason"]
    assert "works without a provider; it is kept" in told["message"]
    assert '"llm":"down"' in told["probe_body"]
    page = daemon.cli("status", check=True).stdout
    assert "degraded" in page and "a provider is down" in page
    assert 'last probe: health: llm is "down"' in daemon.cli("workers", check=True).stdout
    for worker in pids(daemon).values():
        assert worker["degraded"] and worker["health"] == "healthy"
        assert worker["last_probe"]["outcome"] == "provider"
    assert daemon.request("GET", "/readyz")[0] == 200
    provider.up()
    daemon.wait_event("worker-recovered", count=2)
    wait_for(lambda: status(daemon)["state"] == "serving")
    assert not status(daemon)["dependency"]["provider_down"]
    assert set(pids(daemon)) == before and nobody_failed(daemon)


def test_a_first_start_in_an_outage_serves(make_daemon, config, provider):
    provider.down()
    daemon = make_daemon(config())
    daemon.wait_event("daemon-ready")
    daemon.wait_event("worker-degraded", count=2)
    assert len(serving(daemon)) == 2
    provider.up()
    daemon.wait_event("worker-recovered", count=2)
    assert nobody_failed(daemon)


def test_an_outage_holds_a_rollout_which_then_completes(make_daemon, config, provider):
    daemon = make_daemon(config())
    daemon.wait_event("worker-verified", count=2)
    before = serving(daemon)
    provider.down()
    daemon.wait_event("worker-degraded", count=2)
    wait_for(lambda: status(daemon)["dependency"]["provider_down"])
    restart = Command(daemon, "restart")
    wait_state(daemon, "canary")
    assert rollout(daemon)["outage"]
    assert "stands still while a dependency or provider is down" in daemon.cli("rollout").stdout
    assert serving(daemon) == before
    provider.up()
    assert "restarted: every worker is verified" in restart.end(code=0)
    assert serving(daemon).isdisjoint(before)
    assert daemon.events("worker-not-verified") == [] and daemon.events("rollout-going-back") == []


def test_an_outage_while_it_bakes_holds_it(make_daemon, config, provider):
    sections = config()
    sections["Rollout"]["Bake"] = "2s"
    daemon = make_daemon(sections)
    daemon.wait_event("worker-verified", count=2)
    restart = Command(daemon, "restart")
    wait_state(daemon, "baking")
    provider.down()
    wait_for(lambda: rollout(daemon)["outage"])
    assert rollout(daemon)["state"] == "baking"
    provider.up()
    assert "restarted: every worker is verified" in restart.end(code=0)
    assert daemon.events("worker-not-verified") == [] and daemon.events("rollout-going-back") == []


def test_a_wrong_key_in_the_new_release_is_rolled_back(make_daemon, config):
    daemon = make_daemon(config())
    daemon.wait_event("worker-verified", count=2)
    before = serving(daemon)
    daemon.configure(config("wrong"))
    refused = daemon.cli("reload")
    assert refused.returncode == 4, refused
    failed = daemon.wait_event("worker-not-verified")
    assert 'llm is "down"' in failed["reason"] and '"llm":"down"' in failed["probe_body"]
    assert serving(daemon) == before
    assert daemon.events("worker-degraded") == []
