"""docs/runbook.md, what workers and rollouts do wrong: its symptoms are there, its commands work."""

import pytest
from service import PORT
from situations import (DEPLOYED, begin, caller, link, paced, register, release,
                        serving_releases, wait_serving)

pytestmark = pytest.mark.systemd

# A wrapper that stays: its child binds the port.
WRAPPER = "/bin/sh -c '/usr/bin/node /opt/elevenlabs-agent/src/index.js; true'"


def deploy_bad(service, *faults, **sections):
    """Release "good" serves, "bad" is what the link leads to."""
    release(service.box, "good")
    release(service.box, "bad", *faults)
    link(service.box, "good")
    agent = {**DEPLOYED, "TimeoutStopSec": "1s"}
    begin(service, Agent=agent, **sections)
    if "FAULT_HEALTH=wrong" in faults:  # which is given up only then; the good one took its time
        service.configure(**paced(Agent={**agent, "TimeoutStartSec": "3s"}, **sections))
        service.cli("reload")
    link(service.box, "bad")


@pytest.mark.section("no-worker-serves")
def test_nobody_is_answered(service, page):
    deploy_bad(service, "FAULT_EXIT_CODE=7", Rollout={"KeepWarm": "0"})
    service.mark()
    service.kill(service.worker_pid())
    page.symptoms()
    service.event("worker-crashed", VOXKEEPER_EXIT="exit code 7")
    told = page.run("voxkeeper status")
    assert "NOT ANSWERING" in told["voxkeeper status"] and "exit code 7" in told["journalctl"]
    page.run("voxkeeper rollout")
    link(service.box, "good")
    told = page.run("change taken back")
    assert '"ready":true' in told["curl"]
    service.event("incident-resolved", VOXKEEPER_CONDITION="no-serving-worker")


@pytest.mark.section("crash-loop")
def test_a_worker_crashes_again_and_again(service, page):
    deploy_bad(service, "FAULT_EXIT_CODE=7")
    service.mark()
    service.kill(service.worker_pid())
    page.symptoms()
    told = page.run("fe01437293134adfbba3fec76ca387b5")
    assert "crash loop" in told["voxkeeper workers"]
    assert "Fault: exiting" in told["journalctl -b"]
    assert "exit code 7 (boot)" in told["journalctl -u"]
    link(service.box, "good")
    page.run("voxkeeper restart")
    assert serving_releases(service) == {"good"}
    service.event("incident-resolved", VOXKEEPER_CONDITION="crash-loop")


@pytest.mark.section("a-worker-does-not-start")
def test_a_worker_is_never_verified(service, page):
    begin(service, {"FAULT_HEALTH": "wrong"}, wait=False,
          Agent={"TimeoutStartSec": "2s", "TimeoutStopSec": "1s"})
    page.symptoms()
    life = service.given_up("broken", lambda more: service.configure(
        {"FAULT_HEALTH": "wrong"},
        **paced(Agent={"TimeoutStartSec": more, "TimeoutStopSec": "1s"})))["VOXKEEPER_LIFE"]
    told = page.run("-o verbose", LIFE=life)
    assert "broken" in told["journalctl -u voxkeeper -b VOXKEEPER_EVENT"]
    assert "HTTP Server started" in told["journalctl -u voxkeeper -b VOXKEEPER_LIFE"]
    assert "FAULT_HEALTH=wrong" in told["voxkeeper show-config"]
    assert f"127.0.0.1:{PORT}" in page.run("ss -ltnp").text
    service.configure(**paced())
    page.run("voxkeeper reload")
    wait_serving(service)


@pytest.mark.section("a-worker-is-unhealthy")
def test_a_worker_answers_wrongly(service, page):
    begin(service, Agent={"TimeoutStopSec": "1s"})
    service.fault("health?mode=wrong")
    page.symptoms()
    wait_serving(service)
    told = page.run("VOXKEEPER_PROBE_BODY")
    assert '"status":"broken"' in told["journalctl"] and "serving" in told["voxkeeper workers"]
    assert "suspect" in page.run("uptime")["journalctl"]


@pytest.mark.section("a-worker-hangs")
def test_a_worker_is_stopped_by_a_signal(service, page):
    begin(service, Agent={"TimeoutAbortSec": "1s"}, Health={"Timeout": "300ms"})
    before = service.worker_pid()
    service.kill(before, "STOP")
    page.symptoms()
    assert "do_signal_stop" in page.run("VOXKEEPER_EVIDENCE").text
    wait_serving(service)
    assert "serving" in page.run("voxkeeper workers").text and not service.is_alive(before)


