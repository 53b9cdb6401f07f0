"""A LoadCredential= of the unit: what the workers get, how it is renewed, and where it is not."""

import pytest

pytestmark = pytest.mark.systemd

FIRST, SECOND = "sk-canary-7f3a9d1b52c8", "sk-canary-2e64b80ac915"
SOURCE = "/etc/voxkeeper/speech-key"
# All that is left of the machine's life on its disks, and what is in memory of its services.
PLACES = "/var /run /tmp /etc/voxkeeper/voxkeeper.conf /opt"


@pytest.fixture
def loaded(service):
    """The unit with the credential, started: workers have it in SPEECH_KEY."""
    service.box.write(SOURCE, FIRST + "\n", mode="0600")
    service.drop_in(f"[Service]\nLoadCredential=speech:{SOURCE}\nLimitCORE=infinity\n")
    service.start(**{"Daemon": {"LogLevel": "debug"},
                     "Credential speech": {"File": "speech", "Environment": "SPEECH_KEY"}})
    service.event("worker-verified")
    return service


def key_of(service, pid):
    words = service.box.read(f"/proc/{pid}/environ").split("\0")
    variables = dict(word.partition("=")[::2] for word in words)
    assert "CREDENTIALS_DIRECTORY" not in variables
    return variables.get("SPEECH_KEY")


def everywhere(service, *secrets):
    """All texts that an operator, or who gets a log or a bundle from one, could see."""
    def run(command):
        return service.box.run(command, check=False, deadline=60, text=False).stdout

    words = " ".join(f"-e {secret}" for secret in secrets)
    return {
        "journal": run("journalctl --all --output=export --no-pager"),
        "command lines": run("ps axww"),
        "unit": run("systemctl show voxkeeper; systemctl status --no-pager -n 100 voxkeeper"),
        "files": run(f"grep -rlaF {words} {PLACES} 2>/dev/null | grep -v ^/run/credentials/"),
        "core files": run(f"find / -xdev -name 'core*' -type f -newer {SOURCE} -size +8k "
                          "-not -path '/proc/*' -not -path '/usr/*'"),
    }


def assert_hidden(service):
    seen = everywhere(service, FIRST, SECOND)
    for where, text in seen.items():
        assert FIRST.encode() not in text and SECOND.encode() not in text, where
    assert seen["files"] == b"" and seen["core files"] == b""
    assert b"credential speech" in seen["journal"]


def test_workers_get_it_and_nobody_else_sees_it(loaded):
    assert key_of(loaded, loaded.worker_pid()) == FIRST
    for signal, event in ("SEGV", "worker-crashed"), ("STOP", "worker-hung"):
        loaded.mark()
        loaded.kill(loaded.worker_pid(), signal)
        loaded.event(event, deadline=40)
        loaded.event("worker-verified", deadline=40)
    loaded.mark()
    loaded.kill(loaded.show("MainPID"), "ABRT")
    loaded.event("daemon-resumed", deadline=40)
    loaded.cli("doctor", check=False)
    loaded.cli("preflight", check=False, deadline=90)
    assert key_of(loaded, loaded.worker_pid()) == FIRST
    assert_hidden(loaded)


def test_a_restart_of_the_service_brings_a_new_one(loaded):
    old = loaded.worker_pid()
    loaded.box.write(SOURCE, SECOND + "\n", mode="0600")
    loaded.mark()
    loaded.systemctl("restart")
    loaded.event("daemon-resumed")
    loaded.event("credential-in-use", VOXKEEPER_AUTHOR="credential speech", deadline=60)
    new = loaded.worker_pid()
    assert new != old and key_of(loaded, new) == SECOND
    # Nobody was refused: the workers from before served until then.
    assert loaded.events("worker-crashed") == []
    assert_hidden(loaded)


def test_the_search_would_find_it(loaded):
    other = "sk-canary-d07e5513f9aa"
    loaded.box.run(f"echo the key is {other} | systemd-cat; journalctl --sync; "
                   f"echo {other} >/var/tmp/note; head -c 9000 /dev/zero >/var/tmp/core.7")
    seen = everywhere(loaded, other)
    loaded.box.run("rm /var/tmp/note /var/tmp/core.7")
    assert other.encode() in seen["journal"] and b"/var/tmp/note\n" in seen["files"]
    assert seen["core files"] == b"/var/tmp/core.7\n"
