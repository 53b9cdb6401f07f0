"""systemctl reload: waits for the verdict, and fails with the reason."""

import pytest
from daemon import config_text
from service import CONFIG, GATED, configuration

pytestmark = pytest.mark.systemd


@pytest.fixture
def gated(service):
    """Started; the new worker of the next reload waits for open_gate()."""
    service.open_gate()
    service.start(Agent=GATED)
    service.shut_gate()
    service.configure({"NEW": 1}, Agent=GATED)
    return service


def reload_said(service):
    """What ExecReload= printed."""
    service.box.run("journalctl", "--sync")
    entries = service.box.journal(after=service.marked, _COMM="voxkeeper")
    return "\n".join(entry["MESSAGE"] for entry in entries)


def test_a_change_that_workers_need_not_see(service):
    service.start()
    before = service.worker_pid()
    service.configure(Health={"Interval": "150ms"})
    service.systemctl("reload")
    reloaded = service.event("config-reloaded")
    assert "Interval" in reloaded["VOXKEEPER_CHANGES"]
    assert reloaded["VOXKEEPER_CONFIG"] == CONFIG
    assert service.show("ActiveState") == "active"
    assert service.show("SubState") == "running"
    assert service.worker_pid() == before


def test_systemd_sees_reloading_until_the_workers_are_verified(gated):
    service, before = gated, gated.worker_pid()
    service.systemctl("reload", "--no-block")
    service.event("worker-started", WORKER_PID=str(before))
    service.event("worker-started", count=2)
    assert service.show("ActiveState") == "reloading"
    service.open_gate()
    service.event("config-reloaded")
    service.wait_show("ActiveState", "active")
    assert len(service.events("worker-verified")) == 2
    assert service.worker_pid() != before


def test_a_reload_by_the_operators_command_looks_the_same_to_systemd(gated):
    asked = gated.box.popen("voxkeeper", "reload")
    gated.event("worker-started", count=2)
    assert gated.show("ActiveState") == "reloading"
    gated.open_gate()
    assert asked.wait(30) == 0
    gated.wait_show("ActiveState", "active")


def test_a_hangup_reloads_too(gated):
    service = gated
    service.systemctl("kill", "--kill-whom=main", "--signal=HUP")
    service.event("worker-started", count=2)
    assert service.show("ActiveState") == "reloading"
    service.open_gate()
    service.event("config-reloaded")
    service.wait_show("ActiveState", "active")
    service.write_config("[Agent]\n")
    service.systemctl("kill", "--kill-whom=main", "--signal=HUP")
    service.event("config-refused")
    service.wait_show("ActiveState", "active")
    assert service.ask("/health")["redis"] == "connected"


def test_a_bad_configuration_is_refused_with_its_line(service):
    service.start()
    before = service.worker_pid()
    service.write_config(config_text(configuration()) + "[Drain]\nLingr=1s\nTimeout=soon\n")
    lines = len(config_text(configuration()).splitlines())
    done = service.systemctl("reload", check=False)
    assert done.returncode == 1
    reasons = [f'{CONFIG}:{lines + 2}: unknown key "Lingr"', f"{CONFIG}:{lines + 3}: "]
    refused = service.event("config-refused")
    page = service.status_page()
    said = reload_said(service)
    for reason in reasons:
        assert reason in refused["VOXKEEPER_REASON"]
        assert reason in said
    assert "Active: active (running)" in page
    assert "status=1/FAILURE" in page
    assert service.worker_pid() == before
    assert service.ask("/health")["redis"] == "connected"
    service.configure()
    service.systemctl("reload")


def test_a_reason_is_on_the_status_page(service):
    service.start()
    service.configure(Health={"Interval": "never"})
    assert service.systemctl("reload", check=False).returncode == 1
    page = service.box.run("systemctl", "status", "--no-pager", "-l", "-n", "30",
                           "voxkeeper", check=False).stdout
    assert f"{CONFIG}:" in page and '"never"' in page


def test_an_environment_that_the_agent_dies_of_is_rolled_back(service):
    service.start()
    before = service.worker_pid()
    service.configure({"FAULT_EXIT_CODE": 7}, Agent={"TimeoutStartSec": "20s"})
    assert service.systemctl("reload", check=False).returncode == 1
    refused = service.event("config-refused")
    assert "rolled back" in refused["MESSAGE"]
    assert "Environment" in refused["VOXKEEPER_CHANGES"]
    said = reload_said(service)
    assert "rolled back" in said
    service.wait_show("ActiveState", "active")
    assert service.worker_pid() == before  # it never went
    assert service.ask("/health")["redis"] == "connected"
    assert "FAULT_EXIT_CODE" not in service.cli("show-config").stdout
