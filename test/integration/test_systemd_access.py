"""Who may do what, and where files are."""

import pytest
from daemon import TOP

pytestmark = pytest.mark.systemd

# The agent and its tour are for who has the source.
EXAMPLES = ("voxkeeper.conf", "redis/*", "prometheus/*", "alertmanager/*", "grafana/**/*.*")


@pytest.fixture
def people(service):
    service.box.run("useradd onlooker; useradd --groups voxkeeper oncall")
    yield
    service.box.run("userdel onlooker; userdel oncall")


def test_everybody_may_look_and_nobody_else_may_change(service, people):
    service.start()
    page = service.cli("status", user="onlooker").stdout
    assert page.startswith("elevenlabs-agent: ANSWERING")
    assert service.cli("workers", user="onlooker").returncode == 0
    before = service.worker_pid()
    for verb in "restart", "reload", "drain", "resume", "sweep":
        refused = service.cli(verb, user="onlooker", check=False)
        assert refused.returncode == 1
        assert 'members of group "voxkeeper"' in refused.stderr
    assert service.worker_pid() == before
    assert service.cli("restart").returncode == 0
    assert service.worker_pid() != before


def test_members_of_the_control_group_may_change(service, people):
    service.start()
    before = service.worker_pid()
    service.cli("restart", "--reason", "new keys", user="oncall")
    began = service.event("restart-began")
    assert began["VOXKEEPER_AUTHOR"] == "oncall"
    assert began["VOXKEEPER_REASON"] == "new keys"
    assert service.worker_pid() != before


def test_another_group_may_be_named(service, people):
    service.start(Admin={"ControlGroup": "root"})
    refused = service.cli("restart", user="oncall", check=False)
    assert refused.returncode == 1
    assert 'members of group "root"' in refused.stderr


def test_the_configuration_is_not_for_everybody(service, people):
    service.start()
    listing = service.box.run("stat", "-c", "%U:%G %a", "/etc/voxkeeper",
                              "/etc/voxkeeper/credentials").stdout.splitlines()
    assert listing == ["root:voxkeeper 750", "root:root 700"]
    assert service.box.run("cat", "/etc/voxkeeper/voxkeeper.conf", user="onlooker",
                           check=False).returncode == 1
    state = service.box.run("stat", "-c", "%U:%G %a", "/var/lib/voxkeeper").stdout
    assert state == "voxkeeper:voxkeeper 750\n"
    user = service.box.run("ps", "-o", "user=", "-p", str(service.worker_pid())).stdout.strip()
    assert user.startswith("voxkee")


def test_the_workers_cannot_write_to_the_system_nor_execute_what_they_wrote(service):
    service.start()
    pid = service.worker_pid()
    assert service.writable_mounts(pid, "/", "/usr", "/usr/bin", "/opt", "/etc", "/home") == []
    written, executed = service.written_and_executed(pid)
    assert {"/tmp", "/run/voxkeeper", "/var/lib/voxkeeper"} <= set(written)
    assert executed == []
    status = service.box.read(f"/proc/{pid}/status")
    assert "NoNewPrivs:\t1\n" in status
    assert "CapEff:\t0000000000000000\n" in status
    assert "Seccomp:\t2\n" in status
    shadow = service.box.run("nsenter", "-t", str(pid), "-m", "cat", "/etc/shadow", check=False)
    assert shadow.stdout == ""


def test_exposure_is_at_most_1_3(service):
    path = service.show("FragmentPath")
    for arguments in [["--offline=true", path], ["voxkeeper.service"]]:
        done = service.box.run("systemd-analyze", "security", "--no-pager", "--threshold=13",
                               *arguments, check=False)
        assert done.returncode == 0, done.stdout.splitlines()[-1]
        assert "Overall exposure level" in done.stdout


def test_systemd_finds_no_fault_with_the_unit(service):
    done = service.box.run("systemd-analyze", "verify", "voxkeeper.service")
    assert done.stdout + done.stderr == ""


def test_files_are_where_debian_wants_them(installed):
    files = {str(path.relative_to(installed)) for path in installed.rglob("*")
             if not path.is_dir()}
    units = "lib/systemd/system" if "lib/systemd/system/voxkeeper.service" in files \
        else "usr/lib/systemd/system"
    (library,) = (name for name in files if name.endswith("/voxkeeper/libvoxkeeper-listen.so"))
    assert library.startswith("usr/lib/")
    doc = "usr/share/doc/voxkeeper"
    examples = {path.relative_to(TOP) for name in EXAMPLES for path in (TOP / "examples").glob(name)}
    assert files == {
        library, library.replace("libvoxkeeper-listen.so", "drain.cjs"),
        "usr/bin/voxkeeper", "usr/bin/voxkeeperd", f"{units}/voxkeeper.service",
        f"{units}/voxkeeper.socket",
        "usr/lib/sysusers.d/voxkeeper.conf", "usr/lib/tmpfiles.d/voxkeeper.conf",
        "usr/lib/systemd/catalog/voxkeeper.catalog",
        "usr/share/bash-completion/completions/voxkeeper",
        "usr/share/zsh/vendor-completions/_voxkeeper",
        "usr/share/man/man1/voxkeeper.1", "usr/share/man/man5/voxkeeper.conf.5",
        "usr/share/man/man8/voxkeeperd.8",
        *(f"{doc}/{name}" for name in (
            "api.md", "config.md", "events.md", "metrics.md", "monitoring.md", "openapi.json",
            "redis.md", "runbook.md")),
        *(f"{doc}/{name}" for name in examples)}
