"""A secret is in the environment of workers and in requests to its provider, and nowhere else."""

import json
import os
import re
import signal
from pathlib import Path

from daemon import TOP, UnixHttp
from provider import Provider
from test_credentials_rotate import replace
from waiting import wait_for

CANARIES = "sk-canary-7f3a9d1b52c8", "sk-canary-2e64b80ac915", "sk-canary-d07e5513f9aa"


def core_of(pid):
    """What a core dump of the process would hold: its memory but what is kept out of dumps."""
    with open(f"/proc/{pid}/smaps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        span = None
        for line in maps:
            if found := re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ", line):
                span = int(found[1], 16), int(found[2], 16), found[3]
            elif line.startswith("VmFlags:") and span[2].startswith("r") and " dd" not in line:
                memory.seek(span[0])
                try:
                    yield memory.read(span[1] - span[0])
                except (OSError, ValueError):
                    pass  # [vvar] and the like


def get_paths():
    """Every GET path of the API that has no variable part."""
    described = json.loads((TOP / "docs/openapi.json").read_text())
    return [path for path, verbs in described["paths"].items()
            if "get" in verbs and "{" not in path and "stream" not in path]


def fetch(daemon, path):
    connection = UnixHttp(daemon.socket, 10.0)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def memfds(pid):
    for path in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if "memfd:" in os.readlink(path):
                yield f"memfd {path.name}", path.read_bytes()
        except FileNotFoundError:
            pass  # closed meanwhile


def everything(daemon):
    """(where, bytes) for all that others than workers and providers could come to see."""
    yield "stderr", daemon.log.read_bytes()
    for path in daemon.state.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
    for path in get_paths():
        yield path, fetch(daemon, path)
    for pid in [daemon.pid, *daemon.workers()]:
        yield f"cmdline of {pid}", Path(f"/proc/{pid}/cmdline").read_bytes()
    yield "environment", Path(f"/proc/{daemon.pid}/environ").read_bytes()
    yield from memfds(daemon.pid)
    for argv in ("show-config",), ("status",), ("workers",), ("incidents",), ("changelog",):
        yield " ".join(argv), daemon.cli(*argv).stdout.encode()
    for memory in core_of(daemon.pid):
        yield "core", memory


def leaks(daemon):
    return sorted({where for where, content in everything(daemon)
                   for canary in CANARIES if canary.encode() in content})


def test_a_canary_is_found_nowhere(make_daemon, sleeper_config, directory):
    first, second, bad = CANARIES
    secret = directory / "secret"
    secret.write_text(first)
    provider = Provider(first, second)
    try:
        daemon = make_daemon({**sleeper_config(), "Daemon": {"LogLevel": "debug"},
                              "Credential speech": {
                                  "File": secret, "Environment": "SPEECH_KEY", "MinQuota": 5000,
                                  "Provider": "elevenlabs", "BaseUrl": provider.url,
                                  "CheckInterval": "1s", "RotateAfter": "2s"}})
        daemon.wait_event("credential-old")
        daemon.wait_event("credential-low")
        assert leaks(daemon) == []
        replace(secret, second)
        daemon.wait_event("credential-in-use", deadline=30, author="credential speech")
        replace(secret, bad)
        daemon.wait_event("credential-refused", deadline=30)
        wait_for(lambda: daemon.events("incident-opened", condition="credential-refused"))
        daemon.send(signal.SIGKILL)
        daemon.wait()
        mark = daemon.mark()
        daemon.start()
        daemon.wait_event("daemon-resumed", since=mark)
        before = len(provider.asked)
        wait_for(lambda: len(provider.asked) > before + 2, deadline=20)
        assert leaks(daemon) == []
        assert {key for _, key in provider.asked} == set(CANARIES)
    finally:
        provider.close()


def test_the_search_would_find_it(make_daemon, sleeper_config):
    daemon = make_daemon(sleeper_config(Environment=f"PLAIN={CANARIES[0]}"))
    daemon.wait_event("worker-verified")
    assert "core" in leaks(daemon) and "show-config" in leaks(daemon)