@pytest.mark.section("a-worker-lost-redis")
def test_a_worker_has_given_up_on_redis(service, page):
    begin(service)
    service.fault("zombie")
    page.symptoms()
    wait_serving(service)
    told = page.run("VOXKEEPER_EVENT=worker-zombie")
    assert "serving" in told["voxkeeper workers"] and "lost its dependency" in told["journalctl"]
    page.run("voxkeeper show-config")
    assert register(service, "s-1")["success"]
    assert service.box.run("redis-cli EXISTS elevenlabs:session:s-1").stdout == "1\n"


@pytest.mark.section("a-worker-ignores-the-stop-signal")
def test_a_worker_does_not_end(service, page):
    begin(service, {"FAULT_IGNORE_SIGTERM": 1}, Agent={"TimeoutStopSec": "1s"})
    service.cli("restart")
    page.symptoms()
    told = page.run("VOXKEEPER_LAST_OUTPUT")
    assert "ignoring SIGTERM" in told["journalctl -b"] and "killed" in told["journalctl -u"]
    before = service.worker_pid()
    begin(service, {"FAULT_IGNORE_SIGTERM": 1}, wait=False, Agent={"TimeoutStopSec": "2s"})
    page.run("systemctl reload")
    assert service.worker_pid() == before
    assert "TimeoutStopSec=2s" in service.cli("show-config").stdout


@pytest.mark.section("a-rollout-is-held")
def test_somebody_decides(service, page):
    deploy_bad(service, "FAULT_HEALTH=wrong", Rollout={"OnFailure": "hold"})
    asked = service.box.popen("voxkeeper", "restart", stdout=-1)
    page.symptoms()
    assert "broken" in page.run("voxkeeper rollout\n").text
    page.run("voxkeeper rollout abort")
    assert asked.wait(30) == 4
    asked.communicate()
    assert serving_releases(service) == {"good"}
    # A failure that was not the release's.
    service.mark()
    asked = service.box.popen("voxkeeper", "restart", stdout=-1)
    service.event("rollout-held")
    service.box.run("truncate -s 0 /srv/elevenlabs-agent/releases/bad/.env")
    page.run("voxkeeper rollout promote")
    assert asked.wait(30) == 0
    asked.communicate()
    assert serving_releases(service) == {"bad"}


@pytest.mark.section("a-rollout-went-back")
def test_a_bad_release_is_rolled_back(service, page):
    deploy_bad(service, "FAULT_HEALTH=wrong", Rollback={"ExecRollback": "/bin/echo told of it"})
    assert service.cli("restart", check=False).returncode == 4
    page.symptoms()
    assert serving_releases(service) == {"good"}
    told = page.run("-o verbose")
    assert "broken" in told["voxkeeper rollout"] and "VOXKEEPER_PROBE_BODY" in told["journalctl"]
    page.run("back to FORMER", FORMER="good")
    service.event("incident-resolved", VOXKEEPER_CONDITION="rollout-went-back")
    assert "told of it" in page.run("elevenlabs-agent-rollback").text


@pytest.mark.section("callers-were-cut")
def test_a_wait_ended_too_early(service, page):
    begin(service, Drain={"Timeout": "1s"}, Agent={"TimeoutStopSec": "1s"})
    register(service, "s-1")
    with caller(service):
        service.cli("drain", check=False)
    page.symptoms()
    told = page.run("VOXKEEPER_CALLER_NAMES")
    assert "s-1" in told["journalctl -b"] and "s-1" in told["tail"]
    begin(service, wait=False, Drain={"Timeout": "20min"})
    page.run("systemctl reload")
    assert "Timeout=20min" in service.cli("show-config").stdout


@pytest.mark.section("the-listener-is-not-handed-over")
def test_a_wrapper_binds_the_port(service, page):
    begin(service, Agent={"ExecStart": WRAPPER, "TimeoutStartSec": "3s"})
    page.symptoms()
    told = page.run("voxkeeper status")
    assert "a child of it" in told["voxkeeper status"] and "binds" in told["journalctl"]
    service.configure()
    page.run("voxkeeperd --check-config")
    assert "handover preload" in service.cli("status").stdout
