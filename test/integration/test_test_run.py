"""What `test/run` promises to CI and to a person at the keyboard, with suites that are scripts."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from daemon import TOP
from processes import Family
from waiting import wait_for

SUITE = """#!/bin/bash
case $1 in
    unit) {unit} ;;
    *) echo 4 0 0 >"$2" ;;
esac
"""


@pytest.fixture
def house(directory):
    """A tree with the real test/run and a stand-in for what runs one suite."""

    def build(unit):
        (directory / "test/lib").mkdir(parents=True)
        shutil.copy(TOP / "test/run", directory / "test/run")
        suite = directory / "test/lib/suite"
        suite.write_text(SUITE.replace("{unit}", unit))
        suite.chmod(0o755)
        return directory / "test/run"

    return build


def run(program, *options, must_run="0"):
    done = subprocess.run([program, *options], capture_output=True, text=True, timeout=60,
                          env=os.environ | {"VOXKEEPER_MUST_RUN": must_run})
    return done.returncode, done.stdout


@pytest.mark.parametrize("unit, must_run, status, last", [
    ('echo 3 0 0 >"$2"', "0", 0, "7 passed, 0 failed"),
    ('echo 2 1 0 >"$2"; exit 1', "0", 1, "6 passed, 1 failed"),
    ('echo 3 0 2 >"$2"', "0", 0, "7 passed, 0 failed"),
    ('echo 3 0 2 >"$2"', "1", 1, "7 passed, 2 failed"),
    ('echo 0 0 0 >"$2"', "0", 1, "4 passed, 1 failed"),
    ('echo 3 0 0 >"$2"; exit 1', "0", 1, "7 passed, 1 failed"),
    ("exit 0", "0", 1, "4 passed, 1 failed"),
])
def test_verdict(house, unit, must_run, status, last):
    code, out = run(house(unit), "--suite", "unit", "--suite", "clang", must_run=must_run)
    assert (code, out.splitlines()[-1]) == (status, last)
    assert len(re.findall(r"^\d+ passed, \d+ failed$", out, re.MULTILINE)) == 1


def test_a_failing_suite_shows_its_log(house):
    _, out = run(house("echo the reason; exit 1"), "--suite", "unit")
    assert "    the reason\n" in out


def test_a_good_suite_keeps_its_log_to_itself(house):
    _, out = run(house('echo noise; echo 1 0 0 >"$2"'), "--suite", "unit")
    assert re.fullmatch(r"suite unit ok 1 tests in \d+ s\n1 passed, 0 failed\n", out)


def test_the_events_are_added_up_when_both_suites_with_daemons_ran(house):
    program = house("exit 1")
    both = run(program, "--suite", "integration", "--suite", "systemd")[1].splitlines()
    assert re.fullmatch(r"suite events ok 4 tests in \d+ s", both[-2]), both
    assert "suite events" not in run(program, "--suite", "integration")[1]


EVENTS = """#define VK_EVENTS(X) \\
    X(A, "worker-a", "0", INFO, "x") \\
    X(B, "worker-b", "1", INFO, "x")
"""
TABLE = """
## Events

| Event | Level | When | Fields | Runbook |
|---|---|---|---|---|
| `worker-a` | info | so | `VOXKEEPER_REASON`, `WORKER_PID` | x |
| `worker-b` | info | so | | x |
"""


CONDITIONS = """#define CONDITIONS(X) \\
    X(C, "c-d", P2, "x", \\
        0, 0, "c is d")
"""


@pytest.mark.parametrize("one, two, status, counts, says", [
    ("worker-a reason worker_pid\n", "worker-b\nworker-a\nincident/c-d\n", 0, "3 0 0", "incident/c-d"),
    ("worker-a\nincident/c-d\n", "", 1, "2 1 0", "worker-b: no daemon of one, two told this event"),
    ("worker-a reason\nworker-b pid\nincident/c-d\n", "", 1, "2 1 0", "worker-b: told with pid, which its row"),
    ("worker-a\nworker-b\n", "", 1, "2 1 0", "incident/c-d: no daemon opened"),
    ("", "", 1, "0 3 0", "worker-a: no daemon"),
])
def test_what_is_never_told_is_named(directory, one, two, status, counts, says):
    for path, text in {"test/lib/events_seen.py": (TOP / "test/lib/events_seen.py").read_text(),
                       "test/docs/events.py": (TOP / "test/docs/events.py").read_text(),
                       "include/voxkeeper/events.h": EVENTS, "docs/events.md": TABLE,
                       "src/condition.h": CONDITIONS,
                       "one.events": one, "two.events": two}.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    done = subprocess.run(["/usr/bin/python3", directory / "test/lib/events_seen.py",
                           directory / "result", directory / "one.events", directory / "two.events"],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == status and says in done.stdout and done.stderr == ""
    assert (directory / "result").read_text().strip() == counts


def test_an_unknown_suite_is_refused(house):
    assert run(house("exit 0"), "--suite", "unlt") == (2, "")


@pytest.fixture
def family():
    family = Family()
    yield family
    family.end()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_stops_what_it_started(house, directory, family, how):
    # The suite takes a while to clean up after itself, and must be given it.
    program = house(f"""
        trap 'for i in {{1..20000}}; do :; done; touch {directory}/cleaned; exit 1' TERM
        touch "$TMPDIR/x"
        sleep 600 &
        echo $TMPDIR >{directory}/tmp
        wait""")
    process = subprocess.Popen([program, "--suite", "unit"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    temporary = wait_for(lambda: (directory / "tmp").exists()
                         and (directory / "tmp").read_text().strip())
    process.send_signal(how)
    assert process.wait(20) == 130
    assert (directory / "cleaned").exists()
    assert not Path(temporary).exists()
    assert family.orphans() == []


@pytest.mark.parametrize("kind, report, expected", [
    ("junit", "<testsuites><testsuite><testcase/><testcase><failure/></testcase>"
              "<testcase><error/></testcase><testcase><skipped/></testcase>"
              "</testsuite></testsuites>", "1 2 1"),
    ("tap", "TAP version 13\n# tests 6\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 1\n",
     "2 2 2"),
])
def test_tally(directory, kind, report, expected):
    (directory / "report").write_text(report)
    done = subprocess.run([TOP / "test/lib/tally", kind, directory / "report"],
                          capture_output=True, text=True, check=True)
    assert done.stdout == expected + "\n"
