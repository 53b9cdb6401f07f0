"""Core dumps: none is written where there are secrets, and one that is forced holds none of ours."""

import json
import os
import re
import resource
import shlex
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from daemon import BUILD
from provider_apis import ProviderApis, service_account_key
from test_credentials import series
from test_credentials_rotate import replace
from waiting import wait_for

FIRST, SECOND, BAD = "sk-canary-7f3a9d1b52c8", "sk-canary-2e64b80ac915", "sk-canary-d07e5513f9aa"
UNLIMITED = resource.RLIM_INFINITY, resource.RLIM_INFINITY
DUMPED = signal.SIGABRT, signal.SIGSEGV


@pytest.fixture
def certificate(directory):
    """(authority, (chain, key)) for 127.0.0.1."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=directory)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "tls.key", "-out",
            "tls.pem", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
            "subjectAltName=IP:127.0.0.1")
    return directory / "tls.pem", (directory / "tls.pem", directory / "tls.key")


@pytest.fixture
def dumping(make_daemon, sleeper_config, directory):
    """dumping(credential): a daemon on a machine that takes dumps, in the directory `dumps`."""
    if Path("/proc/sys/kernel/core_pattern").read_text().strip() not in ("core", "core.%p"):
        pytest.skip("core dumps of this machine go elsewhere")
    place = directory / "dumps"
    place.mkdir()
    program = directory / "voxkeeperd"
    program.write_text(f"#!/bin/sh\ncd {shlex.quote(str(place))} && ulimit -c unlimited && "
                       f"exec {BUILD}/src/daemon/voxkeeperd \"$@\"\n")
    program.chmod(0o755)

    def build(**credential):
        sections = sleeper_config(WorkingDirectory=place)
        if credential:
            sections["Credential speech"] = {"File": directory / "secret", "Environment": "KEY",
                                             **credential}
        daemon = make_daemon(sections, program=program)
        daemon.wait_event("worker-verified")
        return daemon

    return build


def dump_of(directory, ended):
    """The bytes of the dump that a process left when it ended by a signal; None: it left none."""
    found = list((directory / "dumps").iterdir())
    assert ended in [-number for number in DUMPED] and len(found) <= 1
    return found[0].read_bytes() if found else None


def end_by(daemon, number):
    daemon.send(number)
    return daemon.wait()


def kill_worker(daemon, number):
    (worker,) = daemon.workers()
    mark = daemon.mark()
    os.kill(worker, number)
    return daemon.wait_event("worker-crashed", since=mark)


def test_the_search_would_find_it(dumping, directory):
    """Without a [Credential] there are dumps, and what is in memory is in them."""
    daemon = dumping()
    assert "core dumped" in kill_worker(daemon, signal.SIGABRT)["message"]
    (core,) = (directory / "dumps").iterdir()
    core.unlink()
    assert str(daemon.socket).encode() in dump_of(directory, end_by(daemon, signal.SIGABRT))


def leaked(core, *secrets):
    return [secret for secret in secrets if secret.encode() in core]


@pytest.mark.parametrize("number", DUMPED)
def test_nobody_dumps_where_there_are_secrets(dumping, directory, number):
    (directory / "secret").write_text(FIRST)
    daemon = dumping(RotateAfter="infinity")
    assert "core dumped" not in kill_worker(daemon, number)["message"]
    assert dump_of(directory, end_by(daemon, number)) is None


def test_the_first_secret_ends_dumps(dumping, directory, sleeper_config):
    (directory / "secret").write_text(FIRST)
    daemon = dumping()
    daemon.configure({**sleeper_config(WorkingDirectory=directory / "dumps"),
                      "Credential speech": {"File": directory / "secret", "Environment": "KEY"}})
    daemon.cli("reload", check=True)
    assert "core dumped" not in kill_worker(daemon, signal.SIGABRT)["message"]
    assert dump_of(directory, end_by(daemon, signal.SIGABRT)) is None


class Keys:
    """ElevenLabs, as far as it knows keys; quotes the wrong ones. Answers while `open` is set."""

    def __init__(self, *good):
        self.good = good
        self.open = threading.Event()
        self.open.set()
        self.waiting = threading.Event()

    def __call__(self, asked):
        key = asked.headers["xi-api-key"]
        self.waiting.set()
        assert self.open.wait(60)
        if key in self.good:
            return 200, {"character_count": 0, "character_limit": 9}
        return 401, {"detail": {"status": "invalid_api_key", "message": f"Invalid API key {key}"}}


@pytest.fixture
def apis():
    made = []

    def make(answers, certificate):
        made.append(ProviderApis(answers, certificate))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("number", DUMPED)
def test_a_dump_that_is_forced_holds_no_value(dumping, directory, apis, certificate, number):
    """After all that is done with values: read, asked about over TLS, rolled out, refused."""
    (directory / "secret").write_text(FIRST)
    keys = Keys(FIRST, SECOND)
    provider = apis({"GET /v1/user/subscription": keys}, certificate[1])
    daemon = dumping(Provider="elevenlabs", BaseUrl=provider.url, CaFile=certificate[0],
                     CheckInterval="1s")
    replace(directory / "secret", SECOND)
    daemon.wait_event("credential-in-use", deadline=30, author="credential speech")
    replace(directory / "secret", BAD)
    daemon.wait_event("credential-refused", deadline=30)
    before = len(provider.asked)
    wait_for(lambda: len(provider.asked) > before + 1, deadline=30)
    # Nothing is under way now: the next question waits for its turn.
    wait_for(lambda: series(daemon, "voxkeeper_provider_key_valid") == 1)
    resource.prlimit(daemon.pid, resource.RLIMIT_CORE, UNLIMITED)
    core = dump_of(directory, end_by(daemon, number))
    assert str(daemon.socket).encode() in core
    assert leaked(core, FIRST, SECOND, BAD) == []


def primes(key):
    """The two primes of a key file."""
    text = subprocess.run(["openssl", "rsa", "-text", "-noout"], text=True, check=True,
                          input=json.loads(key)["private_key"], capture_output=True).stdout
    return [bytes.fromhex(re.sub(r"[^0-9a-f]", "", found)).lstrip(b"\0")
            for found in re.findall(r"^prime[12]:((?:\n    .*)+)", text, re.M)]


def test_a_dump_that_is_forced_holds_no_private_key(dumping, directory, apis, certificate):
    key = service_account_key()
    (directory / "secret").write_text(key)
    provider = apis({"POST /token": (200, {"access_token": "x"})}, certificate[1])
    daemon = dumping(Provider="google", BaseUrl=provider.url, CaFile=certificate[0])
    wait_for(lambda: series(daemon, "voxkeeper_provider_key_valid") == 1)
    resource.prlimit(daemon.pid, resource.RLIMIT_CORE, UNLIMITED)
    core = dump_of(directory, end_by(daemon, signal.SIGABRT))
    lines = [line for line in key.split("\\n") if len(line) == 64]
    assert len(lines) > 20 and leaked(core, *lines) == []
    # Nor the numbers that it stands for, as DER and as gmp have them.
    both = primes(key)
    assert [len(number) for number in both] == [128, 128]
    for number in both:
        assert number not in core and number[::-1] not in core
