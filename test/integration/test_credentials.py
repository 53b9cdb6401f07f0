"""Secrets of the workers: their ages, and that nobody but workers and providers ever sees one."""

import json
import os
import re
import signal
import stat
from pathlib import Path

import pytest
from waiting import wait_for

CANARY = "sk-canary-7f3a9d1b52c8"


def environment_of(pid):
    entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(entry.decode(errors="replace").split("=", 1) for entry in entries if b"=" in entry)


def series(daemon, name, **labels):
    """The value of a sample of /metrics; None if there is none."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    for line in daemon.metrics():
        if line.startswith(name) and all(pair in line for pair in wanted):
            return float(line.rsplit(" ", 1)[1])
    return None


@pytest.fixture
def secret(directory):
    path = directory / "secret"
    path.write_text(f"{CANARY}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def keeping(sleeper_config, secret):
    """A configuration with the credential `speech`; keys: its own."""

    def build(**keys):
        return {**sleeper_config(),
                "Credential speech": {"File": secret, "Environment": "SPEECH_KEY", **keys}}

    return build


def test_workers_get_the_value(make_daemon, keeping):
    daemon = make_daemon(keeping())
    daemon.wait_event("worker-verified")
    (worker,) = daemon.workers()
    assert environment_of(worker)["SPEECH_KEY"] == CANARY
    used = daemon.wait_event("credential-in-use")
    assert used["credential"] == "speech"


def test_a_credential_of_the_unit_is_found_by_its_name(make_daemon, keeping, secret):
    daemon = make_daemon(keeping(File="secret"), env={"CREDENTIALS_DIRECTORY": str(secret.parent)})
    daemon.wait_event("worker-verified")
    environment = environment_of(daemon.workers()[0])
    assert environment["SPEECH_KEY"] == CANARY
    assert "CREDENTIALS_DIRECTORY" not in environment


@pytest.mark.parametrize("content, said", [
    (None, "No such file"),
    (b" \n", "it is empty"),
    (b"one\ntwo\n", "it holds more than one line"),
    (b"a\x01b\n", "byte 2 is a control character"),
    (b"x" * 4200, "is longer than 4096 bytes"),
])
def test_a_worker_does_not_start_without_its_secret(make_daemon, keeping, secret, content, said):
    secret.unlink()
    if content is not None:
        secret.write_bytes(content)
    daemon = make_daemon(keeping())
    failed = daemon.wait_event("worker-start-failed")
    assert "no value of credential speech for SPEECH_KEY" in failed["reason"]
    assert said in failed["reason"]


def age(daemon, minutes):
    """Lets a next instance go on with a value that is so old."""
    path = daemon.state / "credentials/credentials.json"
    daemon.wait_event("worker-verified")
    wait_for(lambda: path.exists() and "used" in path.read_text(), what="a record of it")
    daemon.stop()
    record = json.loads(path.read_text())
    record["credentials"][0]["used"]["age_usec"] = minutes * 60 * 10**6
    path.write_text(json.dumps(record))
    mark = daemon.mark()
    daemon.start()
    return daemon.wait_event("credential-due", since=mark)


def test_age_is_told_before_and_when_it_is_too_much(make_daemon, keeping):
    daemon = make_daemon(keeping(RotateAfter="100min"))
    due = age(daemon, 80)
    assert due["credential"] == "speech" and 80 <= int(due["age_sec"]) / 60 < 100
    opened = daemon.wait_event("incident-opened", condition="credential-old")
    assert opened["subject"] == "speech" and "is to be replaced after 1h 40min" in opened["message"]
    assert daemon.events("credential-old") == []
    daemon.configure(keeping(RotateAfter="1h"))
    daemon.cli("reload", check=True)
    old = daemon.wait_event("credential-old")
    assert re.search(r"is 1h 2\dmin( \d+s)? old and was to be replaced after 1h", old["message"])
    assert len(daemon.events("incident-opened", condition="credential-old")) == 1
    assert series(daemon, "voxkeeper_credential_age_seconds", credential="speech") >= 80 * 60
    assert series(daemon, "voxkeeper_credential_rotate_after_seconds", credential="speech") == 3600
    daemon.configure(keeping(RotateAfter="1d"))
    daemon.cli("reload", check=True)
    daemon.wait_event("incident-resolved", deadline=30, condition="credential-old")
    assert len(daemon.events("credential-due")) == 1


def test_age_outlives_voxkeeper(make_daemon, keeping):
    daemon = make_daemon(keeping(RotateAfter="100min"))
    age(daemon, 80)
    kept = daemon.state / "credentials"
    wait_for(lambda: "told" in (kept / "credentials.json").read_text(), what="that it was told")
    assert all(stat.S_IMODE((kept / name).stat().st_mode) == 0o600 for name in ("credentials.json", "key"))
    key = (kept / "key").read_bytes()
    daemon.send(signal.SIGKILL)
    daemon.wait()
    mark = daemon.mark()
    daemon.configure(keeping(RotateAfter="1h"))
    daemon.start()
    daemon.wait_event("credential-old", since=mark)
    assert series(daemon, "voxkeeper_credential_age_seconds", credential="speech") >= 80 * 60
    assert not daemon.events("credential-in-use", since=mark)
    assert (kept / "key").read_bytes() == key


def test_an_upgrade_keeps_age_and_value(make_daemon, keeping, secret):
    daemon = make_daemon(keeping())
    daemon.wait_event("worker-verified")
    age = "voxkeeper_credential_age_seconds"
    wait_for(lambda: series(daemon, age) >= 2)
    secret.unlink()  # whose value only the worker has now
    mark = daemon.mark()
    before = series(daemon, age)
    daemon.cli("upgrade", check=True)
    daemon.wait_event("daemon-resumed", since=mark)
    assert series(daemon, age) >= before
    (worker,) = daemon.workers()
    os.kill(worker, signal.SIGKILL)
    daemon.wait_event("worker-verified", since=mark)
    assert environment_of(daemon.workers()[0])["SPEECH_KEY"] == CANARY
    assert not daemon.events("credential-in-use", since=mark)


def test_a_broken_record_is_set_aside(make_daemon, keeping):
    daemon = make_daemon(keeping(), start=False)
    kept = daemon.state / "credentials"
    kept.mkdir()
    (kept / "credentials.json").write_text('{"version": 1, "credentials": [7]}')
    daemon.start()
    daemon.wait_event("worker-verified")
    assert any("ages of credentials begin anew" in line["message"] for line in daemon.lines())
    assert (kept / "credentials.json.broken").exists()
    wait_for((kept / "credentials.json").exists, what="a record that begins anew")
    assert json.loads((kept / "credentials.json").read_text())["credentials"][0]["name"] == "speech"
