"""docs/runbook.md, everyday work: each command is run against what it is for, and has its effect."""

import json

import pytest
from service import CONFIG, PORT
from situations import (DEPLOYED, begin, caller, link, register, release, serving_releases)
from waiting import wait_for

pytestmark = pytest.mark.systemd

SESSION = "elevenlabs:session:s-1"


@pytest.mark.section("first")
def test_somebody_is_woken(service, page):
    begin(service, {"FAULT_EXIT_CODE": 7}, wait=False)
    name = page.incident("crash-loop")
    told = page.run("voxkeeper status")
    assert told["voxkeeper status"].startswith("elevenlabs-agent: NOT")
    assert name in told["voxkeeper incidents"]
    assert "exit code 7" in told["journalctl"] and "runbook.md#crash-loop" in told["journalctl"]
    told = page.run("voxkeeper acknowledge", INCIDENT=name)
    assert "I look at it" in told["voxkeeper incidents"]
    assert "runbook.md#crash-loop" in told["voxkeeper incidents"]


@pytest.mark.section("restart-elevenlabs-agent")
def test_a_restart_keeps_callers_and_sessions(service, page):
    begin(service, Drain={"WaitFor": "connections"})
    register(service, "s-1")
    before = service.worker_pid()
    with caller(service):
        page.run("--reason 'why'")
        assert service.worker_pid() != before
        assert service.is_alive(before), "its caller was not waited for"
    assert service.events("callers-cut") == []
    assert service.box.run("redis-cli", "EXISTS", SESSION).stdout.strip() == "1"
    assert "restart done, asked for by root: why" in page.run("VOXKEEPER_EVENT=restart-began").text
    # One in place, which cannot go back.
    service.systemctl("stop")
    service.mark()
    release(service.box, "good")
    release(service.box, "bad", "FAULT_HEALTH=wrong")
    link(service.box, "good")
    begin(service, Agent={**DEPLOYED, "Handover": "none", "TimeoutStartSec": "5s"})
    link(service.box, "bad")
    assert service.cli("restart", check=False).returncode == 1
    page.symptoms()
    told = page.run("VOXKEEPER_EVENT=worker-not-verified")
    assert "broken" in told["journalctl"]
    link(service.box, "good")
    page.run("change taken back")
    assert serving_releases(service) == {"good"}
    service.event("incident-resolved", VOXKEEPER_CONDITION="restart-failed")


@pytest.mark.section("change-the-number-of-workers")
def test_there_are_more_workers_for_a_while(service, page):
    begin(service)
    told = page.run("scale 2")
    assert "scaled from 1 to 2 workers" in told["voxkeeper scale"]
    assert "to 2 by root: why (Workers=1)" in told["voxkeeper status"]
    assert len(service.workers()) == 2
    told = page.run("scale --default")
    assert "scaled from 2 to 1 worker" in told["voxkeeper scale"]
    assert "the rush is over" in told["voxkeeper changelog"] and "why" in told["voxkeeper changelog"]
    assert len(service.workers()) == 1


@pytest.mark.section("deploy-and-roll-back")
def test_a_release_is_deployed_and_taken_back(service, page):
    for name in "7", "8", "9":
        release(service.box, name)
    link(service.box, "7")
    begin(service, Agent=DEPLOYED, Rollout={"KeepWarm": "2min"})
    told = page.run("deploy REVISION", REVISION="8")
    assert told["readlink"] == "releases/7\n"
    assert serving_releases(service) == {"8"}
    told = page.run("voxkeeper workers")
    assert "kept warm" in told["voxkeeper rollout"] and " 8 " in told["voxkeeper workers"]
    page.run("answers nonsense", REVISION="8", FORMER="7",
             exits={"voxkeeper rollout cancel": 0})
    assert serving_releases(service) == {"7"}
    page.run("back to FORMER", FORMER="9")
    assert serving_releases(service) == {"9"}


@pytest.mark.section("doctor")
def test_the_doctor_is_asked(service, page):
    begin(service)
    service.box.run("systemctl", "stop", "redis-server")
    service.event("redis-down")
    # Redis is one of them; no provider can be reached from here either.
    told = page.run("voxkeeper doctor\n", exits={"voxkeeper doctor": 1})
    assert "redis-refused: nobody listens where Redis should be" in told.text
    told = page.run("--json", exits={"voxkeeper doctor": 1}).text
    # What it says to a person while it looks comes before.
    found = json.loads(told[told.index("{"):])
    assert "redis-refused" in [finding["check"] for finding in found["findings"]]
    service.box.run("systemctl", "start", "redis-server")


@pytest.mark.section("rollouts")
def test_a_rollout_is_watched_and_steered(service, page):
    begin(service, Rollout={"Bake": "10min", "KeepWarm": "10min"})
    asked = service.box.popen("voxkeeper", "restart", stdout=-1, text=True)
    service.event("rollout-baking")
    assert "canary" in page.run("voxkeeper rollout\n").text
    page.run("voxkeeper rollout promote")
    assert asked.wait(30) == 0
    service.event("rollout-warm")
    page.run("voxkeeper rollout cancel")
    service.event("rollout-rolled-back")
    asked.communicate()


