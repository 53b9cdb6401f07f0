"""voxkeeper doctor against a daemon in which one thing at a time is broken. Its fixtures are to be
imported by name: neighbour, well, start, apart."""

import json
import os
import shlex
import subprocess

import pytest
from daemon import BUILD, TOP
from neighbour import Neighbour

PROGRAMS = TOP / "test/integration/programs"

# What this machine itself may have; each is provoked in a place of its own.
MACHINE = ["host-disk", "host-inodes", "host-memory", "host-memory-pressure", "host-oom-kills",
           "host-time-sync"]

# A daemon's own network, in which every packet to 192.0.2.0/24 goes into a wire with nobody at its
# end (`nobody`), and its own view of files, of which `binds` puts some over others.
NAMESPACE = """#!/bin/sh
exec unshare --net --mount sh -ec '
    ip link set lo up
    ip link add near type veth peer name far
    ip addr add 192.0.2.1/24 dev near
    ip link set near up
    ip link set far up
    ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev near
    echo nameserver {server} >{directory}/resolv.conf
    mount --bind {directory}/resolv.conf /etc/resolv.conf
    {binds}
    exec {program} "$@"' sh "$@"
"""


@pytest.fixture
def neighbour():
    """neighbour(..): a Neighbour that ends with the test."""
    made = []

    def make(**options):
        made.append(Neighbour(**options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def well(agent_config, neighbour, port):
    """A configuration in which nothing is wrong. Call it with the agent's variables and sections to
    change."""
    runner, providers = neighbour(), [neighbour(), neighbour()]

    def build(environment=None, **sections):
        config = agent_config({"ELEVENLABS_API_KEY": "key-of-a-test", "WEBHOOK_SECRET": "sesame",
                               "ELEVENLABS_AGENT_ID": "agent-1", "FAULT_ROUTES": 1,
                               "ELEVENLABS_AGENT_URL": f"http://127.0.0.1:{port}",
                               "CURSOR_RUNNER_URL": runner.url, **(environment or {})})
        config["Doctor"] = {"Provider": " ".join(one.url for one in providers),
                            "Ignore": " ".join(MACHINE)}
        # The doctor sees them before anybody mends them.
        config["Health"]["Fall"] = 100
        for section, keys in sections.items():
            config[section] = {**config.get(section, {}), **keys}
        return config

    build.runner, build.providers = runner, providers
    return build


@pytest.fixture
def start(make_daemon, well):
    """start(..): a daemon by well(..) whose worker serves."""

    def run(environment=None, **sections):
        daemon = make_daemon(well(environment, **sections))
        daemon.wait_event("worker-verified", 30)
        return daemon

    return run


def report(daemon, exit_code=None):
    done = daemon.cli("--json", "doctor", deadline=60)
    assert exit_code is None or done.returncode == exit_code, done.stdout + done.stderr
    return json.loads(done.stdout)


def alone(daemon, *options):
    """(exit code, report) of a doctor that finds no daemon at work."""
    done = subprocess.run(
        [BUILD / "src/cli/voxkeeper", "--socket", daemon.socket, "--json", "doctor", "--config",
         daemon.config, *options], capture_output=True, text=True, timeout=60,
        env=os.environ | {"VOXKEEPERD": str(BUILD / "src/daemon/voxkeeperd")})
    return done.returncode, json.loads(done.stdout)


# What a finding's command may begin with; anything else is prose that a shell would stumble over.
PROGRAMS_TO_TYPE = {"cat", "curl", "df", "du", "free", "getent", "head", "ip", "journalctl", "nft",
                    "openssl", "ps", "redis-cli", "sort", "ss", "systemctl", "tail", "timedatectl",
                    "timeout", "voxkeeper", "voxkeeperd"}


def is_typed(command):
    """Whether that can be pasted into a shell as it stands."""
    words = shlex.split(command, comments=True)
    parts = [[]]
    for word in shlex.shlex(command.split("  # ")[0], posix=True, punctuation_chars="();<>|&"):
        if set(word) <= set(";|&"):
            parts.append([])
        else:
            parts[-1].append(word)
    parsed = subprocess.run(["bash", "-nc", command], capture_output=True, text=True)
    return parsed.returncode == 0 and words and all(
        part and part[0] in PROGRAMS_TO_TYPE for part in parts)


def paste(command):
    """A finding's command, typed as it stands. It may end with something that fails here."""
    subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, timeout=30)


def names(found):
    return sorted(finding["check"] for finding in found["findings"])


def diagnosis(daemon, *checks):
    """Asserts that exactly these are found, and returns the findings by name."""
    found = report(daemon)
    assert names(found) == sorted(checks), json.dumps(found, indent=1)
    for finding in found["findings"]:
        for member in "symptom", "evidence", "cause", "command", "runbook":
            assert finding[member], finding
        assert is_typed(finding["command"]), finding["command"]
    errors = [finding for finding in found["findings"] if finding["severity"] == "error"]
    assert report(daemon, exit_code=1 if errors else 0)
    return {finding["check"]: finding for finding in found["findings"]}


@pytest.fixture
def apart(make_daemon, well, redis, directory):
    """apart(..): a daemon in a network and a view of files of its own. Redis is reached by its unix
    socket. binds: {path: what is seen there instead}."""

    def run(server="127.0.0.1", environment=None, binds=None, **sections):
        program = directory / "apart"
        over = "; ".join(f"mount --bind {source} {path}" for path, source in (binds or {}).items())
        program.write_text(NAMESPACE.format(server=server, directory=directory, binds=over,
                                            program=BUILD / "src/daemon/voxkeeperd"))
        program.chmod(0o755)
        config = well({"REDIS_URL": str(redis.socket), "CURSOR_RUNNER_URL": "",
                       **(environment or {})}, **{"Redis": {"Url": redis.unix_url}, **sections})
        daemon = make_daemon(config, program=program)
        daemon.wait_event("worker-verified", 30)
        return daemon

    return run
