"""docs/runbook.md, what workers write: its symptoms are there, its commands work."""

import pytest
from situations import begin, paced

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
