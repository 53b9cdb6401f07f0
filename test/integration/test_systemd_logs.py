"""`voxkeeper logs` with a journal to read."""

import json
from os import listdir, readlink

import pytest
from processes import children
from waiting import read_lines, wait_for

pytestmark = pytest.mark.systemd


def lines_of(service, *options):
    out = service.cli("logs", "--json", *options).stdout
    return [json.loads(line) for line in out.splitlines()]


def test_the_journal_is_what_is_shown(service):
    service.start()
    service.fault("crash", check=False)
    service.event("worker-crashed")
    service.event("worker-verified", count=2)
    lines = lines_of(service, "--lines=1000")
    crash = next(line for line in lines if line.get("event") == "worker-crashed")
    assert (crash["worker"], crash["level"], crash["exit"]) == ("1", "err", "exit code 1")
    assert crash["syslog_identifier"] == "voxkeeperd" and not crash.get("_pid")
    said = next(line for line in lines if line["message"] == "Error: fault: crash")
    assert (said["worker"], said["syslog_identifier"]) == ("1", "elevenlabs-agent")
    assert any(line["syslog_identifier"] == "systemd" for line in lines)
    assert [line["ts"] for line in lines] == sorted(line["ts"] for line in lines)
    assert {line["event"] for line in lines_of(service, "--event=worker-crashed")} == {"worker-crashed"}
    assert {line["worker"] for line in lines_of(service, "--worker=1")} == {"1"}
    assert len(lines_of(service, "--lines=3")) == 3
    assert lines_of(service, "--since=2100-01-01") == []
    page = service.cli("logs").stdout
    assert any(line.endswith("[worker-crashed]") and " err " in line for line in page.splitlines())


def test_the_journal_is_there_without_the_daemon(service):
    service.start()
    service.systemctl("stop")
    assert service.events("daemon-stopped")
    assert any(line.get("event") == "daemon-stopped" for line in lines_of(service))


def waits_for_the_journal(process):
    """Whether `logs -f` has shown what there was: libsystemd watches the journal's files then."""
    try:
        return any(readlink(f"/proc/{pid}/fd/{fd}") == "anon_inode:inotify"
                   for pid in children(process.pid) for fd in listdir(f"/proc/{pid}/fd"))
    except FileNotFoundError:  # a descriptor was closed meanwhile
        return False


@pytest.fixture
def follow(service):
    """Starts `voxkeeper logs -f --json`; once it follows, returns the events of its lines."""
    started = []

    def begin(*options):
        process = service.box.popen("voxkeeper", "logs", "-f", "--json", *options, stdout=-1)
        started.append(process)
        wait_for(lambda: waits_for_the_journal(process), 30, "logs -f to wait for the journal")
        return (json.loads(line).get("event") for line in read_lines(process.stdout, 30))

    yield begin
    for process in started:
        service.box._end(process)
        process.stdout.close()


def test_following_over_a_restart(service, follow):
    service.start()
    events = follow("--lines=1")
    service.systemctl("restart")
    assert "daemon-handed-over" in events
    assert "daemon-resumed" in events


def test_following_what_never_happened_before(service, follow):
    service.start()
    events = follow("--event=worker-crashed")
    service.fault("crash", check=False)
    assert next(events) == "worker-crashed"


def test_who_may_not_read_the_journal_is_told(service):
    service.start()
    refused = service.box.run("voxkeeper", "logs", user="nobody", check=False)
    assert refused.returncode == 1 and refused.stdout == ""
    assert "systemd-journal" in refused.stderr
    # Whoever may change something sees what the daemon itself remembers.
    shown = service.box.run("voxkeeper", "logs", user="voxkeeper")
    assert "[daemon-ready]" in shown.stdout
