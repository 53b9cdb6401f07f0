"""Where a secret could come to light: all that voxkeeperd writes, says and leaves behind."""

import json
import os
import re
import subprocess
from pathlib import Path

from daemon import BUILD, TOP, UnixHttp

# What an operator types that changes nothing, and one that does.
VERBS = ("status", "workers", "rollout", "doctor", "keys", "logs", "backups", "incidents",
         "changelog", "show-config", "preflight", "silence", "help", "alert-test",
         "sweep --dry-run", "changelog add seen", "reload")


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


def printed(daemon, *argv):
    """(where, bytes) of a command of the operator's, as text and as JSON."""
    for options in (), ("--json",):
        done = daemon.cli(*argv, *options, deadline=60)
        yield " ".join([*argv, *options]), (done.stdout + done.stderr).encode()


def said_alone(daemon):
    """What voxkeeperd says when it is called as a program."""
    for option in "--check-config", "--doctor":
        done = subprocess.run([BUILD / "src/daemon/voxkeeperd", "--config", daemon.config, option],
                              capture_output=True, timeout=60)
        yield f"voxkeeperd {option}", done.stdout + done.stderr


def everything(daemon):
    """(where, bytes) for all that others than workers and providers could come to see."""
    for verb in VERBS:
        yield from printed(daemon, *verb.split())
    for incident in daemon.request("GET", "/api/v1/incidents")[1]["incidents"]:
        yield from printed(daemon, "incidents", incident["id"])
        yield from printed(daemon, "postmortem", incident["id"])
    report = daemon.directory / "report.xml"
    daemon.cli("preflight", "--junit", report, deadline=60)
    yield "junit", report.read_bytes()
    yield from said_alone(daemon)
    for path in get_paths():
        yield path, fetch(daemon, path)
    for pid in [daemon.pid, *daemon.workers()]:
        yield f"cmdline of {pid}", Path(f"/proc/{pid}/cmdline").read_bytes()
    yield "environment", Path(f"/proc/{daemon.pid}/environ").read_bytes()
    yield from memfds(daemon.pid)
    # Last, with whatever the questions before have left there.
    yield "stderr", daemon.log.read_bytes()
    for path in daemon.state.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
    for memory in core_of(daemon.pid):
        yield "core", memory