@pytest.mark.section("change-the-configuration")
def test_the_configuration_is_changed_and_a_mistake_refused(service, page):
    begin(service)
    good = service.box.read(CONFIG)
    service.write_config(good + "\n[Drain]\nActiveWindow=7min\n")
    page.run("voxkeeperd --check-config\nsystemctl reload")
    assert "ActiveWindow=7min" in page.run("voxkeeper show-config").text
    service.write_config(good + "\n[Drain]\nLingger=1s\n")
    assert service.systemctl("reload", check=False).returncode != 0
    page.symptoms()
    told = page.run("voxkeeperd --check-config", exits={"voxkeeperd --check-config": 78})
    assert "Lingger" in told["voxkeeperd"] and "Lingger" in told["journalctl"]
    assert "ActiveWindow=7min" in service.cli("show-config").stdout, "the one before stays in force"
    service.write_config(good)
    page.run("systemctl reload")
    service.event("incident-resolved", VOXKEEPER_CONDITION="configuration-refused")


@pytest.mark.section("stop-and-drain")
def test_callers_are_waited_for_and_may_be_cut(service, page):
    begin(service, Agent={"TimeoutStopSec": "1s"})
    with caller(service) as hang_up:
        draining = page.start("voxkeeper drain")
        service.event("drain-progress", VOXKEEPER_CALLERS="1")
        assert "DRAINING" in service.cli("status").stdout
        hang_up()
        draining.done()
    service.event("drain-done")
    page.run("voxkeeper resume")
    assert service.ask("/health")["status"] == "ok"
    page.run("systemctl stop voxkeeper\n")
    service.wait_show("ActiveState", "inactive")
    page.run("systemctl start voxkeeper\n")
    with caller(service):
        service.mark()
        service.systemctl("stop", "--no-block")
        service.event("drain-progress", VOXKEEPER_CALLERS="1")
        page.run("systemctl kill")
        service.event("callers-cut")
    service.wait_show("ActiveState", "inactive", 40)


@pytest.mark.section("stop-and-drain-behind-a-socket")
def test_callers_wait_in_the_queue_of_the_socket(service, page, request):
    request.addfinalizer(lambda: service.box.run(
        "systemctl disable --now voxkeeper.socket; systemctl kill -s KILL voxkeeper", check=False))
    begin(service, Agent={"Listen": PORT})
    page.run("systemctl enable")
    service.systemctl("stop")
    assert service.ask("/health")["status"] == "ok", "who calls waits, and starts it again"
    page.run("systemctl stop voxkeeper.socket")
    service.wait_show("ActiveState", "inactive")


@pytest.mark.section("upgrade-voxkeeper")
def test_voxkeeper_is_upgraded(service, page):
    begin(service)
    before, main = service.worker_pid(), service.show("MainPID")
    assert "upgraded" in page.run("voxkeeper upgrade")["voxkeeper upgrade"]
    service.event("upgrade-done")
    assert (service.worker_pid(), service.show("MainPID")) == (before, main)
    page.run("systemctl restart voxkeeper")
    assert service.worker_pid() == before and service.show("MainPID") != main


@pytest.mark.section("incidents")
def test_an_incident_is_looked_at_and_taken(service, page):
    begin(service, {"FAULT_EXIT_CODE": 7}, wait=False)
    name = page.incident("crash-loop")
    assert name in page.run("voxkeeper incidents\n").text
    told = page.run("voxkeeper acknowledge", INCIDENT=name)
    assert "exit code 7" in told["voxkeeper incidents"]
    service.event("incident-acknowledged", VOXKEEPER_INCIDENT=name)


@pytest.mark.section("silence-alerts")
def test_alerts_are_silenced_and_told_again(service, page):
    begin(service)
    page.run("voxkeeper silence 30m")
    assert service.event("silence-began")["VOXKEEPER_REASON"] == "kernel update"
    told = page.run("voxkeeper silence end")
    assert "kernel update" in told["voxkeeper silence"]
    service.event("silence-ended")
    wait_for(lambda: "not silent" in service.cli("silence").stdout, what="the end of the silence")


@pytest.mark.section("change-log")
def test_what_was_changed_is_looked_up(service, page):
    begin(service)
    service.box.write(CONFIG, service.box.read(CONFIG) + "\n[Drain]\nActiveWindow=7min\n", mode="0644")
    service.systemctl("reload")
    told = page.run("voxkeeper changelog --since")
    assert "version of voxkeeper" in told["voxkeeper changelog --since"]
    by = told["voxkeeper changelog --author"]
    assert "the new configuration is in force" in by and "systemd (systemctl reload)" in by
    page.run("changelog add")
    assert "webhook secret" in service.cli("changelog", "--since", "1h").stdout
    assert "webhook secret" in page.run("-o verbose").text
