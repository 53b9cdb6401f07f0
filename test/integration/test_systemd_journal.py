"""What journalctl shows of voxkeeper and of its workers."""

import pytest
from waiting import wait_for

pytestmark = pytest.mark.systemd

LINE_MAX = 16 * 1024


def said(service, message, **fields):
    return service.entry(SYSLOG_IDENTIFIER="elevenlabs-agent", MESSAGE=message, **fields)


def test_events_carry_their_fields(service):
    service.start()
    pid = service.worker_pid()
    verified = service.event("worker-verified")
    expected = {"MESSAGE_ID": "c1acc9906424450aa36bf9b3ddcb369d", "PRIORITY": "6",
                "SYSLOG_IDENTIFIER": "voxkeeperd", "VOXKEEPER_WORKER": "1",
                "VOXKEEPER_GENERATION": "1", "VOXKEEPER_LIFE": "1", "WORKER_PID": str(pid),
                "OBJECT_PID": str(pid), "_PID": service.show("MainPID"),
                "_SYSTEMD_UNIT": "voxkeeper.service"}
    assert {name: verified.get(name) for name in expected} == expected
    assert verified["DOCUMENTATION"].endswith("#restart-elevenlabs-agent")
    service.fault("crash", check=False)
    crashed = service.event("worker-crashed")
    assert crashed["PRIORITY"] == "3"
    assert crashed["VOXKEEPER_EXIT"] == "exit code 1"
    assert crashed["MESSAGE_ID"] == "ac3e0b5bc29147098c1e26038dabf68e"


def test_a_workers_line_is_one_record(service):
    service.start()
    pid = service.worker_pid()
    session = {"sessionUrl": "wss://example.test/1", "sessionId": "s-7"}
    service.ask("/agent-conversations/api/c1/session", "POST", session)
    line = said(service, "info: Health check requested")
    expected = {"PRIORITY": "6", "VOXKEEPER_WORKER": "1", "VOXKEEPER_GENERATION": "1",
                "VOXKEEPER_LIFE": "1", "VOXKEEPER_STREAM": "stdout", "WORKER_PID": str(pid),
                "OBJECT_PID": str(pid), "AGENT_SERVICE": "elevenlabs-agent"}
    assert {name: line.get(name) for name in expected} == expected
    assert line["AGENT_TIMESTAMP"]
    kept = service.entry(AGENT_SESSIONID="s-7")
    assert kept["SYSLOG_IDENTIFIER"] == "elevenlabs-agent"
    service.fault("leak")
    warned = said(service, "warn: Fault: leaking connections")
    assert warned["PRIORITY"] == "4"
    service.fault("crash", check=False)
    assert said(service, "error: Fault: crashing")["PRIORITY"] == "3"


def test_lines_on_stderr_are_warnings_and_known_as_such(service):
    service.start()
    service.fault("crash", check=False)
    trace = service.entry(VOXKEEPER_STREAM="stderr", MESSAGE="Error: fault: crash")
    assert trace["SYSLOG_IDENTIFIER"] == "elevenlabs-agent"


def test_long_lines_are_split_and_whole(service):
    service.start()
    service.fault(f"long-line?bytes={3 * LINE_MAX}")
    parts = [service.entry(VOXKEEPER_LINE_PART=str(number)) for number in (1, 2, 3, 4)]
    # The agent colours its level word, which the first part has lost.
    assert LINE_MAX - 16 < len(parts[0]["MESSAGE"]) < LINE_MAX
    assert len(parts[1]["MESSAGE"]) == LINE_MAX
    assert sum(part["MESSAGE"].count("x") for part in parts) == 3 * LINE_MAX
    assert {part["PRIORITY"] for part in parts} == {"6"}


def test_binary_output_is_shown_and_harmless(service):
    service.start()
    service.fault("binary?bytes=256")

    def lines():
        # journalctl's JSON has a list of numbers where a field is not text.
        entries = service.box.journal(after=service.marked, VOXKEEPER_STREAM="stdout")
        return [entry["MESSAGE"] for entry in entries]

    wait_for(lambda: any("\\xFF" in line or "\\xff" in line for line in lines()),
             what="the last byte of the block")
    assert all(isinstance(line, str) for line in lines())
    assert "\x1b" not in "".join(lines())
    assert service.ask("/health")["status"] == "ok"


def test_a_flood_is_cut_and_counted(service):
    service.start()
    service.fault("flood?rate=20000")
    dropped = service.event("worker-output-dropped")
    assert int(dropped["VOXKEEPER_LINES"]) > 0
    assert service.show("ActiveState") == "active"
    assert service.cli("status").stdout.startswith("elevenlabs-agent: ANSWERING")


def test_journalctl_explains_events(service):
    # What Debian's systemd package does on installation, by a trigger on the directory.
    service.box.run("journalctl", "--update-catalog")
    service.start()
    service.fault("crash?signal=SIGKILL")
    service.event("worker-crashed")
    page = service.box.run("journalctl", "-x", "-u", "voxkeeper",
                           "VOXKEEPER_EVENT=worker-crashed").stdout
    assert "Subject: Worker 1 " in page
    assert "Documentation: file:///usr/share/doc/voxkeeper/runbook.md#crash-loop" in page
    assert "@" not in page.partition("Subject:")[2]
    service.box.run("test", "-e", "/usr/share/doc/voxkeeper/runbook.md")
    every = service.box.run("journalctl", "--list-catalog").stdout
    assert "Worker" in every and "voxkeeper" in every


def test_debug_says_more_and_takes_effect_at_a_reload(service):
    service.start(Daemon={"LogLevel": "notice"})
    assert service.events("worker-verified") == []
    assert service.events("daemon-ready")
    service.configure(Daemon={"LogLevel": "info"})
    service.systemctl("reload")
    service.fault("crash", check=False)
    service.event("worker-verified")
