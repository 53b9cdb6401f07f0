"""bash and zsh complete voxkeeper's command line, by asking the command that is installed."""

import os
import re
import subprocess

import pytest
from daemon import BUILD, TOP
from fake_api import FakeApi

BASH = """
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_voxkeeper
printf '%s\\n' "${COMPREPLY[@]}"
"""
# compadd and compset work only while zsh completes: these do the same with what is there.
ZSH = """
script=$1; shift
words=("$@") CURRENT=$#
function compset { PREFIX=${words[CURRENT]#*=} }
function compadd { local name; for name in ${(P)@[-1]}; do [[ $name == ${PREFIX}* ]] && print -r -- $name; done }
function _files { print -r -- files }
PREFIX=${words[CURRENT]}
source $script
true
"""


@pytest.fixture
def environment(directory):
    """The command that was built, and nothing of the tester's shells."""
    (directory / "bin").mkdir()
    (directory / "bin/voxkeeper").symlink_to(BUILD / "src/cli/voxkeeper")
    return {"PATH": f"{directory}/bin:/usr/bin:/bin", "HOME": str(directory), "LC_ALL": "C.UTF-8"}


@pytest.fixture(params=["bash", "zsh"])
def complete(request, environment):
    """complete(word...): what the shell offers for the last of them."""

    def run(*words):
        bash = request.param == "bash"
        command = ["bash", "--norc", "--noprofile", "-c", BASH, "x", BUILD / "docs/voxkeeper"] if bash \
            else ["zsh", "-f", "-c", ZSH, "x", BUILD / "docs/_voxkeeper"]
        # bash breaks words at '='.
        words = [part for word in words for part in re.split("(=)", word) if part or not "=" in word] \
            if bash else words
        done = subprocess.run([*command, "voxkeeper", *words], env=environment, text=True, timeout=30,
                              capture_output=True, check=True)
        assert done.stderr == ""
        return done.stdout.split()

    return run


@pytest.fixture
def socket(make_daemon, sleeper_config):
    """Of a daemon with three workers and a keyspace of its own."""
    config = {**sleeper_config(Workers=3), "Redis": {"Url": "redis://127.0.0.1:1"},
              "Keyspace calls": {"Pattern": "calls:*", "Kind": "session", "AgeFields": "at"}}
    daemon = make_daemon(config)
    daemon.wait_event("daemon-ready")
    return daemon.socket


def test_verbs(complete, environment):
    page = subprocess.run(["voxkeeper", "--help"], env=environment, capture_output=True, text=True,
                          check=True).stdout
    verbs = re.findall(r"^  ([a-z-]+)", page.partition("Verbs:\n")[2].partition("\nOptions")[0], re.M)
    assert complete("") == verbs and len(verbs) > 10
    assert complete("res") == ["restart", "resume", "restore"]
    assert complete("--json", "res") == complete("--socket", "x", "res") == complete("res")
    assert complete("help", "work") == ["workers"]


def test_every_option_of_every_verb(complete, environment):
    for verb in complete(""):
        page = subprocess.run(["voxkeeper", "help", verb], env=environment, capture_output=True,
                              text=True, check=True).stdout
        options = re.findall(r"^  (--[a-z-]+)", page, re.M)
        assert [option.rstrip("=") for option in complete(verb, "--")] == options


def test_values_that_are_known(complete):
    assert complete("logs", "--event=worker-cra") == ["worker-crashed", "worker-crash-loop",
                                                      "worker-crash-loop-ended"]
    assert complete("keys", "--sort", "") == ["age", "ttl"]
    assert complete("keys", "--sort=a") == ["age"]
    assert complete("reload", "--wait=") == ["applied"]
    assert complete("rollout", "p") == ["promote"]
    assert complete("restart", "") == []


def test_values_that_the_daemon_knows(complete, socket):
    assert complete(f"--socket={socket}", "logs", "--worker", "") == ["1", "2", "3"]
    assert complete("logs", "--socket", str(socket), "--worker=2") == ["2"]
    assert complete(f"--socket={socket}", "sweep", "--keyspace=c") == ["calls"]


def test_files_and_incidents(complete, directory):
    answers = {"GET /api/v1/backups": (200, {"backups": [
                   {"file": "20260102-030405-1.vkb", "at": "x"}, {"file": "20260103-030405-1.vkb"},
                   {"file": "$(touch /tmp/never)"}]}),
               "GET /api/v1/incidents": (200, {"incidents": [{"id": "20261122-193000-crash-loop"}]})}
    with FakeApi(directory / "api", answers):
        at = f"--socket={directory}/api"
        assert complete(at, "restore", "2026") == ["20260102-030405-1.vkb", "20260103-030405-1.vkb"]
        assert complete(at, "backups", "20260103") == ["20260103-030405-1.vkb"]
        for verb in "incidents", "acknowledge":
            assert complete(at, verb, "") == ["20261122-193000-crash-loop"]


def test_a_known_kind_of_operand_follows_every_verb(complete, environment, directory):
    answers = {"GET /api/v1/backups": (200, {"backups": [{"file": "x.vkb"}]}),
               "GET /api/v1/config": (200, {"values": {"Notify ops": {}}}),
               "GET /api/v1/incidents": (200, {"incidents": [{"id": "x"}]})}
    with FakeApi(directory / "api", answers):
        assert complete(f"--socket={directory}/api", "alert-test", "") == ["ops"]
        for verb in complete(""):
            usage = subprocess.run(["voxkeeper", "help", verb], env=environment, capture_output=True,
                                   text=True, check=True).stdout.splitlines()[0]
            takes = not usage.endswith((verb, "[OPTIONS]"))
            assert bool(complete(f"--socket={directory}/api", verb, "")) == takes, usage


def test_nobody_answers(complete, directory):
    assert complete(f"--socket={directory}/none", "logs", "--worker", "") == []


def test_zsh_finds_it(environment):
    found = subprocess.run(
        ["zsh", "-f", "-c", f"fpath=({BUILD}/docs $fpath); autoload -U compinit; compinit -u -D;"
         "print -r -- $_comps[voxkeeper]"], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout == "_voxkeeper\n"
